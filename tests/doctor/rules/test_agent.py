"""The rules over istio-agent: what one look shows, and what only its counters over time do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import AgentEvidence, Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.agent import (
    APP_TERMINATIONS,
    CERT_EXPIRY,
    CONNECTION_FAILURES,
    FAILED_OUTGOING_REQUESTS,
    AgentMetrics,
    AgentRates,
    AgentReport,
    Sample,
    rates,
)
from tests.pki import NOW


def judged(report: AgentReport, moved: AgentRates | None = None) -> tuple[Finding, ...]:
    return diagnose(Evidence(agent=AgentEvidence(report=report, rates=moved)))


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def scrape(seconds: float = 0, **values: float) -> AgentMetrics:
    labels: dict[str, tuple[tuple[str, str], ...]] = {
        CERT_EXPIRY: (("resource_name", "default"),),
        FAILED_OUTGOING_REQUESTS: (("request_type", "csr"),),
        APP_TERMINATIONS: (("type", "cancelled"),),
    }
    samples = tuple(Sample(name, labels.get(name, ()), value) for name, value in values.items())
    return AgentMetrics(NOW + timedelta(seconds=seconds), samples)


def agent(metrics: AgentMetrics | None = None, **more: Any) -> AgentReport:
    return replace(
        AgentReport(address="localhost:15020", at=NOW, ready=True, ready_status=200, metrics=metrics), **more
    )


def test_a_healthy_agent_has_no_findings() -> None:
    healthy = scrape(**{CERT_EXPIRY: 80_000, FAILED_OUTGOING_REQUESTS: 2, CONNECTION_FAILURES: 3})
    assert judged(agent(healthy)) == ()
    later = replace(healthy, at=NOW + timedelta(minutes=1))
    assert judged(agent(later), rates(healthy, later)) == ()


def test_a_green_probe_over_an_expired_certificate() -> None:
    (finding,) = judged(agent(scrape(**{CERT_EXPIRY: -600})))
    assert (finding.code, finding.severity) == ("agent-certificate-expired", Severity.ERROR)
    assert "though its probe is green" in finding.title


def test_not_ready_and_odd_answers() -> None:
    assert codes(judged(agent(ready=False, ready_status=503))) == ["agent-not-ready"]
    odd = agent(ready=None, problems=("GET /healthz/ready was answered with status 404.",))
    assert codes(judged(odd)) == ["agent-answer-unusable"]


@pytest.mark.parametrize(
    ("name", "grows", "code"),
    [
        (FAILED_OUTGOING_REQUESTS, 1, "agent-signing-fails"),
        (CONNECTION_FAILURES, 1, "agent-istiod-connection"),
        (APP_TERMINATIONS, 12, "agent-streams-evicted"),
    ],
)
def test_counters_that_grow_while_watched(name: str, grows: float, code: str) -> None:
    before = scrape(0, **{CERT_EXPIRY: 80_000, name: 5})
    after = scrape(60, **{CERT_EXPIRY: 79_940, name: 5 + grows})
    assert codes(judged(agent(after), rates(before, after))) == [code]


def test_failed_signing_counts_in_one_look_only_when_there_is_no_certificate() -> None:
    assert codes(judged(agent(scrape(**{FAILED_OUTGOING_REQUESTS: 4})))) == ["agent-signing-fails"]
