"""Rules over istio-agent: ready, renewing, and connected to istiod."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from meshtui.doctor.registry import Rule, run
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.agent import (
    APP_TERMINATIONS,
    CONNECTION_FAILURES,
    CONNECTION_TERMINATIONS,
    FAILED_OUTGOING_REQUESTS,
    AgentRates,
    AgentReport,
)
from meshtui.model.phrases import span_words
from meshtui.model.subject import AddressSubject

EVICTIONS_PER_MINUTE: Final = 6.0
"""An app that ends its agent stream this often is evicting itself; a healthy one does it about twice an hour."""

SECONDS_PER_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class AgentState:
    """One look at the agent, and how its counters moved since an earlier one."""

    report: AgentReport
    rates: AgentRates | None = None


def not_ready(state: AgentState) -> Iterator[Finding]:
    """The readiness probe fails: the pod gets no traffic through Services."""
    if state.report.ready is False:
        yield Finding(
            code="agent-not-ready",
            severity=Severity.ERROR,
            subject=AddressSubject(state.report.address),
            title="The agent is not ready",
            explanation="Its readiness probe fails, so Kubernetes takes the pod out of its Services. The probe "
            "checks that the "
            "bootstrap parses and that the certificate files exist.",
            fix="read the agent's log; most often it cannot get a certificate from istiod (15012) or cannot write "
            "its files",
            evidence=(f"GET /healthz/ready: status {state.report.ready_status}",),
        )


def ready_but_expired(state: AgentState) -> Iterator[Finding]:
    """A green probe over a certificate that is over: the quiet failure."""
    left = state.report.metrics.cert_expiry if state.report.metrics is not None else None
    if left is None or left > timedelta(0):
        return
    green = state.report.ready is True
    yield Finding(
        code="agent-certificate-expired",
        severity=Severity.ERROR,
        subject=AddressSubject(state.report.address),
        title=f"The agent's certificate expired {span_words(-left)} ago"
        + (" though its probe is green" if green else ""),
        explanation="Every new mTLS connection of this workload fails. "
        + ("The probe looks only at whether the files exist, so nothing else tells." if green else ""),
        fix="see why rotation fails (istio_agent_num_failed_outgoing_requests, the log), then restart the pod",
        evidence=(f"istio_agent_cert_expiry_seconds {left.total_seconds():.0f}",),
    )


def signing_fails(state: AgentState) -> Iterator[Finding]:
    """Requests for a new certificate fail, now or (when there is no valid certificate) ever since the agent began."""
    metrics = state.report.metrics
    left = metrics.cert_expiry if metrics is not None else None
    ever = (metrics.total(FAILED_OUTGOING_REQUESTS, request_type="csr") or 0.0) if metrics is not None else 0.0
    grown = _grown(state, FAILED_OUTGOING_REQUESTS, request_type="csr")
    if not grown and (not ever or (left is not None and left > timedelta(0))):
        return
    evidence = f"{FAILED_OUTGOING_REQUESTS} {ever:g} since the agent began"
    yield Finding(
        code="agent-signing-fails",
        severity=Severity.WARNING,
        subject=AddressSubject(state.report.address),
        title="The agent asks for a certificate and gets none",
        explanation="istiod's CA refuses to sign or does not answer. The present certificate goes on until it "
        "ends; then "
        "all mTLS fails.",
        fix="look at the agent's log for the cause: istiod unreachable on 15012, token expired, or CA refusing",
        evidence=(_said(state, FAILED_OUTGOING_REQUESTS, grown) if grown else evidence,),
    )


def cannot_connect(state: AgentState) -> Iterator[Finding]:
    """The agent does not reach istiod, or is cut off from it."""
    failures = _grown(state, CONNECTION_FAILURES)
    errors = _grown(state, CONNECTION_TERMINATIONS, type="error")
    if failures or errors:
        yield Finding(
            code="agent-istiod-connection",
            severity=Severity.WARNING,
            subject=AddressSubject(state.report.address),
            title="The agent has trouble with its connection to istiod",
            explanation="While it is not connected the app keeps the config it has and hears of no change. CSDS "
            "goes on saying "
            "ACKED.",
            fix="see that istiod runs and that port 15012 is reachable from this pod (NetworkPolicy, DNS)",
            evidence=(
                _said(state, CONNECTION_FAILURES, failures),
                _said(state, CONNECTION_TERMINATIONS + '{type="error"}', errors),
            ),
        )


def evictions(state: AgentState) -> Iterator[Finding]:
    """The agent serves one ADS stream; several of one app push each other out."""
    if state.rates is None:
        return
    per_minute = state.rates.total(APP_TERMINATIONS) * SECONDS_PER_MINUTE
    if per_minute >= EVICTIONS_PER_MINUTE:
        yield Finding(
            code="agent-streams-evicted",
            severity=Severity.WARNING,
            subject=AddressSubject(state.report.address),
            title=f"The app's config stream ends {per_minute:.0f} times a minute",
            explanation="The agent serves one ADS stream, and a second one ends the first. gRPC 1.66 and later "
            "opens one "
            "stream for each target (gRFC A71), so an app with several xds: targets evicts itself (istio issue 53532).",
            fix="use one xds: target per process until the agent serves several streams, or stay with gRPC 1.65",
            evidence=(f"{APP_TERMINATIONS} grew by {per_minute:.1f} a minute over {span_words(state.rates.elapsed)}",),
        )


def unread(state: AgentState) -> Iterator[Finding]:
    """One of the two requests was not answered as an agent answers."""
    if state.report.problems:
        yield Finding(
            code="agent-answer-unusable",
            severity=Severity.WARNING,
            subject=AddressSubject(state.report.address),
            title="The agent did not answer everything",
            explanation="What could be read is shown. Another program may listen on this port.",
            fix="see that the port is istio-agent's status port (15020) and that the port-forward is to the right pod",
            evidence=state.report.problems,
        )


def _grown(state: AgentState, name: str, **labels: str) -> float:
    """The growth while watched. One look alone cannot tell trouble now from trouble at start that is long over."""
    return state.rates.increase(name, **labels) if state.rates is not None else 0.0


def _said(state: AgentState, name: str, grown: float) -> str:
    elapsed = f" in {span_words(state.rates.elapsed)}" if state.rates is not None else ""
    return f"{name} grew by {grown:g}{elapsed}"


RULES: Final[tuple[Rule[AgentState], ...]] = (
    not_ready,
    ready_but_expired,
    signing_fails,
    cannot_connect,
    evictions,
    unread,
)


def check_agent(state: AgentState) -> tuple[Finding, ...]:
    """Everything that can be said about the agent, worst first."""
    return run(RULES, state)
