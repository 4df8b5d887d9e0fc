"""Services that a probe can be sent to come out of accepted config, and each row of it belongs to one."""

from __future__ import annotations

import pytest

from meshtui.model.echo.urls import NoProbe, Owners, ProbeTarget, known_urls, only_url, target_of, target_of_resource
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.present.pick import matching, names_an_address
from meshtui.present.tree_rows import way
from tests.world.clock import NOW
from tests.world.config import SCOPE
from tests.world.seed import cluster, endpoints, healthy, inbound, listener

SHOP = "xds:///shop.default.svc.cluster.local:80"


def snapshot(*resources: Resource) -> Snapshot:
    return Snapshot(taken_at=NOW, node=NodeIdentity(), resources={resource.key: resource for resource in resources})


def test_a_service_once_and_no_inbound_listener() -> None:
    assert known_urls([snapshot(*healthy())]) == (SCOPE,)
    assert known_urls([snapshot(inbound())]) == ()


def test_a_service_of_which_only_the_cluster_is_there() -> None:
    assert known_urls([snapshot(cluster("v1"))]) == (SCOPE,)


def test_ones_own_services_come_first() -> None:
    other = snapshot(listener("shop.default.svc.cluster.local:80"))
    assert known_urls([None, snapshot(*healthy()), other]) == (SCOPE, SHOP)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a b%c", "xds:///a%20b%25c"),
        ("xdstp://td.example/envoy.config.listener.v3.Listener/shop:80?project=1", "xds://td.example/shop:80"),
    ],
)
def test_the_url_of_a_listener_asks_for_that_listener(name: str, url: str) -> None:
    assert known_urls([snapshot(listener(name))])[0] == url


def test_none_of_several_services_is_guessed() -> None:
    two = snapshot(*healthy(), listener("shop.default.svc.cluster.local:80"))
    assert only_url(snapshot(*healthy())) == SCOPE
    assert only_url(two) == ""
    assert only_url(snapshot(inbound()), [snapshot(*healthy())]) == SCOPE
    assert only_url(snapshot(inbound()), [two]) == ""
    assert only_url(None) == ""


def test_every_row_under_a_listener_belongs_to_its_service() -> None:
    held = snapshot(*healthy())
    graph = build(held)
    for path, _ in graph.walk():
        expected = NoProbe.INBOUND if "inbound" in path[0] else None
        found = target_of(way(graph, path))
        assert found == (ProbeTarget(SCOPE) if expected is None else ProbeTarget(why_not=expected))


def test_a_row_of_the_table_belongs_to_the_service_of_its_listener() -> None:
    held = snapshot(*healthy())
    owners = Owners(build(held))
    found = {key.name: target_of_resource(held, owners, key) for key in held.resources}
    server = next(name for name in found if "inbound" in name)
    assert found.pop(server) == ProbeTarget(why_not=NoProbe.INBOUND)
    assert set(found.values()) == {ProbeTarget(SCOPE)}


def test_what_no_listener_leads_to_is_told_by_its_name_or_not_at_all() -> None:
    lone = cluster("v1")
    held = snapshot(lone, endpoints("v2", "127.0.1.12:17070"))
    assert {target_of_resource(held, Owners(build(held)), key) for key in held.resources} == {ProbeTarget(SCOPE)}
    assert target_of(()) == ProbeTarget(why_not=NoProbe.NO_SERVICE)


def test_services_are_found_by_words_in_any_order() -> None:
    offers = tuple(f"xds:///svc-{number}.shop.svc.cluster.local:80" for number in range(350))
    assert matching(offers, "SHOP svc-349") == (offers[349],)
    assert matching(offers, "") == offers
    assert not matching(offers, "svc-350")


@pytest.mark.parametrize(
    ("text", "address"), [("echo", False), ("echo:7070", True), ("xds:///echo", True), ("", False)]
)
def test_words_with_a_colon_are_an_address(text: str, address: bool) -> None:
    assert names_an_address(text) is address
