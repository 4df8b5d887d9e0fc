"""Who the workload is: its SPIFFE id, and the chain that proves it, each certificate with its life."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Final

from meshtui.model.identity.certificate import Certificate, CertificateRole, CertificateSet, Chain
from meshtui.model.identity.comparison import short_serial
from meshtui.model.identity.lifetime import lifetime
from meshtui.model.identity.spiffe import SpiffeId
from meshtui.model.identity.workload import Rotation, Workload
from meshtui.present.ladder_identity import UNLOCK_CERTIFICATES
from meshtui.tui.kit.life_left import end_spans, when_it_ends
from meshtui.tui.kit.marks import FOLDS
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, fit_end, pad, span, width_of
from meshtui.tui.views.identity.lines.entry import BLANK, IdentityEntry, fact_entries, text_entries, unlock_line
from meshtui.tui.views.identity.lines.life import Axis, captions, life_bar

ROOMY: Final = 110
"""Cells from which key type and rotation are said beside each bar, and two earlier leaves are shown."""

EARLIER: Final = {True: 2, False: 1}
"""Earlier leaves shown above the present one, where there is room and where not."""

LABELS: Final = {CertificateRole.LEAF: "leaf", CertificateRole.INTERMEDIATE: "signer", CertificateRole.ROOT: "root"}


def who_entries(workload: Workload, width: int) -> Iterator[IdentityEntry]:
    """The SPIFFE id, large, with its parts named under it."""
    own = workload.files.own
    leaf = own.leaf if own is not None else None
    if leaf is None:
        return
    if leaf.spiffe is None:
        yield IdentityEntry((Span("  "), Span(cut(leaf.name, width - 3), Role.STRONG)), "who", copy=leaf.name)
        yield from text_entries("It carries no SPIFFE id.", width, Role.DIM, indent=2)
        return
    yield from _spiffe(leaf.spiffe, width)


def _spiffe(spiffe: SpiffeId, width: int) -> Iterator[IdentityEntry]:
    whole = str(spiffe)
    if not spiffe.service_account or len(whole) > width - 4:
        yield IdentityEntry((Span("  "), Span(cut(whole, width - 3), Role.STRONG)), "who", copy=whole)
        return
    parts = (
        ("spiffe://", "", Role.DIM),
        (spiffe.trust_domain, "trust domain", Role.STRONG),
        ("/ns/", "", Role.DIM),
        (spiffe.namespace, "namespace", Role.STRONG),
        ("/sa/", "", Role.DIM),
        (spiffe.service_account, "service account", Role.BRAND),
    )
    line: list[Span] = [Span("  ")]
    under = "  "
    for text, label, role in parts:
        if label:
            under = under.ljust(width_of(line)) + ("" if len(under) <= width_of(line) else " ") + label
        line.append(span(text, role))
    yield IdentityEntry(tuple(line), "who", copy=whole)
    yield IdentityEntry((Span(under, Role.FAINT),))


def chain_entries(workload: Workload, now: datetime, width: int, opened: Collection[str]) -> Iterator[IdentityEntry]:
    """The chain of every provider, the workload's own first; or what would show it."""
    if not workload.files.certificates:
        waits = workload.offers.certificates and workload.read_at is None and not workload.files_lost
        why = "reading" if waits else "the files were not read"
        yield IdentityEntry(unlock_line("Certificates", why, UNLOCK_CERTIFICATES))
        return
    own = workload.files.own
    ordered = sorted(workload.files.certificates, key=lambda named: named[1] is not own)
    for number, (provider, found) in enumerate(ordered):
        if number:
            yield BLANK
        turned = [rotation for rotation in workload.rotations if rotation.provider == provider]
        yield from _set_entries(provider, found, turned, now, width, opened, alone=len(ordered) == 1)


def _set_entries(
    provider: str,
    found: CertificateSet,
    turned: list[Rotation],
    now: datetime,
    width: int,
    opened: Collection[str],
    *,
    alone: bool,
) -> Iterator[IdentityEntry]:
    leaf = found.leaf
    chain = found.chain_of(leaf) if leaf is not None else None
    if not alone:
        yield IdentityEntry((Span("  Provider ", Role.TITLE), span(provider or found.source)))
    if leaf is None or chain is None:
        yield IdentityEntry((Span("  ∅ ", Role.NOTE), span(f"No leaf certificate in {found.source}")))
        for problem in found.problems[:3]:
            yield from text_entries(f"{problem.file}: {problem.kind}, {problem.detail}", width, Role.DIM)
        return
    yield IdentityEntry(fit_end(_chain_head(chain, found, now, width), width - 1))
    earlier = turned[-EARLIER[width >= ROOMY] :]
    begin = min([leaf.not_before, *(rotation.before.not_before for rotation in earlier)])
    cells = _bar_cells(width)
    axis = Axis(begin, max(leaf.not_after, leaf.not_before), cells)
    for rotation in earlier:
        yield from _certificate(rotation.before, axis, now, width, opened, replaced=rotation.at)
    bar, *facts = _certificate(leaf, axis, now, width, opened)
    yield from (bar, IdentityEntry((Span(" " * _lead(width)), *_times(leaf, axis, earlier, now))), *facts)
    for above in chain.certificates[1:]:
        own_axis = Axis(above.not_before, max(above.not_after, above.not_before), cells)
        yield from _certificate(above, own_axis, now, width, opened)


