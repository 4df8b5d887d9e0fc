"""Services that a probe can be sent to come out of accepted config."""

from __future__ import annotations

from meshtui.model.echo_urls import known_urls
from meshtui.model.resource import Resource
from meshtui.model.snapshot import NodeIdentity, Snapshot
from tests.tui.scripted import SCOPE, START, cluster, healthy, inbound, listener


def snapshot(*resources: Resource) -> Snapshot:
    return Snapshot(START, NodeIdentity(), (), {one.key: one for one in resources})


def test_a_service_once_and_no_inbound_listener() -> None:
    assert known_urls([snapshot(*healthy())]) == (SCOPE,)
    assert known_urls([snapshot(inbound())]) == ()


def test_a_service_of_which_only_the_cluster_is_there() -> None:
    assert known_urls([snapshot(cluster("v1"))]) == (SCOPE,)


def test_ones_own_services_come_first() -> None:
    other = snapshot(listener("shop.default.svc.cluster.local:80"))
    assert known_urls([None, snapshot(*healthy()), other]) == (SCOPE, "xds:///shop.default.svc.cluster.local:80")


def test_a_name_with_odd_characters_is_quoted() -> None:
    assert known_urls([snapshot(listener("a b%c"))])[0] == "xds:///a%20b%25c"
