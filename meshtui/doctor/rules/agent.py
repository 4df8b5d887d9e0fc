"""Rules over istio-agent: ready, renewing, and connected to istiod."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from meshtui.doctor.evidence import AgentEvidence
from meshtui.doctor.kinds import agent as kinds
from meshtui.doctor.kinds.certificates import AGENT_EXPIRED
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.identity.agent import (
    APP_TERMINATIONS,
    CONNECTION_FAILURES,
    CONNECTION_TERMINATIONS,
    FAILED_OUTGOING_REQUESTS,
)
from meshtui.model.phrases import span_words
from meshtui.model.subject import AddressSubject, FileSubject

EVICTIONS: Final = 3
"""An app that ends its agent stream so often in the minutes watched evicts itself: a healthy one does it about twice an
hour, and gRPC's backoff makes the evictions rarer and rarer while all still fails.
"""


def not_ready(seen: AgentEvidence) -> Iterator[Finding]:
    """The readiness probe fails: the pod gets no traffic through Services."""
    if seen.report.ready is False:
        yield kinds.NOT_READY.finding(
            _agent(seen), evidence=(f"GET /healthz/ready: status {seen.report.ready_status}",)
        )


def ready_but_expired(seen: AgentEvidence) -> Iterator[Finding]:
    """A green probe over a certificate that is over: the quiet failure."""
    left = seen.report.metrics.cert_expiry if seen.report.metrics is not None else None
    if left is None or left > timedelta(0):
        return
    ago = span_words(-left)
    green = seen.report.ready is True
    yield AGENT_EXPIRED.finding(
        _agent(seen),
        also=(FileSubject(seen.leaf.file),) if seen.leaf is not None else (),
        title=f"The agent's certificate expired {ago} ago though its probe is green" if green else "",
        ago=ago,
        while_green="The probe looks only at whether the files exist, so nothing else tells." if green else "",
        evidence=(f"istio_agent_cert_expiry_seconds {left.total_seconds():.0f}",),
    )


def signing_fails(seen: AgentEvidence) -> Iterator[Finding]:
    """Requests for a new certificate fail, now or (when there is no valid certificate) ever since the agent began."""
    metrics = seen.report.metrics
    left = metrics.cert_expiry if metrics is not None else None
    ever = (metrics.total(FAILED_OUTGOING_REQUESTS, request_type="csr") or 0.0) if metrics is not None else 0.0
    grown = _grown(seen, FAILED_OUTGOING_REQUESTS, request_type="csr")
    if not grown and (not ever or (left is not None and left > timedelta(0))):
        return
    since_start = f"{FAILED_OUTGOING_REQUESTS} {ever:g} since the agent began"
    evidence = _growth(seen, FAILED_OUTGOING_REQUESTS, grown) if grown else since_start
    yield kinds.SIGNING_FAILS.finding(_agent(seen), evidence=(evidence,))


def cannot_connect(seen: AgentEvidence) -> Iterator[Finding]:
    """The agent does not reach istiod, or is cut off from it."""
    failures = _grown(seen, CONNECTION_FAILURES)
    errors = _grown(seen, CONNECTION_TERMINATIONS, type="error")
    grown = ((CONNECTION_FAILURES, failures), (CONNECTION_TERMINATIONS + '{type="error"}', errors))
    evidence = tuple(_growth(seen, name, by) for name, by in grown if by)
    if evidence:
        yield kinds.ISTIOD_CONNECTION.finding(_agent(seen), evidence=evidence)


def evictions(seen: AgentEvidence) -> Iterator[Finding]:
    """The agent serves one ADS stream; several of one app push each other out."""
    if seen.rates is None:
        return
    grown = _grown(seen, APP_TERMINATIONS)
    if grown >= EVICTIONS:
        yield kinds.STREAMS_EVICTED.finding(_agent(seen), evidence=(_growth(seen, APP_TERMINATIONS, grown),))


def unread(seen: AgentEvidence) -> Iterator[Finding]:
    """One of the two requests was not answered as an agent answers."""
    if seen.report.problems:
        yield kinds.ANSWER_UNUSABLE.finding(_agent(seen), evidence=seen.report.problems)


def _agent(seen: AgentEvidence) -> AddressSubject:
    return AddressSubject(seen.report.address)


def _grown(seen: AgentEvidence, name: str, **labels: str) -> float:
    """The growth while watched. One look alone cannot tell trouble now from trouble at start that is long over."""
    return seen.rates.increase(name, **labels) if seen.rates is not None else 0.0


def _growth(seen: AgentEvidence, name: str, grown: float) -> str:
    elapsed = f" in {span_words(seen.rates.elapsed)}" if seen.rates is not None else ""
    return f"{name} grew by {grown:g}{elapsed}"


RULES: Final[tuple[Rule[AgentEvidence], ...]] = (
    not_ready,
    ready_but_expired,
    signing_fails,
    cannot_connect,
    evictions,
    unread,
)
"""The rules of this module."""
