"""TLS as the accepted config has it: towards each cluster, and of each inbound listener."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from meshtui.model.identity.comparison import ClusterVerdict, InUse, ListenerTls, Side, cluster_verdicts, short_serial
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import plural, span_words
from meshtui.model.subject import ResourceSubject, Subject
from meshtui.model.xds.config import TlsContext, TlsMode
from meshtui.model.xds.names import cluster_label, inbound_address, is_inbound
from meshtui.model.xds.resource import CDS, LDS, ResourceKey
from meshtui.model.xds.words import inbound_tls_words, pattern_words, tls_words
from meshtui.session.state import SessionState
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, pad, span, width_of
from meshtui.tui.views.identity.lines.entry import IdentityEntry, text_entries

MOST_CLUSTERS: Final = 200
"""Clusters listed; a client of a large mesh holds thousands, and the config view has them all."""

LABEL: Final = 22
MODE: Final = 10

PEER_MARKS: Final = {True: ("✓", Role.OK), False: ("✗", Role.ALARM), None: ("?", Role.NOTE)}
"""Glyph and role of a peer by whether the cluster accepts its name; ``None`` where that cannot be told."""

ENDED: Final = ("!", Role.NOTE)
"""The same of a name that is accepted, by a certificate whose time is over since the connection began."""

UNSECURED: Final = Span("–", Role.DIM)


def cluster_entries(state: SessionState, workload: Workload, now: datetime, width: int) -> Iterator[IdentityEntry]:
    """A line for what is expected of each cluster's servers, a line for each peer seen."""
    verdicts = cluster_verdicts(workload.identity)
    yield IdentityEntry((Span("  Towards clusters", Role.TITLE),))
    if not verdicts:
        text = "No cluster is in the accepted config: the app has no xds: channel open, or config is yet to come."
        yield from text_entries(text, width, Role.DIM)
    ordered = sorted(verdicts, key=lambda verdict: (not verdict.refused, verdict.wants.tls.mode is TlsMode.PLAINTEXT))
    subjects = _subjects(state, CDS)
    column = min(max((len(cluster_label(verdict.wants.cluster)) for verdict in ordered), default=0), LABEL)
    for verdict in ordered[:MOST_CLUSTERS]:
        yield from _cluster(verdict, subjects.get(verdict.wants.cluster), column, now, width)
    if len(ordered) > MOST_CLUSTERS:
        yield from text_entries(f"and {len(ordered) - MOST_CLUSTERS} more: see 2 Config", width, Role.DIM)


def _cluster(
    verdict: ClusterVerdict, subject: Subject | None, column: int, now: datetime, width: int
) -> Iterator[IdentityEntry]:
    tls = verdict.wants.tls
    label = pad(cut(cluster_label(verdict.wants.cluster), column), column)
    mode = Span(pad(tls_words(tls), MODE), Role.DIM if tls.mode is TlsMode.PLAINTEXT else Role.TEXT)
    head: Line = (Span("  "), _mark(verdict, now), Span(f" {label} "), mode, Span(" "))
    wants = _expects(tls)
    room = max(width - width_of(head) - 1, 8)
    line = (*head, Span(cut(wants.text, room), wants.role))
    yield IdentityEntry(line, f"cluster {verdict.wants.cluster}", subject, copy=verdict.wants.cluster)
    if tls.mode is TlsMode.PLAINTEXT:
        return
    for peers, accepted in ((verdict.refused, False), (verdict.undecided, None), (verdict.accepted, True)):
        for peer in _distinct(peers):
            yield IdentityEntry((Span("      "), *_peer(peer, accepted, now, width - 7)))


def _mark(verdict: ClusterVerdict, now: datetime) -> Span:
    if verdict.wants.tls.mode is TlsMode.PLAINTEXT:
        return UNSECURED
    if verdict.refused:
        return Span("✗", Role.ALARM)
    if any(peer.ended(now) for peer in verdict.accepted):
        return Span(*ENDED)
    return Span("✓", Role.OK) if verdict.accepted else Span("·", Role.FAINT)


def _expects(tls: TlsContext) -> Span:
    if tls.mode is TlsMode.PLAINTEXT:
        return Span("nothing is encrypted, nobody is checked", Role.DIM)
    if tls.mode is TlsMode.UNREADABLE:
        return Span("it cannot be told what is expected", Role.NOTE)
    if not tls.sans:
        return Span("any name of this trust domain's root", Role.NOTE)
    first = tls.sans[0]
    words = pattern_words(first)
    more = f"  and {plural(len(tls.sans) - 1, 'other name')}" if len(tls.sans) > 1 else ""
    return span(f"expects {words}{more}", Role.TEXT)


