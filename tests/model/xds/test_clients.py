"""What each gRPC language does with routes, on reports of real clients and captures of a real Istio."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.echo.urls import known_urls
from meshtui.model.split.expectation import expectation_for
from meshtui.model.xds.clients import Client, Language, Version, client_of
from meshtui.model.xds.config import (
    ActionKind,
    Cluster,
    MatchKind,
    Policy,
    Route,
    RouteAction,
    RouteMatch,
    StringMatch,
    VirtualHost,
)
from meshtui.model.xds.graph import NodeKind
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.readings import policy_of
from meshtui.model.xds.resource import RDS, Health
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.present.ladder_config import config_rungs
from tests.cases import alarms, capture, case, findings, nodes
from tests.world.clock import NOW
from tests.world.config import EVERYTHING, ROUTES, canary, resource, routes, split_routes, weighted, with_resource

SHOP = "xds:///echo.shop.svc.cluster.local:7070"
ECHO = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def spoken(seen: Snapshot, user_agent: str) -> Snapshot:
    return replace(seen, node=replace(seen.node, user_agent=user_agent))


@pytest.mark.parametrize(
    ("user_agent", "language"),
    [
        ("gRPC Go", Language.GO),
        ("gRPC Java", Language.JAVA),
        ("gRPC C-core linux", Language.CORE),
        ("gRPC Node Pure JS", Language.NODE),
        ("envoy", Language.OTHER),
        ("", Language.OTHER),
    ],
)
def test_language(user_agent: str, language: Language) -> None:
    assert client_of(NodeIdentity(user_agent=user_agent)).language is language


def test_a_missing_header_is_not_an_empty_one() -> None:
    """istio/istio#49537: istiod writes withoutHeaders with a field that gRPC does not read, so 10/90 is right."""
    seen = case("istio-without-headers")
    assert expectation_for(seen, SHOP, {}).weights == (("v1", 10.0), ("v2", 90.0))
    assert expectation_for(seen, SHOP, {"x-user": "alice"}).weights == (("v1", 90.0), ("v2", 10.0))
    (route,) = nodes(build(seen), "header not x-user=beta")
    assert "ignores treat_missing_header_as_empty" in route.note
    assert alarms(seen) == []


def test_a_route_that_picks_its_cluster_by_a_header_is_left_out() -> None:
    """grpc/grpc-go#5269: the next route serves, 20/80."""
    seen = case("cluster-header-route")
    assert expectation_for(seen, SHOP, {}).weights == (("v1", 20.0), ("v2", 80.0))
    (route,) = nodes(build(seen), "/proto.EchoTestService/*")
    assert route.note.startswith("left out (the header x-dest picks the cluster)")
    assert route.health is Health.OK
    assert alarms(seen) == []


def test_a_destination_of_weight_zero_is_not_asked_for() -> None:
    """grpc/grpc-go#4120: the client holds no canary, and nothing is wrong."""
    seen = case("canary-weight-zero")
    graph = build(seen)
    assert {node.worst for _, node in graph.walk()} == {Health.OK}
    (left_out,) = nodes(graph, "canary")
    assert "does not ask for it" in left_out.note
    assert alarms(seen) == []
    assert expectation_for(seen, SHOP, {}).weights == (("stable", 100.0),)
    rungs = {str(rung.name): rung for rung in config_rungs(seen, graph, seen.taken_at)}
    assert all(rung.health in (Health.OK, None) for rung in rungs.values())
    assert "canary" not in rungs["Cluster"].text


def test_java_keeps_a_destination_of_weight_zero() -> None:
    """It asks for the cluster, and shows what came of it; none of the route's calls depends on it."""
    seen = with_resource(spoken(canary(), "gRPC Java"), resource(RDS, ROUTES, split_routes({"v1": 1, "v9": 0})))
    graph = build(seen)
    (kept,) = nodes(graph, "v9")
    assert kept.health is Health.WAITING
    assert graph.roots[0].worst is Health.OK


def test_another_language_builds_the_tree_anew() -> None:
    table = split_routes({"v1": 1, "v9": 0})
    go = with_resource(spoken(canary(), "gRPC Go"), resource(RDS, ROUTES, table))
    before = build(go)
    after = build(spoken(go, "gRPC Java"), before)
    assert nodes(before, "v9")[0].health is Health.OK
    assert nodes(after, "v9")[0].health is Health.WAITING


