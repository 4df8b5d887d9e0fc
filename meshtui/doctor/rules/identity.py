"""Rules over the joined identity: issued, on disk, in use and expected, held against each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from meshtui.doctor.kinds import identity as kinds
from meshtui.doctor.rules.certificate_words import moment_words
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.comparison import (
    CLOCK_TOLERANCE,
    ISSUED_TOLERANCE,
    CornerState,
    IdentityState,
    InUse,
    Side,
    cluster_verdicts,
    identity_comparison,
    issued_corner,
    predates_rotation,
    short_serial,
    stale_in_use,
)
from meshtui.model.phrases import span_words
from meshtui.model.subject import ClockSubject, ConnectionSubject, FileSubject, ResourceSubject
from meshtui.model.xds.config import TlsMode

WORTH_SAYING: Final = timedelta(seconds=30)
"""A re-reading that comes sooner is over before a person has read that it is to come."""

SANS_SHOWN: Final = 10
"""Names that a cluster accepts, named as evidence; more are left out."""

USERS_SHOWN: Final = 5
"""Clusters and listeners that need a certificate, named as evidence."""


def in_use_stale(state: IdentityState) -> Iterator[Finding]:
    """The process still shows a certificate that is no longer on disk."""
    stale = stale_in_use(state)
    if stale is None or state.on_disk is None:
        return
    compared = identity_comparison(state)
    overdue = compared.reread_by is not None and compared.reread_by < state.now
    older = predates_rotation(state, stale)
    if older and (compared.reread_by is None or overdue or _rereads_soon(state)):
        return  # an old connection keeps its certificate; whether new ones do as well has not been seen
    left = stale.certificate.not_after - state.now
    severity = Severity.INFO
    if not older and left <= timedelta(0):
        severity = Severity.ERROR
    elif not older and compared.reread_by is not None and (overdue or stale.certificate.not_after < compared.reread_by):
        severity = Severity.WARNING
    yield kinds.IN_USE_STALE.finding(
        ConnectionSubject(stale.where),
        severity=severity,
        fix=REREAD_OVERDUE if overdue else "",
        ends="has ended" if left <= timedelta(0) else f"ends in {span_words(left)}",
        comparison=compared.sentence,
        evidence=(
            f"in use at {stale.where}: serial {stale.certificate.serial_text}",
            f"on disk: serial {state.on_disk.certificate.serial_text}",
        ),
    )


REREAD_OVERDUE: Final = (
    "restart the app if new connections show the old one too; see that its bootstrap names these files"
)


def _rereads_soon(state: IdentityState) -> bool:
    return state.refresh_interval is not None and state.refresh_interval < WORTH_SAYING


def in_use_expired(state: IdentityState) -> Iterator[Finding]:
    """A certificate on a live connection whose time is over, if neither its file nor a missed re-reading says it."""
    said = {state.on_disk.certificate.fingerprint_sha256} if state.on_disk is not None else set()
    stale = stale_in_use(state)
    if stale is not None and any(in_use_stale(state)):
        said.add(stale.certificate.fingerprint_sha256)
    ended: dict[str, list[InUse]] = {}
    for used in state.in_use:
        if used.ended(state.now) and (used.side is Side.REMOTE or used.certificate.fingerprint_sha256 not in said):
            ended.setdefault(used.certificate.fingerprint_sha256, []).append(used)
    for first, *others in islice(ended.values(), SHOWN_ENDED):
        on_disk = first.side is Side.LOCAL and state.on_disk is not None
        renewed = on_disk or any(_renews(other, first, state.now) for other in state.in_use)
        own = first.side is Side.LOCAL
        yield kinds.IN_USE_EXPIRED.finding(
            ConnectionSubject(first.where),
            severity=Severity.INFO if renewed else Severity.WARNING,
            whose="this app" if own else f"the peer at {first.where}",
            ago=span_words(state.now - first.certificate.not_after),
            renewed=ON_DISK if on_disk else RENEWED if renewed else NOT_SEEN_RENEWED,
            evidence=tuple(
                f"in use at {used.where}: {first.certificate.name}, serial {first.certificate.serial_text}, ended "
                f"{moment_words(first.certificate.not_after)}"
                for used in (first, *others[: SANS_SHOWN - 1])
            ),
        )


RENEWED: Final = "Another connection there has one that is valid, so new ones are made with that."
ON_DISK: Final = "Another one is on disk, which new connections are made with once gRPC has read it."
NOT_SEEN_RENEWED: Final = (
    "Whether the workload has a new one by now is not seen from here; if not, every new connection to or from it fails."
)

SHOWN_ENDED: Final = 20
"""Certificates said to have ended; a mesh whose CA has stopped would bring hundreds."""


def _renews(other: InUse, ended: InUse, now: datetime) -> bool:
    """Whether it is a valid certificate of the same pod: its names are those of many pods, so the address counts."""
    same_place = (other.side, other.where) == (ended.side, ended.where)
    return same_place and other.certificate.sans == ended.certificate.sans and not other.ended(now)


def issued_not_on_disk(state: IdentityState) -> Iterator[Finding]:
    """What the agent says it issued last is not what the files hold."""
    corner = issued_corner(state)
    if corner.state is not CornerState.DIFFERS or state.issued is None or state.on_disk is None:
        return
    on_disk = state.on_disk.certificate
    ends_at = state.issued.ends_at + (state.clock_offset or timedelta(0))  # both by the agent's clock
    later = ends_at - on_disk.not_after
    yield kinds.ISSUED_NOT_ON_DISK.finding(
        FileSubject(on_disk.file),
        newer_or_older="newer" if later > timedelta(0) else "older",
        apart=span_words(later),
        tolerance=span_words(ISSUED_TOLERANCE),
        evidence=(
            f"agent: ends {moment_words(ends_at)}",
            f"{on_disk.file}: ends {moment_words(on_disk.not_after)}",
        ),
    )


def peer_not_expected(state: IdentityState) -> Iterator[Finding]:
    """A peer's names satisfy no SAN that the cluster lists: new connections are refused."""
    for verdict in cluster_verdicts(state, with_peers=True):
        if verdict.wants.tls.mode is TlsMode.PLAINTEXT:
            continue
        expected = [f"expected: {match.value}" for match in verdict.wants.tls.sans[:SANS_SHOWN]]
        for peer in verdict.refused:
            yield kinds.SAN_NOT_EXPECTED.finding(
                ResourceSubject(verdict.wants.key),
                also=(ConnectionSubject(peer.where),),
                address=peer.where,
                cluster=verdict.wants.cluster,
                evidence=(f"has: {_names(peer)}", *expected),
            )