def _peer(peer: InUse, accepted: bool | None, now: datetime, room: int) -> Line:
    ended = peer.ended(now)
    mark, role = ENDED if accepted and ended else PEER_MARKS[accepted]
    left = peer.certificate.not_after - now
    # A connection goes on when the certificate it began with has ended; only new ones are refused.
    ends = f"ended {span_words(-left)} ago; still open" if ended else f"ends in {span_words(left)}"
    who = peer.certificate.spiffe
    name = (
        f"sa {who.service_account}" if who is not None and who.service_account and accepted else peer.certificate.name
    )
    text = f"{peer.where}  {name}  serial {short_serial(peer.certificate)}  {ends}"
    return (Span(f"{mark} ", role), Span(cut_end(text, room - 2), Role.DIM if accepted and not ended else role))


def _distinct(peers: tuple[InUse, ...]) -> tuple[InUse, ...]:
    return tuple({(peer.where, peer.certificate.fingerprint_sha256): peer for peer in peers}.values())


def inbound_entries(state: SessionState, workload: Workload, width: int) -> Iterator[IdentityEntry]:
    """Each inbound listener: STRICT or plaintext, and who is seen calling."""
    yield IdentityEntry((Span("  Inbound", Role.TITLE),))
    listeners = workload.identity.listeners
    subjects = _subjects(state, LDS)
    waited_for = _waited_for(state, {listener.listener for listener in listeners})
    if not listeners and not waited_for:
        yield from text_entries("This app runs no xDS server, so nothing comes in by the mesh.", width, Role.DIM)
    for key in waited_for:
        text = f"  ◌ {inbound_address(key.name)}   has no config yet, so nothing comes in by it"
        yield IdentityEntry((Span(cut_end(text, width), Role.WAITING),), f"listener {key.name}", ResourceSubject(key))
    for listener in listeners:
        id_ = f"listener {listener.listener}"
        yield IdentityEntry(_listener(listener, width), id_, subjects.get(listener.listener), copy=listener.listener)
    callers = _callers(state, workload)
    if listeners and callers:
        yield from text_entries(f"connected now: {callers}", width, Role.DIM)


def _listener(listener: ListenerTls, width: int) -> Line:
    strict = listener.tls.require_client_certificate
    mark = Span("✓", Role.OK) if strict else UNSECURED
    words = inbound_tls_words(listener.tls)
    means = "callers must show a certificate" if strict else "anyone may call, unencrypted"
    if not strict and listener.tls.mode is not TlsMode.PLAINTEXT:
        means = "encrypted; callers may stay unknown"
    head: Line = (
        Span("  "),
        mark,
        span(f" {pad(cut(inbound_address(listener.listener), LABEL), LABEL)} "),
        Span(words),
    )
    return (*head, Span(cut_end(f"   {means}", max(width - width_of(head) - 1, 0)), Role.DIM))


def _waited_for(state: SessionState, accepted: set[str]) -> list[ResourceKey]:
    """The inbound listeners that the app's xDS servers asked for and have no config of."""
    resources = state.snapshot.resources if state.snapshot is not None else {}
    return [
        key
        for key in resources
        if key.type == LDS and key.name not in accepted and is_inbound(key) and resources[key].body is None
    ]


def _callers(state: SessionState, workload: Workload) -> str:
    """``client 3, gateway``: who has connections open to this app's servers."""
    servers = state.channels.servers if state.channels is not None else ()
    addresses = {peer.address for server in servers for peer in server.peers}
    names = Counter(
        certificate.certificate.spiffe.service_account or certificate.certificate.name
        if certificate.certificate.spiffe
        else certificate.certificate.name
        for certificate in _distinct(workload.identity.in_use)
        if certificate.side is Side.REMOTE and certificate.where in addresses
    )
    return ", ".join(f"sa {name}" + (f" ×{count}" if count > 1 else "") for name, count in names.most_common(6))


def _subjects(state: SessionState, type_: str) -> dict[str, Subject]:
    """Where the config view has each resource of a type, by name."""
    resources = state.snapshot.resources if state.snapshot is not None else {}
    return {key.name: ResourceSubject(key) for key in reversed(list(resources)) if key.type == type_}