@pytest.mark.parametrize("name", ["plain", "2080", "header", "multi-service"])
def test_healthy_captures_alarm_nobody(name: str) -> None:
    """In multi-service the route configuration has the virtual hosts of five services; four are of no channel."""
    seen = capture(name)
    graph = build(seen)
    assert alarms(seen) == []
    assert {node.worst for _, node in graph.walk()} == {Health.OK}
    assert {rung.health for rung in config_rungs(seen, graph, seen.taken_at)} == {Health.OK}


def test_the_route_of_the_channel_is_shown_among_those_of_five_services() -> None:
    seen = capture("multi-service")
    rung = next(rung for rung in config_rungs(seen, build(seen), seen.taken_at) if rung.name == "Route")
    assert rung.text == "v1 20 % · v2 80 %"
    assert expectation_for(seen, ECHO, {}).weights == (("v1", 20.0), ("v2", 80.0))


def test_a_direct_response_fails_every_call_of_go() -> None:
    """Seen on grpc-go 1.78: UNAVAILABLE, matched route does not have a supported route action type."""
    seen = capture("vs-direct")
    assert alarms(seen) == ["All calls to echo.echo-grpc:7070 fail in the client"]
    assert not expectation_for(seen, ECHO, {}).testable
    rung = next(rung for rung in config_rungs(seen, build(seen), seen.taken_at) if rung.name == "Route")
    assert rung.health is Health.MISSING
    assert "direct response 503" in rung.aside


def test_java_refuses_a_redirect() -> None:
    redirect = RouteAction(ActionKind.FAILING, detail="redirect")
    table = routes(Route("away", EVERYTHING, redirect), Route("rest", EVERYTHING, weighted({"v1": 1})))
    seen = with_resource(spoken(canary(), "gRPC Java"), resource(RDS, ROUTES, table))
    (route,) = (node for _, node in build(seen).walk() if node.kind is NodeKind.ROUTE and node.name == "away")
    assert route.note == "grpc-java refuses a route configuration with this action: redirect"


def test_no_virtual_host_for_the_channel() -> None:
    """Calls fail unless the app overrides the authority, which is not known: neither well nor an outage."""
    host = VirtualHost("other", ("other:7070",), (Route("r", EVERYTHING, weighted({"v9": 1})),))
    table = split_routes({"v1": 1})._replace(virtual_hosts=(host,))
    seen = with_resource(canary(NOW), resource(RDS, ROUTES, table))
    graph = build(seen)
    assert graph.roots[0].worst is Health.UNKNOWN
    assert alarms(seen) == []
    (found,) = findings(seen)
    assert found.title == "No virtual host is for echo.echo-grpc.svc.cluster.local:7070"
    assert "unless the app sets another authority" in found.explanation


def test_a_redirect_that_no_channel_uses_fails_no_call() -> None:
    """As an Envoy that serves CSDS has it in its table for port 80."""
    table = routes(Route("away", EVERYTHING, RouteAction(ActionKind.FAILING, detail="redirect")))
    seen = spoken(with_resource(canary(NOW), resource(RDS, "80", table)), "envoy")
    assert [root.worst for root in build(seen).roots if root.name == "80"] == [Health.OK]
    assert alarms(seen) == []


LEFT_OUT = Route(
    "r", RouteMatch(StringMatch(MatchKind.PREFIX, ""), unsupported="query parameters"), weighted({"v1": 1})
)


@pytest.mark.parametrize(
    "hosts",
    [(), (VirtualHost("echo", ("*",), ()),), (VirtualHost("echo", ("*",), (LEFT_OUT,)),)],
    ids=["no virtual host at all", "no route", "a route that gRPC leaves out"],
)
def test_a_table_in_which_no_call_finds_a_route(hosts: tuple[VirtualHost, ...]) -> None:
    """Every call fails, whatever the app does: istiod's table for a TCP port is such a one (fe-tcpport of its runs)."""
    table = split_routes({"v1": 1})._replace(virtual_hosts=hosts)
    seen = with_resource(canary(NOW), resource(RDS, ROUTES, table))
    assert build(seen).roots[0].worst is Health.MISSING
    assert alarms(seen) == ["All calls to echo.echo-grpc:7070 fail: there is no route for them"]
    rung = next(rung for rung in config_rungs(seen, build(seen), seen.taken_at) if rung.name == "Route")
    assert rung.health is Health.MISSING


