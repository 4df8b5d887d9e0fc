"""A workload's parts joined: rotations, whose certificate it is, rungs and counters."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from meshtui.model.finding import Area, Finding, Severity
from meshtui.model.identity.agent import AgentMetrics
from meshtui.model.identity.agent_series import counter_rows
from meshtui.model.identity.bootstrap import SyntaxProblem, SyntaxProblemKind
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.comparison import IdentityState, InUse, Issued, Side
from meshtui.model.identity.peers import (
    Neighbour,
    OwnMarks,
    clusters_by_address,
    joined_identity,
    own_marks,
    seen_by,
    sightings,
)
from meshtui.model.identity.spiffe import parse_spiffe
from meshtui.model.identity.workload import Offers, Rotation, Workload, WorkloadFiles, rotations_between
from meshtui.model.subject import CheckSubject
from meshtui.model.xds.resource import Health
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.ladder_identity import bootstrap_rung, certificates_rung
from tests.world.clock import NOW
from tests.world.config import canary, subset
from tests.world.workloads import HOUR, ScriptedChannels, bootstrap, certificate, looked, report

OLD = certificate(0x3F9A010203, NOW - timedelta(minutes=40))
NEW = certificate(0x77010203AA, NOW - timedelta(minutes=10))


def workload(leaf: Certificate = NEW, **changes: Any) -> Workload:
    return Workload(IdentityState(NOW), files=looked(leaf, NOW), read_at=NOW, **changes)


def test_a_replaced_leaf_is_a_rotation_at_the_time_its_file_was_written() -> None:
    written = NOW - timedelta(seconds=7)
    (turned,) = rotations_between(looked(OLD, NOW), looked(NEW, NOW, written=written), NOW)
    assert turned == Rotation(written, "default", OLD, NEW)
    ahead = looked(NEW, NOW, written=NOW + HOUR)
    assert rotations_between(looked(OLD, NOW), ahead, NOW)[0].at == NOW, "a file's clock may be ahead"


def test_what_appears_or_goes_is_no_rotation() -> None:
    nothing = WorkloadFiles()
    assert rotations_between(nothing, looked(NEW, NOW), NOW) == ()
    assert rotations_between(looked(NEW, NOW), nothing, NOW) == ()
    assert rotations_between(looked(NEW, NOW), looked(NEW, NOW + HOUR), NOW) == ()


def test_the_refresh_interval_and_the_end_come_from_the_provider_and_the_chain() -> None:
    known = workload()
    assert joined_identity(known, (), NOW).refresh_interval == timedelta(seconds=900)
    assert known.ends_at == NEW.not_after
    only_agent = Workload(IdentityState(NOW, issued=Issued(NOW + HOUR, NOW)))
    assert only_agent.ends_at == NOW + HOUR
    assert Workload(IdentityState(NOW)).ends_at is None


async def test_addresses_belong_to_the_clusters_whose_endpoints_they_are() -> None:
    channels = ScriptedChannels("xds:///echo.echo-grpc.svc.cluster.local:7070", {"127.0.1.11:17070": NEW})
    channels.callers = {"127.0.0.1:5000": OLD}
    known = clusters_by_address(canary())
    seen = [(sighting.peer.address, sighting.clusters) for sighting in sightings(await channels.poll(), known)]
    assert seen == [("127.0.1.11:17070", (subset("v1"),)), ("127.0.0.1:5000", ())]


@pytest.mark.parametrize("target", ["xds:///echo", "xds:/echo", "xds:echo"])
async def test_one_target_is_spelt_in_several_ways(target: str) -> None:
    found = clusters_by_address(_scoped("xds:/echo"))
    channels = ScriptedChannels(target, {"127.0.1.11:17070": NEW})
    assert [sighting.clusters for sighting in sightings(await channels.poll(), found)] == [(subset("v1"),)]


async def test_another_authority_is_another_target() -> None:
    channels = ScriptedChannels("xds://authority/echo", {"127.0.1.11:17070": NEW})
    assert [
        sighting.clusters for sighting in sightings(await channels.poll(), clusters_by_address(_scoped("xds:/echo")))
    ] == [()]


def _scoped(scope: str) -> Snapshot:
    """The demo's world under another client scope."""
    whole = canary()
    parts = [resource._replace(key=resource.key._replace(scope=scope)) for resource in whole.resources.values()]
    return replace(whole, resources={part.key: part for part in parts})


ECHO = parse_spiffe("spiffe://cluster.local/ns/echo-grpc/sa/echo")
V1 = certificate(1, NOW, account="echo")


@pytest.mark.parametrize(
    ("marks", "where", "fits"),
    [
        (OwnMarks(frozenset({V1.fingerprint_sha256})), "10.9.9.9:1", True),
        (OwnMarks(spiffe=ECHO, hosts=frozenset({"127.0.1.11"})), "127.0.1.11:17070", True),
        (OwnMarks(spiffe=ECHO, hosts=frozenset({"127.0.1.12"})), "127.0.1.11:17070", False),
        (OwnMarks(spiffe=ECHO, alone=True), "127.0.0.1:5000", True),
        (OwnMarks(spiffe=ECHO, alone=True), "[::1]:5000", True),
        (OwnMarks(spiffe=ECHO, alone=False), "127.0.0.1:5000", False),
        (OwnMarks(), "127.0.0.1:5000", False),
    ],
)
def test_whose_certificate_another_pod_sees(marks: OwnMarks, where: str, fits: bool) -> None:
    assert marks.fit(V1, where) is fits