def trust_domain(state: IdentityState) -> Iterator[Finding]:
    """Two trust domains in one picture, without the config allowing for it."""
    own = state.on_disk.certificate.spiffe if state.on_disk is not None else None
    if own is None:
        return
    others = {peer.certificate.spiffe.trust_domain: peer for peer in state.peers if peer.certificate.spiffe is not None}
    for domain, peer in sorted(others.items()):
        if domain != own.trust_domain:
            yield kinds.TRUST_DOMAIN.finding(
                ConnectionSubject(peer.where),
                own=own.trust_domain,
                other=domain,
                peer=peer.where,
                evidence=(f"own: {own.trust_domain}", f"{peer.where}: {domain}"),
            )


def provider_without_certificate(state: IdentityState) -> Iterator[Finding]:
    """mTLS is asked for, and this workload has nothing to show."""
    if state.on_disk is not None or state.issued is not None or not state.files_looked_at:
        return
    users = [(cluster.key, cluster.cluster) for cluster in state.clusters if cluster.tls.mode is TlsMode.MTLS]
    users += [
        (listener.key, listener.listener) for listener in state.listeners if listener.tls.mode is not TlsMode.PLAINTEXT
    ]
    if users:
        yield kinds.NONE.finding(
            ResourceSubject(users[0][0]),
            count=len(users),
            evidence=tuple(f"{name} needs a certificate" for _, name in users[:USERS_SHOWN]),
        )


def clock(state: IdentityState) -> Iterator[Finding]:
    """A clock that is wrong looks like expiry."""
    offset = state.clock_offset
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return
    yield kinds.CLOCK_SKEW.finding(
        ClockSubject(),
        offset=span_words(abs(offset)),
        ahead_or_behind="ahead of" if offset > timedelta(0) else "behind",
        evidence=(f"HTTP Date of the agent differs by {offset.total_seconds():.0f} s",),
    )


def _names(peer: InUse) -> str:
    return ", ".join(map(str, peer.certificate.sans)) or f"no names (serial {short_serial(peer.certificate)})"


RULES: Final[tuple[Rule[IdentityState], ...]] = (
    in_use_stale,
    in_use_expired,
    issued_not_on_disk,
    peer_not_expected,
    trust_domain,
    provider_without_certificate,
    clock,
)
"""The rules of this module."""
