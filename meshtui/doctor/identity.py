"""Rules over the joined identity: issued, on disk, in use, expected; and over the agent that renews it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from meshtui.doctor.registry import Rule, run
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.comparison import (
    CLOCK_TOLERANCE,
    ISSUED_TOLERANCE,
    CornerState,
    IdentityState,
    InUse,
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


def in_use_stale(state: IdentityState) -> Iterator[Finding]:
    """The process still shows a certificate that is no longer on disk."""
    stale = stale_in_use(state)
    if stale is None or state.on_disk is None:
        return
    picture = identity_comparison(state)
    left = stale.certificate.not_after - state.now
    older = predates_rotation(state, stale)
    if older and (picture.reread_by is None or picture.reread_by < state.now or _rereads_soon(state)):
        return  # an old connection keeps its certificate; whether new ones do as well has not been seen
    overdue = picture.reread_by is not None and picture.reread_by < state.now
    ends_first = picture.reread_by is not None and stale.certificate.not_after < picture.reread_by
    severity = Severity.INFO
    if not older:
        severity = Severity.ERROR if left <= timedelta(0) else Severity.WARNING if overdue or ends_first else severity
    when = "has ended" if left <= timedelta(0) else f"ends in {span_words(left)}"
    yield Finding(
        code="identity-in-use-stale",
        severity=severity,
        subject=ConnectionSubject(stale.where),
        title=f"The app still uses the certificate from before the rotation; it {when}",
        explanation=f"{picture.sentence}. gRPC reads the files on its own schedule, and a connection keeps the "
        "certificate "
        "it began with until it closes.",
        fix="nothing, if the re-reading comes before the old one ends; else shorten refresh_interval, or restart "
        "the app"
        if not overdue
        else "restart the app if new connections show the old one too; see that its bootstrap names these files",
        evidence=(
            f"in use at {stale.where}: serial {stale.certificate.serial_text}",
            f"on disk: serial {state.on_disk.certificate.serial_text}",
        ),
    )


def _rereads_soon(state: IdentityState) -> bool:
    return state.refresh_interval is not None and state.refresh_interval < WORTH_SAYING


def issued_not_on_disk(state: IdentityState) -> Iterator[Finding]:
    """What the agent says it issued last is not what the files hold."""
    corner = issued_corner(state)
    if corner.state is not CornerState.DIFFERS or state.issued is None or state.on_disk is None:
        return
    ends_at = state.issued.ends_at + (state.clock_offset or timedelta(0))  # both by the agent's clock
    later = ends_at - state.on_disk.certificate.not_after
    newer = "newer" if later > timedelta(0) else "older"
    yield Finding(
        code="identity-issued-not-on-disk",
        severity=Severity.WARNING,
        subject=FileSubject(state.on_disk.certificate.file),
        title=f"The agent's certificate is {newer} than the one on disk",
        explanation=f"They end {span_words(later)} apart (more than {span_words(ISSUED_TOLERANCE)}). The agent "
        "writes files to "
        "OUTPUT_CERTS; these may be another directory, a stale copy, or written once at start.",
        fix="compare OUTPUT_CERTS of istio-proxy with the bootstrap's paths, and see that both containers mount "
        "one volume",
        evidence=(
            f"agent: ends {ends_at:%Y-%m-%d %H:%M:%S} UTC",
            f"{state.on_disk.certificate.file}: ends {state.on_disk.certificate.not_after:%Y-%m-%d %H:%M:%S} UTC",
        ),
    )


def peer_not_expected(state: IdentityState) -> Iterator[Finding]:
    """A peer's names satisfy no SAN that the cluster lists: new connections are refused."""
    for verdict in cluster_verdicts(state, with_peers=True):
        if verdict.wants.tls.mode is TlsMode.PLAINTEXT:
            continue
        for peer in verdict.refused:
            expected = [f"expected: {match.value}" for match in verdict.wants.tls.sans]
            yield Finding(
                code="identity-san-not-expected",
                severity=Severity.ERROR,
                subject=ResourceSubject(verdict.wants.key),
                title=f"The server at {peer.where} has no name that {verdict.wants.cluster} accepts",
                explanation="The client ends the handshake: SANs from the certificate did not match SANs from the "
                "control "
                "plane. The pod runs under another service account or trust domain than istiod believes.",
                fix="compare the pod's serviceAccountName with the Service's other pods; after a change of trust "
                "domain set "
                "trustDomainAliases",
                evidence=(f"has: {_names(peer)}", *expected[:10]),
            )