def _chain_head(chain: Chain, found: CertificateSet, now: datetime, width: int) -> Line:
    places = " → ".join(LABELS[certificate.role] for certificate in chain.certificates)
    off = next(
        (
            certificate
            for certificate in chain.certificates
            if not certificate.not_before <= now <= certificate.not_after
        ),
        None,
    )
    if chain.problem is None and off is not None:
        state: Line = (Span("  ✗ ", Role.ALARM), Span(f"{places}: the {LABELS[off.role]} is not valid now", Role.ALARM))
    elif chain.problem is None:
        state = (Span("  ✓ ", Role.OK), Span(f"{places}, verified"))
    else:
        state = (Span("  ✗ ", Role.ALARM), Span(f"{places}: {chain.problem}", Role.ALARM))
    key = f", key {found.key.state}" if found.key is not None else ""
    where = span(f"   {found.source}", Role.DIM) if width >= ROOMY else Span("")
    return (*state, span(key, Role.DIM), where)


def _lead(width: int) -> int:
    return 36 if width >= ROOMY else 24


def _tail(width: int) -> int:
    return 42 if width >= ROOMY else 18


def _bar_cells(width: int) -> int:
    return max(width - _lead(width) - _tail(width) - 2, 10)


def _certificate(
    certificate: Certificate,
    axis: Axis,
    now: datetime,
    width: int,
    opened: Collection[str],
    *,
    replaced: datetime | None = None,
) -> Iterator[IdentityEntry]:
    """``leaf  EC P-256  77:01:…  ├━━━●──┊──┤  ends in 4m 12s``; opened, everything it says."""
    id_ = f"certificate {certificate.fingerprint_sha256}"
    is_open = id_ in opened
    role = Role.DIM if replaced is not None else Role.STRONG
    fold = Span(f"  {FOLDS[is_open]} ", Role.FAINT)
    lead: Line = (
        fold,
        Span(pad(LABELS[certificate.role], 7), role),
        Span(pad(short_serial(certificate), 13), Role.DIM),
    )
    if width >= ROOMY:
        lead = (*lead, span(pad(certificate.key_type, 11), Role.DIM))
    tail = _replaced_words(certificate, now, brief=width < ROOMY) if replaced is not None else ()
    if replaced is None:
        tail = end_spans(certificate, now, rotates=not certificate.is_ca, brief=width < ROOMY)
    gap = Span(" " * max(_lead(width) - width_of(lead), 0))
    line = (*lead, gap, *life_bar(certificate, axis, now, replaced), Span("  "), *tail)
    yield IdentityEntry(fit_end(line, width), id_, open=is_open, copy=certificate.serial_text)
    if is_open:
        yield from certificate_facts(certificate, width)


def _replaced_words(certificate: Certificate, now: datetime, *, brief: bool) -> Line:
    if certificate.not_after <= now:
        return (Span("replaced, over", Role.DIM),)
    return (Span("replaced" if brief else f"replaced, {when_it_ends(certificate, now)}", Role.DIM),)


def _times(leaf: Certificate, axis: Axis, earlier: list[Rotation], now: datetime) -> Line:
    due = lifetime(leaf, leaf.not_before).rotation_due_at
    moments = [(leaf.not_before, clock_words(leaf.not_before, now)), (leaf.not_after, clock_words(leaf.not_after, now))]
    moments.append((due, f"{'rotates' if now < due else 'due since'} {clock_words(due, now)}"))
    if earlier:
        moments[0] = (earlier[-1].at, f"rotated {clock_words(earlier[-1].at, now)}")
    return captions(moments, axis)


def clock_words(moment: datetime, now: datetime) -> str:
    """The wall clock in UTC, with the day where that is not today."""
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%d %b %H:%M}"


def certificate_facts(certificate: Certificate, width: int) -> Iterator[IdentityEntry]:
    """Everything a certificate says, for one who opened it. Public parts only: there is nothing else in the value."""
    period = f"{_moment(certificate.not_before)} to {_moment(certificate.not_after)}"
    facts = (
        ("names", ", ".join(map(str, certificate.sans)) or "none"),
        ("subject", certificate.subject or "empty, as Istio's leaves have it"),
        ("issuer", certificate.issuer),
        ("serial", certificate.serial_text),
        ("valid", period),
        ("key", f"{certificate.key_type}, signed with {certificate.signature_algorithm}"),
        ("sha256", certificate.fingerprint_sha256),
        ("file", certificate.file),
    )
    for label, value in facts:
        yield from fact_entries(label, value, width, indent=6, column=10)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
