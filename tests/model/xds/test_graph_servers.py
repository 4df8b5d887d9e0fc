"""What a server makes of its routes (gRFC A36): only ``non_forwarding_action`` serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.xds.config import (
    ActionKind,
    ChainMatch,
    FilterChain,
    Listener,
    Route,
    RouteAction,
    RouteConfiguration,
    TlsContext,
    TlsMode,
    VirtualHost,
)
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.graph_servers import FORWARDS
from meshtui.model.xds.resource import LDS, RDS, SERVER_SCOPE, Health, Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.ladder import Rung, RungName
from meshtui.present.ladder_config import config_rungs
from tests.doctor.rules.test_config import judge
from tests.world.clock import NOW
from tests.world.config import EVERYTHING, canary, header_equals, resource, snapshot, weighted, with_resource

SERVED = RouteAction(ActionKind.NON_FORWARDING)
ANSWERED = RouteAction(ActionKind.FAILING, detail="direct response 200")
ANY = ChainMatch()
NAME = "xds.istio.io/grpc/lds/inbound/127.0.1.13:17070"


def table(*actions: RouteAction) -> RouteConfiguration:
    """A route by header for each action but the last, which takes the rest."""
    matches = [EVERYTHING._replace(headers=(header_equals("x-n", str(n)),)) for n in range(len(actions) - 1)]
    found = tuple(Route("", match, action) for match, action in zip([*matches, EVERYTHING], actions, strict=True))
    return RouteConfiguration("inbound", (VirtualHost("here", ("*",), found),))


def chain(routes: RouteConfiguration | None, match: ChainMatch = ANY) -> FilterChain:
    """A chain with its own routes, or with those that come by RDS."""
    plain = TlsContext(TlsMode.PLAINTEXT)
    return FilterChain("in", plain, match, route_name="" if routes else "inbound", inline_routes=routes)


def serving(*chains: FilterChain, by_rds: RouteConfiguration | None = None) -> Snapshot:
    """A healthy client whose server has these chains."""
    body = Listener(NAME, inbound=True, address="127.0.1.13:17070", chains=chains)
    seen = with_resource(canary(), resource(LDS, NAME, body, scope=SERVER_SCOPE))
    return with_resource(seen, resource(RDS, "inbound", by_rds, scope=SERVER_SCOPE)) if by_rds else seen


def by_both_ways(routes: RouteConfiguration) -> list[Snapshot]:
    return [serving(chain(routes)), serving(chain(None), by_rds=routes)]


def routes_of(graph: Graph) -> list[Node]:
    server = graph.roots[1]
    return [node for _, node in Graph((server,)).walk() if node.kind is NodeKind.ROUTE]


def rung(seen: Snapshot, name: RungName) -> Rung:
    return next(found for found in config_rungs(seen, build(seen), NOW) if found.name is name)


@pytest.mark.parametrize("seen", by_both_ways(table(weighted({"v1": 1}))))
def test_a_server_fails_the_calls_of_a_route_that_forwards(seen: Snapshot) -> None:
    graph = build(seen)
    (route,) = routes_of(graph)
    assert (route.health, route.note, route.children) == (Health.MISSING, FORWARDS, ())
    assert graph.roots[1].worst is Health.MISSING
    assert rung(seen, RungName.LISTENER).health is Health.MISSING
    assert rung(seen, RungName.ROUTE).health is Health.OK, "the way of the app's own calls is another"
    (finding,) = judge(seen)
    assert (finding.code, finding.title) == (
        "server-route-fails",
        "All calls to this server's 127.0.1.13:17070 fail at the server",
    )


@pytest.mark.parametrize("seen", by_both_ways(table(SERVED)))
def test_a_server_serves_the_calls_of_other_routes(seen: Snapshot) -> None:
    assert build(seen).roots[1].worst is Health.OK
    assert judge(seen) == ()


@pytest.mark.parametrize("seen", by_both_ways(table(weighted({"v1": 1}), ANSWERED, SERVED)))
def test_only_the_calls_of_the_route_fail(seen: Snapshot) -> None:
    assert [node.health for node in routes_of(build(seen))] == [Health.MISSING, Health.MISSING, Health.OK]
    assert [finding.title for finding in judge(seen)] == [
        "All calls to this server's 127.0.1.13:17070 that match header x-n=0 fail at the server",
        "All calls to this server's 127.0.1.13:17070 that match header x-n=1 fail at the server",
    ]


def test_a_route_that_grpc_leaves_out_fails_nothing() -> None:
    left_out = RouteAction(ActionKind.LEFT_OUT, detail="the header x picks the cluster")
    assert judge(serving(chain(table(left_out, SERVED)))) == ()


def test_each_of_several_hosts_and_chains_is_named() -> None:
    hosts = (*table(weighted({"v1": 1})).virtual_hosts, VirtualHost("other", ("o",), (Route("", EVERYTHING, SERVED),)))
    several = chain(RouteConfiguration("inbound", hosts))
    (finding,) = judge(serving(several, chain(table(SERVED))._replace(name="else")))
    assert finding.title == (
        "All calls to this server's 127.0.1.13:17070 by filter chain in that match no other route fail at the server"
    )


def test_a_chain_that_fits_no_connection_asks_for_no_routes() -> None:
    """grpc-go ``filter_chain.go`` drops it before its routes are looked at."""
    left_out = ChainMatch(ignored_for="server names")
    seen = serving(chain(None, left_out), chain(table(SERVED))._replace(name="else"))
    assert build(seen).roots[1].worst is Health.OK


def test_what_envoy_forwards_is_as_it_should_be() -> None:
    seen = serving(chain(table(weighted({"v1": 1}))))
    envoy = replace(seen, node=replace(seen.node, user_agent="envoy", user_agent_version="1.34.0"))
    assert build(envoy).roots[1].worst is Health.OK


def test_a_servers_routes_that_are_taken_over_are_the_same() -> None:
    first = serving(chain(None), by_rds=table(SERVED))
    graph = build(first)
    changed: Resource = resource(RDS, "inbound", table(weighted({"v1": 1})), scope=SERVER_SCOPE)
    after = with_resource(first, changed)
    assert build(after, graph) == build(after)
    assert build(snapshot(first.resources.values()), graph).roots[1] is graph.roots[1]