def test_the_first_policy_that_grpc_has_is_in_force() -> None:
    """gRFC A52, grpc/grpc-java#8996: gRPC has no Maglev, and passes over it."""
    graph = build(case("lb-policy-list"))
    (first,) = nodes(graph, "v1")
    (second,) = nodes(graph, "v2")
    assert first.facts == ("plaintext",)
    assert second.facts == ("plaintext", "WEIGHTED_ROUND_ROBIN")


@pytest.mark.parametrize(
    ("language", "name"),
    [
        (Language.GO, "LEAST_REQUEST"),
        (Language.JAVA, "LEAST_REQUEST"),
        (Language.CORE, "ROUND_ROBIN"),
        (Language.NODE, "ROUND_ROBIN"),
    ],
)
def test_a_policy_is_passed_over_by_those_who_lack_it(language: Language, name: str) -> None:
    offered = tuple(Policy(one) for one in ("MAGLEV", "LEAST_REQUEST", "ROUND_ROBIN"))
    assert (
        policy_of(
            Cluster("c", "EDS", policies=offered),
            Client(language, Version(1, 82 if language is not Language.NODE else 13)),
        ).name
        == name
    )


def test_a_policy_that_an_app_may_have_registered_counts_as_supported() -> None:
    offered = (Policy("acme.PickBest"), Policy("ROUND_ROBIN"))
    assert policy_of(Cluster("c", "EDS", policies=offered), Client(Language.GO)).name == "acme.PickBest"


def test_subsets_of_other_names_than_their_versions() -> None:
    """istiod names the version as the fourth part of the workload: stable is v1, canary v2."""
    found = expectation_for(capture("names"), ECHO, {})
    assert found.weights == (("v1", 90.0), ("v2", 10.0))
    assert found.notes == ()


def test_the_timeout_of_the_listener_is_for_routes_that_set_none() -> None:
    """gRFC A31: 5 s by default, 2 s for one route, and none for a route that says 0."""
    graph = build(case("hcm-default-timeout"))
    assert graph.roots[0].facts == ("timeout 5 s where a route sets none",)
    assert nodes(graph, "/proto.Quick/*")[0].facts == ("timeout 2 s",)
    assert nodes(graph, "/proto.Slow/*")[0].facts == ("no timeout",)
    assert nodes(graph, "(everything else)")[0].facts == ("timeout 5 s, the listener's",)


def test_a_listener_that_a_template_names() -> None:
    """gRFC A47: the scope is the very URL, and the virtual host is that of the URL's name, not of the xdstp name."""
    seen = case("xdstp-default-template")
    labels = {node.label for _, node in build(seen).walk()}
    assert {"server.example.com", "server-routes", "cloud-internal-istio:cloud_mp_123456789012345_v1"} <= labels
    prefix = "cloud-internal-istio:cloud_mp_123456789012345_"
    mapping = {f"{prefix}v1": "v1", f"{prefix}v2": "v2"}
    found = expectation_for(seen, "xds:///server.example.com", {}, mapping=mapping)
    assert found.weights == (("v1", 20.0), ("v2", 80.0))
    assert known_urls([seen]) == ("xds:///server.example.com",)
    assert not expectation_for(seen, "xds://other/server.example.com", {}, mapping=mapping).testable
    assert alarms(seen) == []


def test_a_servers_chains_say_which_peers_they_are_for() -> None:
    """Traffic Director's name is no Istio name, and yet the listener is the app's server side (gRFC A36)."""
    seen = case("td-server-listener")
    graph = build(seen)
    assert not seen.has_outbound
    assert graph.roots[0].label == "inbound 0.0.0.0:50051"
    facts = {node.label: node.facts for node in graph.roots[0].children}
    assert facts["internal-plain"][0] == "connections from 10.0.0.0/8"
    assert facts["loopback"][0] == "connections from the same host"
    denied = "/grpc.admin/Danger (any case) RBAC: DENY 1 rule"  # grpc-java, and nothing is said of case
    assert facts["rest-strict"] == (denied, "STRICT mTLS")
    assert alarms(seen) == []
