"""The ladder: each rung says its state and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.doctor.kinds.agent import ISTIOD_CONNECTION, SIGNING_FAILS
from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState
from meshtui.model.subject import AddressSubject
from meshtui.model.traffic import observe
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, ErrorState, Health, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.ladder import Rung, control_plane_rung, traffic_rung
from meshtui.present.ladder_config import config_rungs
from tests.world.clock import NOW
from tests.world.config import (
    LISTENER,
    ROUTES,
    canary,
    cluster,
    endpoints,
    inbound,
    resource,
    snapshot,
    split_routes,
    subset,
    with_resource,
)

TARGET = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def rungs(seen: Snapshot) -> dict[str, Rung]:
    return {rung.name: rung for rung in config_rungs(seen, build(seen), NOW + timedelta(seconds=3))}


def test_a_healthy_client() -> None:
    found = rungs(canary())
    assert {name: rung.health for name, rung in found.items()} == dict.fromkeys(
        ("Listener", "Route", "Cluster", "Endpoint"), Health.OK
    )
    assert found["Route"].text == "v1 20 % · v2 80 %"
    assert found["Route"].aside == "changed 3 s ago"
    assert (found["Cluster"].text, found["Cluster"].names) == ("2 clusters", ("v1", "v2"))
    assert found["Cluster"].aside == "all mTLS"
    assert found["Listener"].aside == "and 1 inbound listener: plaintext"


def test_a_route_to_a_missing_cluster_is_itself_in_trouble() -> None:
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})))
    seen = with_resource(seen, resource(CDS, subset("v9"), None, status=Status.DOES_NOT_EXIST))
    found = rungs(seen)
    assert found["Route"].health is Health.MISSING
    assert "v9" in found["Route"].aside
    assert found["Cluster"].health is Health.MISSING
    assert found["Cluster"].aside.startswith("v9: ")


def test_what_is_wrong_with_several_is_said_once() -> None:
    seen = canary()
    error = ErrorState("2", "invalid resource", NOW)
    for name in ("v1", "v2"):
        refused = resource(CDS, subset(name), cluster(subset(name)), status=Status.NACKED, error=error)
        seen = with_resource(seen, refused)
    assert rungs(seen)["Cluster"].aside.startswith("all: refused 2: invalid resource")


def test_an_endpoint_of_several_clusters_is_one() -> None:
    seen = with_resource(canary(), resource(EDS, subset("v2"), endpoints(subset("v2"), "127.0.1.11:17070")))
    assert rungs(seen)["Endpoint"].text == "127.0.1.11:17070   HEALTHY   region1/zone1"


@pytest.mark.parametrize("status", [Status.DOES_NOT_EXIST, Status.REQUESTED, Status.RECEIVED_ERROR, Status.NACKED])
def test_no_route_is_fine_that_no_listener_leads_to(status: Status) -> None:
    """Where the only listener is not there, nothing is known of its routes: they are not inside it."""
    found = rungs(snapshot([resource(LDS, LISTENER, None, status=status)]))
    assert (found["Route"].health, found["Route"].text) == (None, "no route configuration")


def test_only_inbound_config() -> None:
    found = rungs(snapshot([inbound()]))
    assert found["Listener"].health is Health.OK
    assert found["Route"].health is None
    assert "no outbound channel" in found["Route"].text


def report(state: ChannelState, started: int = 0, failed: int = 0, seconds: float = 0) -> ChannelReport:
    channel = Channel(id=7, target=TARGET, state=state, calls=Calls(started, started - failed, failed))
    ads = Channel(id=1, target="unix:///tmp/x/XDS", state=state, calls=Calls(1))
    return ChannelReport(NOW + timedelta(seconds=seconds), (ads, channel))


@pytest.mark.parametrize("calls", [Calls(12, 12, 0), Calls(6, 0, 6)], ids=["evicted", "agent cut off"])
def test_a_connected_control_plane_without_an_open_call_is_not_well(calls: Calls) -> None:
    def rung(counted: Calls) -> Rung:
        return control_plane_rung(
            ChannelReport(NOW, (Channel(id=1, target="unix:///x/XDS", state=ChannelState.READY, calls=counted),))
        )

    assert rung(replace(calls, started=calls.started + 1)).health is Health.OK
    assert rung(calls).health is not Health.OK
    assert "ADS call" in rung(calls).aside


def test_control_plane() -> None:
    assert control_plane_rung(report(ChannelState.READY)).health is Health.OK
    lost = control_plane_rung(report(ChannelState.TRANSIENT_FAILURE))
    assert lost.health is Health.REFUSED
    assert "no change arrives" in lost.aside
    assert control_plane_rung(report(ChannelState.READY), agent_silent=True).health is None
    assert control_plane_rung(None).health is None
    assert control_plane_rung(ChannelReport(NOW, ())).health is None


def test_the_rung_of_the_control_plane_agrees_with_the_findings() -> None:
    served = report(ChannelState.READY)
    trouble = SIGNING_FAILS.finding(AddressSubject("a:15020"), evidence=())
    assert control_plane_rung(served, findings=[trouble]).health is Health.OK, "of certificates, not of config"
    broken = ISTIOD_CONNECTION.finding(AddressSubject("a:15020"), evidence=())
    rung = control_plane_rung(served, findings=[trouble, broken])
    assert (rung.health, rung.aside) == (Health.WAITING, broken.title)
    calls = (Calls(12, 11), Calls(11, 11))
    channels = [
        Channel(id=number, target="unix:///x/XDS", state=ChannelState.READY, calls=each)
        for number, each in enumerate(calls)
    ]
    evicted = control_plane_rung(ChannelReport(NOW, tuple(channels)))
    assert evicted.health is Health.REFUSED
    assert "push each other out" in evicted.aside


def test_traffic_is_a_rate_between_two_looks() -> None:
    first, second = report(ChannelState.READY, 100), report(ChannelState.READY, 110, seconds=2)
    flowing = traffic_rung(second, observe(observe(None, first), second))
    assert flowing.text == "5.0 calls/s on the app's own channels, 0 failed"
    assert flowing.health is Health.OK
    failing = report(ChannelState.READY, 110, failed=4, seconds=2)
    rung = traffic_rung(failing, observe(observe(None, first), failing))
    assert rung.health is Health.REFUSED
    assert "2.0/s failed" in rung.text
    assert traffic_rung(first, None).health is None
    assert "1 open channel" in traffic_rung(first, None).text
    assert traffic_rung(replace(first, channels=()), None).health is None
