"""Faults of every layer: a real client's call is aborted where meshtui says that config aborts it (gRFC A33, A39)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.xds.clients import client_of
from meshtui.model.xds.feature_table import FILTERS_OFF
from meshtui.model.xds.features import Reads, reads
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.snapshot import Snapshot
from tests.attaching import attached
from tests.peers.control_plane import SHUT, table_server
from tests.peers.conversation import Answer, Call, running
from tests.xds_messages import packed

pytestmark = pytest.mark.peers

HERE, FAULT = "here", "fault"
IDLE = fault_pb2.HTTPFault()
ABORT = fault_pb2.HTTPFault(abort={"grpc_status": 10, "percentage": {"numerator": 100}})
"""ABORTED, which nothing else here says."""

FOR_SOME = fault_pb2.HTTPFault(abort=ABORT.abort, headers=[{"name": "x-beta", "present_match": True}])
BY_HEADER = fault_pb2.HTTPFault(abort={"header_abort": {}, "percentage": {"numerator": 100}})


def filter_(fault: Any, *, disabled: bool = False) -> Any:
    message = http_connection_manager_pb2.HttpFilter(name=FAULT, disabled=disabled)
    message.typed_config.CopyFrom(packed(fault))
    return message


def table(name: str) -> route_pb2.RouteConfiguration:
    message = route_pb2.RouteConfiguration(name=name)
    route = message.virtual_hosts.add(name=name, domains=["*"]).routes.add()
    route.match.prefix = ""
    route.route.weighted_clusters.clusters.add(name=HERE).weight.value = 1
    return message


def of_table(message: Any) -> Any:
    return message


def of_host(message: Any) -> Any:
    return message.virtual_hosts[0]


def of_route(message: Any) -> Any:
    return message.virtual_hosts[0].routes[0]


def of_cluster(message: Any) -> Any:
    return message.virtual_hosts[0].routes[0].route.weighted_clusters.clusters[0]


Overrides = tuple[tuple[Callable[[Any], Any], Any], ...]

LAYERS: dict[str, tuple[Any, Overrides]] = {
    "listener": (filter_(ABORT), ()),
    "host": (filter_(IDLE), ((of_host, ABORT),)),
    "route": (filter_(IDLE), ((of_route, ABORT),)),
    "cluster": (filter_(IDLE), ((of_cluster, ABORT),)),
    "cluster-before-route": (filter_(IDLE), ((of_route, ABORT), (of_cluster, IDLE))),
    "route-before-host": (filter_(IDLE), ((of_host, IDLE), (of_route, ABORT))),
    "lifted": (filter_(ABORT), ((of_route, IDLE),)),
    "table": (filter_(IDLE), ((of_table, ABORT),)),
    "no-such-filter": (None, ((of_route, ABORT),)),
    "disabled": (filter_(ABORT, disabled=True), ()),
    "disabled-and-overridden": (filter_(ABORT, disabled=True), ((of_route, ABORT),)),
    "for-some-requests": (filter_(FOR_SOME), ()),
    "by-a-header": (filter_(BY_HEADER), ()),
}
"""The listener's fault filter, and the overrides of it."""


def aborts(seen: Snapshot, name: str) -> bool:
    """What meshtui says of all calls of the channel of this name."""
    evidence = ConfigEvidence(now=seen.taken_at, snapshot=seen, graph=build(seen))
    titles = [finding.title for finding in diagnose(Evidence(config=evidence)) if finding.code == "faults-injected"]
    return f"All calls to {name} are aborted by config" in titles


async def compare(command: list[str], folder: Path) -> None:
    wrong: dict[str, Answer] = {}
    async with (
        table_server((HERE,)) as plane,
        running(command, plane.bootstrap, folder) as peer,
        attached(peer.address) as source,
    ):
        for name, (listed, overrides) in LAYERS.items():
            message = table(name)
            for part, fault in overrides:
                part(message).typed_per_filter_config[FAULT].CopyFrom(packed(fault))
            plane.put(name, message, inline=False, filters=(listed,) if listed is not None else ())
            (answer,) = await peer.order(f"xds:///{name}", [Call("/a/b")])
            seen = await source.poll()
            if name == "disabled" and reads(FILTERS_OFF, client_of(seen.node)) is Reads.UNKNOWN:
                continue  # of a release newer than those that were looked at nothing is said
            said = aborts(seen, name)
            if (answer.ok, answer.status.upper() == "ABORTED") != (not said, said):
                wrong[name] = answer
    assert wrong == {}


async def shut(command: list[str], folder: Path) -> None:
    """A circuit breaker of 0 fails every call (gRFC A32), and is said to."""
    async with (
        table_server((SHUT,)) as plane,
        running(command, plane.bootstrap, folder) as peer,
        attached(peer.address) as source,
    ):
        message = table(SHUT)
        of_cluster(message).name = SHUT
        plane.put(SHUT, message, inline=False)
        (answer,) = await peer.order(f"xds:///{SHUT}", [Call("/a/b")])
        seen = await source.poll()
        found = diagnose(Evidence(config=ConfigEvidence(now=seen.taken_at, snapshot=seen, graph=build(seen))))
        assert not answer.ok
        assert [finding.title for finding in found] == ["All calls to shut are dropped by the client"]


async def test_c_core(core_peer: list[str], tmp_path: Path) -> None:
    await compare(core_peer, tmp_path)
    await shut(core_peer, tmp_path)


async def test_grpc_go(go_peer: list[str], tmp_path: Path) -> None:
    await compare(go_peer, tmp_path)
    await shut(go_peer, tmp_path)


async def test_grpc_java(java_peer: list[str], tmp_path: Path) -> None:
    await compare(java_peer, tmp_path)
    await shut(java_peer, tmp_path)
