"""What real agents said of themselves, and what is made of it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import AgentEvidence, Evidence
from meshtui.model.identity.agent import APP_TERMINATIONS, AgentMetrics, AgentReport, Sample, rates
from meshtui.model.identity.agent_series import counter_rows
from meshtui.model.identity.certificate import CertificateSet
from meshtui.model.identity.comparison import CornerState, identity_of, issued_corner
from meshtui.sources.agent.metrics import parse_metrics
from meshtui.sources.certificates.files import read_certificates
from tests.pki import NOW, root, workload, write_agent_files

DATA = Path(__file__).parents[2] / "data"

CAPTURED = datetime(2026, 11, 27, 22, 5, tzinfo=UTC)


def captured(name: str, at: datetime = CAPTURED) -> AgentMetrics:
    """A scrape of pilot-agent 1.29.1."""
    return parse_metrics((DATA / "istio" / f"agent-metrics-{name}.prom").read_text(), at)


def codes(metrics: AgentMetrics, before: AgentMetrics | None = None) -> list[str]:
    report = AgentReport(address="a:15020", at=metrics.at, ready=True, ready_status=200, metrics=metrics)
    moved = rates(before, metrics) if before is not None else None
    return [found.code for found in diagnose(Evidence(agent=AgentEvidence(report=report, rates=moved)))]


def ending(minutes: int, directory: Path) -> CertificateSet:
    authority = root()
    leaf = workload(authority, begins=NOW + timedelta(minutes=minutes) - timedelta(days=1))
    write_agent_files(directory, leaf, authority)
    before = (NOW - timedelta(hours=1)).timestamp()
    for file in directory.iterdir():
        os.utime(file, (before, before))
    return read_certificates([str(directory)], NOW)


def test_a_mounted_certificate_is_held_against_its_file(tmp_path: Path) -> None:
    """istio/istio#37372, #50356: of mounted files the metric's name is ``file-cert:…``, and no ``default`` is there."""
    metrics = parse_metrics((DATA / "cases" / "agent-file-mounted" / "metrics.txt").read_text(), NOW)
    assert metrics.cert_expiry == timedelta(minutes=30)
    report = AgentReport(address="a:15020", at=NOW, ready=True, metrics=metrics)
    same = identity_of(ending(30, tmp_path / "same"), report, NOW)
    assert issued_corner(same).state is CornerState.SAME
    other = identity_of(ending(90, tmp_path / "other"), report, NOW)
    assert [found.code for found in diagnose(Evidence(identity=other))] == ["identity-issued-not-on-disk"]


@pytest.mark.parametrize("name", ["healthy", "after-evictions", "evicted-steady", "istiod-dead"])
def test_one_scrape_accuses_nobody_of_what_may_be_over(name: str) -> None:
    """Counters tell of all the agent's life: what they say of now needs two looks, or channelz."""
    assert codes(captured(name)) == []


def test_a_workload_that_never_got_a_certificate_is_told_at_once() -> None:
    """istiod was away when the agent began."""
    assert codes(captured("istiod-down-at-start")) == ["agent-signing-fails"]


def test_evictions_are_seen_though_they_become_rare() -> None:
    """gRPC's backoff grows: the captured rate falls below six a minute while every call still fails."""
    before = captured("after-evictions")
    later = replace(before, at=CAPTURED + timedelta(minutes=2), samples=_with_three_more(before))
    assert codes(later, before) == ["agent-streams-evicted"]


def _with_three_more(metrics: AgentMetrics) -> tuple[Sample, ...]:
    return tuple(
        replace(sample, value=sample.value + 3) if sample.name == APP_TERMINATIONS else sample
        for sample in metrics.samples
    )


def test_no_row_waits_for_what_a_proxyless_agent_never_counts() -> None:
    """``istiod_connection_failures`` stayed away with istiod refusing; ``terminations{type="error"}`` grew."""
    rows = {row.counter.label: row.total for row in counter_rows([captured("istiod-dead")])}
    assert rows["connections to istiod broken"] > 0
    assert not any("failed" in label for label in rows)