def test_the_other_end_tells_what_is_in_use() -> None:
    seen = InUse(certificate=NEW, where="127.0.0.1:5000", side=Side.REMOTE, first_seen=NOW, cluster="a")
    neighbour = Neighbour("echo-v1", ECHO, (seen, replace(seen, cluster="b"), replace(seen, side=Side.LOCAL)))
    (own,) = seen_by([neighbour], own_marks(workload(), frozenset(), [neighbour]))
    assert (own.side, own.where, own.certificate) == (Side.LOCAL, "echo-v1's end", NEW)


def test_earlier_leaves_are_known_as_own() -> None:
    turned = workload(rotations=(Rotation(NOW, "default", OLD, NEW),))
    assert own_marks(turned, frozenset(), ()).fingerprints == {OLD.fingerprint_sha256, NEW.fingerprint_sha256}


# rungs


def test_rungs_without_anything_say_what_would_unlock_them() -> None:
    assert bootstrap_rung(None).text == "not read: --bootstrap FILE"
    assert certificates_rung(None, NOW).text == "not read: --certs DIR"
    nothing = Workload(IdentityState(NOW))
    assert (bootstrap_rung(nothing).health, certificates_rung(nothing, NOW).health) == (None, None)
    asked = Workload(IdentityState(NOW), offers=Offers("file", "dir"))
    assert (bootstrap_rung(asked).text, certificates_rung(asked, NOW).text) == ("reading", "reading")
    lost = replace(asked, files_lost=True)
    assert (bootstrap_rung(lost).text, bootstrap_rung(lost).health) == ("not read: --bootstrap FILE", None)
    assert (certificates_rung(lost, NOW).text, certificates_rung(lost, NOW).health) == ("not read: --certs DIR", None)


def test_rungs_of_a_whole_workload() -> None:
    assert bootstrap_rung(workload()).text == "Istio's shape, 1 server, provider default"
    rung = certificates_rung(workload(), NOW)
    assert (rung.health, rung.text) == (Health.OK, "spiffe://cluster.local/ns/echo-grpc/sa/client")
    assert rung.aside == "ends in 50m, rotates in 21m"


@pytest.mark.parametrize(
    ("after", "health", "aside"),
    [
        (timedelta(minutes=31), Health.OK, "ends in 29m, rotation is due"),
        (timedelta(minutes=45), Health.WAITING, "ends in 15m, rotation 14m late"),
        (timedelta(minutes=56), Health.WAITING, "ends in 4m"),
        (timedelta(minutes=61), Health.OK, "expired 1m ago"),
        (-timedelta(minutes=2), Health.OK, "not valid for another 2m"),
    ],
)
def test_the_certificates_rung_through_a_life(after: timedelta, health: Health, aside: str) -> None:
    """What is expired is an error by its finding, which the next test has."""
    rung = certificates_rung(workload(), NEW.not_before + after)
    assert (rung.health, rung.aside) == (health, aside)


def test_findings_decide() -> None:
    def finding(code: str, area: Area, severity: Severity) -> Finding:
        return Finding(
            code=code,
            area=area,
            severity=severity,
            subject=CheckSubject("x"),
            title=f"{code} is so",
            explanation="",
            fix="",
        )

    bad = (
        finding("certificate-expired", Area.CERTIFICATES, Severity.ERROR),
        finding("bootstrap-no-server", Area.BOOTSTRAP, Severity.WARNING),
    )
    known = workload(findings=bad)
    certificates, told = certificates_rung(known, NOW), bootstrap_rung(known)
    assert (certificates.health, certificates.aside) == (Health.REFUSED, "certificate-expired is so")
    assert (told.health, told.aside) == (Health.OK, "! bootstrap-no-server is so")


def test_an_agent_alone_tells_the_end() -> None:
    identity = IdentityState(NOW, issued=Issued(NOW + HOUR, NOW))
    rung = certificates_rung(Workload(identity, offers=Offers(agent="a")), NOW)
    assert (rung.health, rung.text, rung.aside) == (Health.OK, "by the agent: ends in 1h", "--certs DIR")


def test_an_unreadable_bootstrap_is_named() -> None:
    broken = replace(
        looked(NEW, NOW),
        bootstrap=replace(bootstrap(), syntax=SyntaxProblem(SyntaxProblemKind.NOT_JSON, "ends too early")),
    )
    assert "cannot be read" in bootstrap_rung(Workload(IdentityState(NOW), files=broken)).text


# counters


def scrape(at: datetime, csr: float, refused: float = 0) -> AgentMetrics:
    metrics = report(at, NOW + HOUR, csr=csr, refused=refused).metrics
    assert metrics is not None
    return metrics


def test_counters_have_totals_rates_and_steps() -> None:
    history = [scrape(NOW + timedelta(seconds=2 * step), csr) for step, csr in enumerate((1, 1, 2, 2))]
    rows = {row.counter.label.strip(): row for row in counter_rows(history)}
    asked = rows["certificates asked for"]
    assert (asked.total, asked.per_minute, asked.increases) == (2, 10.0, (0, 1, 0))
    assert rows["and refused"].total == 0
    assert not any(row.trouble for row in rows.values())
    assert counter_rows([]) == ()
    assert counter_rows(history[:1])[0].per_minute is None


def test_growth_of_what_should_stand_still_is_trouble() -> None:
    history = [scrape(NOW, 1, 0), scrape(NOW + timedelta(seconds=2), 2, 1)]
    assert [row.counter.label.strip() for row in counter_rows(history) if row.trouble] == ["and refused"]
