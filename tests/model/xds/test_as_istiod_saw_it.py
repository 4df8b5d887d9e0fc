"""What meshtui reads out of a client beside what istiod said of the same client at the same moment.

``istioctl proxy-status`` and its like show what ``/debug/adsz`` and ``/debug/syncz`` say. The captures are of istiod
1.29.1 with grpc-go 1.82, once with everything accepted, once with clusters refused (tests/data/istio/SOURCES.md).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.model.xds.resource import Status
from meshtui.model.xds.snapshot import Snapshot
from tests.cases import DATA, capture

POD = "echo-v2-7cf5b76586-bgn6t"
TYPES = {"Listener": "LDS", "RouteConfiguration": "RDS", "Cluster": "CDS", "ClusterLoadAssignment": "EDS"}
MOMENTS = pytest.mark.parametrize("name", ["strict", "maglev-nacked"])

Asked = frozenset[tuple[str, str]]
"""Types and names of resources."""


def said(file: str) -> Any:
    return json.loads((DATA / "istio" / f"istiod-{file}.json").read_text())


def own(clients: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The connections of the pod."""
    return [client for client in clients if client["connectionId"].startswith(f"{POD}.")]


def watched(connection: dict[str, Any]) -> Asked:
    watches = connection["watches"].items()
    return frozenset((TYPES[url.rpartition(".")[2]], name) for url, names in watches for name in names)


def asked(seen: Snapshot, scope: str) -> Asked:
    return frozenset((key.type, key.name) for key in seen.resources if key.scope == scope)


@MOMENTS
def test_an_xds_client_is_a_connection_of_istiods(name: str) -> None:
    """gRFC A71: one for the server, one for each target; each asked for what meshtui shows in its scope."""
    seen = capture(name)
    scopes = {key.scope for key in seen.resources}
    connections = {watched(connection) for connection in own(said(f"{name}-adsz")["clients"])}
    assert len(connections) == len(scopes) == 2
    assert connections == {asked(seen, scope) for scope in scopes}


@MOMENTS
def test_who_is_connected_is_who_the_node_says(name: str) -> None:
    seen = capture(name)
    for connection in own(said(f"{name}-adsz")["clients"]):
        pod, _, namespace = connection["connectionId"].rpartition("-")[0].partition(".")
        assert seen.node.workload == (pod, namespace)
        assert seen.node.generator == connection["metadata"]["GENERATOR"]
        ip, _, _ = connection["address"].partition(":")
        assert seen.node.id.split("~")[1] == ip


@MOMENTS
def test_what_istiod_misses_an_ack_of_is_what_was_refused(name: str) -> None:
    """istiod shows neither the reason nor which resource it was: sent and acked differ, for the type as a whole."""
    seen = capture(name)
    unacked = {
        TYPES[url.rpartition(".")[2]]: versions["sent"]
        for proxy in said(f"{name}-syncz")
        if proxy["proxy"].startswith(f"{POD}.")
        for url, versions in proxy["resources"].items()
        if versions["sent"] != versions["acked"]
    }
    refused = [resource for resource in seen.resources.values() if resource.status is Status.NACKED]
    assert unacked.keys() == {resource.key.type for resource in refused}
    for resource in refused:
        assert resource.error is not None
        assert unacked[resource.key.type].startswith(resource.error.version), "of the version that istiod sent last"
        assert resource.version != resource.error.version


def test_which_clients_istiod_is_connected_to() -> None:
    """Each pod's one connection without a channel of the app's own, and both lists of istiod's agree."""
    clients = said("debug-adsz")["clients"]
    assert [client["connectionId"] for client in clients] == [
        client["connectionId"] for client in said("debug-connections")["clients"]
    ]
    (idle,) = own(clients)
    assert watched(idle) == asked(capture("plain-idle-v2"), "#server")
    behind = {proxy["proxy"]: set(proxy["resources"]) for proxy in said("debug-syncz")}
    assert len(behind[f"{POD}.echo-grpc"]) == 1, "a listener alone"
    assert all(
        versions["sent"] == versions["acked"]
        for proxy in said("debug-syncz")
        for versions in proxy["resources"].values()
    )
    assert said("debug-push_status") == {}, "and nothing that was pushed was in conflict"