def trust_domain(state: IdentityState) -> Iterator[Finding]:
    """Two trust domains in one picture, without the config allowing for it."""
    own = state.on_disk.certificate.spiffe if state.on_disk is not None else None
    if own is None:
        return
    others = {peer.certificate.spiffe.trust_domain: peer for peer in state.peers if peer.certificate.spiffe is not None}
    for domain, peer in sorted(others.items()):
        if domain != own.trust_domain:
            yield _domain_differs(own.trust_domain, domain, peer.where)


def _domain_differs(own: str, other: str, where: str) -> Finding:
    return Finding(
        code="identity-trust-domain",
        severity=Severity.WARNING,
        subject=ConnectionSubject(where),
        title=f"This workload is of trust domain {own}, {where} of {other}",
        explanation="SAN matchers and policies name one trust domain unless aliases are set, so the two may refuse "
        "each other.",
        fix="set meshConfig.trustDomainAliases, or restart the pods that still carry certificates of the old domain",
        evidence=(f"own: {own}", f"{where}: {other}"),
    )


def provider_without_certificate(state: IdentityState) -> Iterator[Finding]:
    """mTLS is asked for, and this workload has nothing to show."""
    if state.on_disk is not None or state.issued is not None or not state.files_looked_at:
        return
    users = [(one.key, one.cluster) for one in state.clusters if one.tls.mode is TlsMode.MTLS]
    users += [(one.key, one.listener) for one in state.listeners if one.tls.mode is not TlsMode.PLAINTEXT]
    if users:
        yield Finding(
            code="identity-none",
            severity=Severity.ERROR,
            subject=ResourceSubject(users[0][0]),
            title="mTLS is configured and this workload has no certificate",
            explanation=f"{len(users)} of its clusters and listeners need one, and none was found on disk.",
            fix="see that the agent runs with OUTPUT_CERTS and reaches istiod's CA (15012)",
            evidence=tuple(f"{name} needs a certificate" for _, name in users[:5]),
        )


def clock(state: IdentityState) -> Iterator[Finding]:
    """A clock that is wrong looks like expiry."""
    offset = state.clock_offset
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return
    side = "ahead of" if offset > timedelta(0) else "behind"
    yield Finding(
        code="identity-clock-skew",
        severity=Severity.WARNING,
        subject=ClockSubject(),
        title=f"The pod's clock is {span_words(abs(offset))} {side} this machine's",
        explanation="Validity is judged by each machine's own clock: a certificate can be expired, or not yet "
        "valid, on one "
        "side only. Times and countdowns here are by this machine's clock.",
        fix="set both by NTP; on Kubernetes that is the node's clock",
        evidence=(f"HTTP Date of the agent differs by {offset.total_seconds():.0f} s",),
    )


def _names(one: InUse) -> str:
    return ", ".join(map(str, one.certificate.sans)) or f"no names (serial {short_serial(one.certificate)})"


RULES: Final[tuple[Rule[IdentityState], ...]] = (
    in_use_stale,
    issued_not_on_disk,
    peer_not_expected,
    trust_domain,
    provider_without_certificate,
    clock,
)


def check_identity(state: IdentityState) -> tuple[Finding, ...]:
    """Everything that joining the four corners shows, worst first."""
    return run(RULES, state)
