"""What hangs on what, and how the worst bubbles up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.finding import Severity
from meshtui.model.xds.config import (
    ActionKind,
    Cluster,
    ClusterLoadAssignment,
    Endpoint,
    EndpointHealth,
    FilterChain,
    Listener,
    Locality,
    MatchKind,
    Opaque,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatch,
    TlsContext,
    TlsMode,
    VirtualHost,
    WeightedCluster,
)
from meshtui.model.xds.filters import HttpFilter
from meshtui.model.xds.graph import MOST_REPEATED, Graph, Node, NodeKind
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.graph_clusters import MAX_AGGREGATE_DEPTH
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Content, ErrorState, Health, Resource, ResourceKey, Status
from meshtui.present.ladder import RungName
from meshtui.present.ladder_config import config_rungs
from tests.doctor.rules.test_config import judge
from tests.world.clock import NOW
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    cluster,
    endpoints,
    inbound,
    key,
    outbound,
    resource,
    routes,
    snapshot,
    split_routes,
    subset,
    weighted,
    with_resource,
    without,
)


def graph_of(*resources: Resource) -> Graph:
    return build(snapshot(resources))


def node(graph: Graph, label: str) -> Node:
    """The only node of this label."""
    (found,) = [node for _, node in graph.walk() if node.label == label]
    return found


def lines(graph: Graph) -> list[str]:
    return ["  " * (len(path) - 1) + node.label for path, node in graph.walk()]


def test_the_tree_reads_as_a_sentence() -> None:
    graph = build(canary())
    assert lines(graph) == [
        LISTENER,
        f"  {ROUTES}",
        "    v1",
        "      127.0.1.11:17070",
        "    v2",
        "      127.0.1.12:17070",
        "inbound 127.0.1.13:17070",
        "  inbound-plaintext",
    ]
    assert [(node.share, node.weight) for _, node in graph.walk() if node.kind is NodeKind.CLUSTER] == [
        (0.2, 20),
        (0.8, 80),
    ]
    assert all(root.worst is Health.OK for root in graph.roots)
    assert node(graph, "v1").facts == ("mTLS",)
    tls = [(node.label, node.tls.mode) for _, node in graph.walk() if node.tls is not None]
    assert tls == [("v1", TlsMode.MTLS), ("v2", TlsMode.MTLS), ("inbound-plaintext", TlsMode.PLAINTEXT)]


def test_slots_are_unique_among_siblings() -> None:
    paths = [path for path, _ in build(canary()).walk()]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("status", "held", "health"),
    [
        (Status.NACKED, True, Health.REFUSED),
        (Status.NACKED, False, Health.REFUSED),
        (Status.RECEIVED_ERROR, True, Health.DEGRADED),
        (Status.RECEIVED_ERROR, False, Health.MISSING),
        (Status.DOES_NOT_EXIST, True, Health.DEGRADED),
        (Status.DOES_NOT_EXIST, False, Health.MISSING),
        (Status.TIMEOUT, True, Health.DEGRADED),
        (Status.TIMEOUT, False, Health.MISSING),
        (Status.REQUESTED, False, Health.WAITING),
        (Status.UNKNOWN, True, Health.UNKNOWN),
        (Status.ACKED, True, Health.OK),
    ],
)
def test_the_worst_bubbles_up(status: Status, held: bool, health: Health) -> None:
    """gRFC A88: what a status means for calls depends on whether a config is still in the entry."""
    name = subset("v2")
    body = cluster(name) if held else None
    graph = build(with_resource(canary(), resource(CDS, name, body, status=status)))
    assert node(graph, "v2").health is health
    assert node(graph, ROUTES).health is Health.OK
    assert node(graph, ROUTES).worst is health
    assert graph.roots[0].worst is health
    assert graph.roots[1].worst is Health.OK


def test_a_refused_update_says_what_is_in_force() -> None:
    error = ErrorState("7", "no such thing", None)
    name = subset("v1")
    refused = resource(CDS, name, cluster(name), status=Status.NACKED, version="6", error=error)
    note = node(build(with_resource(canary(), refused)), "v1").note
    assert note == "refused 7: no such thing; 6 still in force"
    nothing = refused._replace(value=b"", content=Content.of(None))
    assert "nothing in force" in node(build(with_resource(canary(), nothing)), "v1").note


def test_what_is_named_but_not_held_waits() -> None:
    graph = graph_of(*outbound({"v1": 80, "v9": 20}, {"v1": ("127.0.1.11:17070",)}))
    missing = node(graph, "v9")
    assert (missing.health, missing.key, missing.share) == (Health.WAITING, None, 0.2)
    assert "does not hold it" in missing.note
    assert graph.roots[0].worst is Health.WAITING


def test_a_listener_without_its_routes() -> None:
    graph = graph_of(resource(LDS, LISTENER, Listener(LISTENER, inbound=False, route_name=ROUTES)))
    assert [node.health for _, node in graph.walk()] == [Health.OK, Health.WAITING]


def test_a_cluster_without_its_endpoints() -> None:
    name = subset("v1")
    graph = graph_of(resource(CDS, name, cluster(name)))
    assert node(graph, name).health is Health.WAITING
    gone = resource(EDS, name, None, status=Status.DOES_NOT_EXIST)
    graph = graph_of(resource(CDS, name, cluster(name)), gone)
    assert node(graph, f"endpoints {name}").note == "does not exist"


@pytest.mark.parametrize(
    ("localities", "note"),
    [
        ((), "no endpoints: every request to it fails"),
        (
            (
                Locality(
                    region="r",
                    zone="",
                    sub_zone="",
                    priority=0,
                    weight=1,
                    endpoints=(Endpoint("a:1", EndpointHealth.UNHEALTHY),),
                ),
            ),
            "none of its 1 endpoint is healthy",
        ),
        (
            (
                Locality(
                    region="r",
                    zone="",
                    sub_zone="",
                    priority=0,
                    weight=0,
                    endpoints=(Endpoint("a:1", EndpointHealth.HEALTHY),),
                ),
            ),
            "its healthy endpoints are in localities of weight 0, which gRPC ignores",
        ),
        (
            (
                Locality(
                    region="r",
                    zone="",
                    sub_zone="",
                    priority=0,
                    weight=0,
                    endpoints=(Endpoint("a:1", EndpointHealth.HEALTHY),),
                ),
                Locality(
                    region="s",
                    zone="",
                    sub_zone="",
                    priority=0,
                    weight=1,
                    endpoints=(Endpoint("b:1", EndpointHealth.DRAINING),),
                ),
            ),
            "its healthy endpoints are in localities of weight 0, which gRPC ignores",
        ),
    ],
)
def test_endpoints_that_take_no_request(localities: tuple[Locality, ...], note: str) -> None:
    name = subset("v1")
    graph = graph_of(resource(CDS, name, cluster(name)), resource(EDS, name, ClusterLoadAssignment(name, localities)))
    found = node(graph, "v1")
    assert (found.health, found.note) == (Health.MISSING, note)
    assert all(child.health is Health.MISSING for child in found.children)


def test_one_bad_endpoint_among_good_ones() -> None:
    name = subset("v1")
    places = (
        Locality(
            region="r",
            zone="z",
            sub_zone="",
            priority=0,
            weight=1,
            endpoints=(Endpoint("a:1"), Endpoint("b:1", EndpointHealth.UNHEALTHY, weight=3)),
        ),
        Locality(region="", zone="", sub_zone="", priority=2, weight=0, endpoints=(Endpoint("c:1"),)),
    )
    graph = graph_of(resource(CDS, name, cluster(name)), resource(EDS, name, ClusterLoadAssignment(name, places)))
    assert node(graph, "v1").health is Health.DEGRADED
    assert node(graph, "a:1").facts == ("UNKNOWN", "r/z")
    assert node(graph, "b:1").facts == ("UNHEALTHY", "r/z", "weight 3")
    assert node(graph, "c:1").facts == ("UNKNOWN", "priority 2")
    assert "weight 0" in node(graph, "c:1").note


def test_several_routes_have_a_line_each() -> None:
    header = RouteMatch(StringMatch(MatchKind.PREFIX, "/a.B/"))
    body = routes(
        Route("first", header, weighted({"v2": 1})._replace(timeout=2.5, retry="up to 1 on unavailable")),
        Route("rest", EVERYTHING, weighted({"v1": 1}), faults=(HttpFilter("f", "HTTPFault", "aborts 5 %"),)),
        Route("odd", EVERYTHING._replace(unsupported="query parameters"), weighted({"v1": 1})),
    )
    graph = graph_of(resource(RDS, ROUTES, body))
    found = [node for _, node in graph.walk() if node.kind is NodeKind.ROUTE]
    assert [node.facts for node in found] == [
        ("timeout 2.5 s", "retries up to 1 on unavailable"),
        ("aborts 5 %",),
        (),
    ]
    assert found[0].label == "/a.B/*"
    assert "query parameters" in found[2].label


def test_where_a_plugin_picks_the_cluster_it_is_not_known_what_serves() -> None:
    """A route by cluster specifier plugin (RLS) names no cluster: the plugin is told, and nothing said to be well."""
    action = RouteAction(ActionKind.FORWARD, detail="the plugin rls picks the cluster")
    seen = with_resource(canary(), resource(RDS, ROUTES, routes(Route("r", EVERYTHING, action))))
    graph = build(seen)
    found = node(graph, "(everything else)")
    assert (found.health, found.facts) == (Health.UNKNOWN, ("the plugin rls picks the cluster",))
    assert found.note == "whether its calls are served is not known from here"
    rung = next(rung for rung in config_rungs(seen, graph, NOW) if rung.name is RungName.ROUTE)
    assert (rung.health, rung.text) == (Health.UNKNOWN, "the plugin rls picks the cluster")
    assert not [finding for finding in judge(seen) if finding.severity is Severity.ERROR]


def test_several_virtual_hosts_have_a_line_each() -> None:
    route = Route("r", EVERYTHING, weighted({"v1": 1}))
    body = RouteConfiguration(ROUTES, (VirtualHost("one", ("a", "b"), (route,)), VirtualHost("", ("c",), (route,))))
    found = [node for _, node in graph_of(resource(RDS, ROUTES, body)).walk() if node.kind is NodeKind.VIRTUAL_HOST]
    assert [(node.label, node.facts) for node in found] == [
        ("one", ("2 domains",)),
        ("c", ("1 domain",)),
    ]


def test_references_stay_in_their_client() -> None:
    name = subset("v1")
    graph = build(
        snapshot(
            [
                resource(RDS, ROUTES, split_routes({"v1": 1}), scope="xds:/a"),
                resource(CDS, name, cluster(name), scope="xds:/b"),
            ]
        )
    )
    held = [(node.key.scope if node.key else None) for _, node in graph.walk() if node.label == "v1"]
    assert held == [None, "xds:/b"]


def test_what_nothing_names_is_shown_last() -> None:
    orphan = subset("old")
    graph = build(with_resource(canary(), resource(CDS, orphan, cluster(orphan))))
    assert [root.label for root in graph.roots] == [LISTENER, "inbound 127.0.1.13:17070", "old"]
    unknown = resource("Gadget", "g", Opaque("type/acme.Gadget", "meshtui does not interpret Gadget", 3))
    root = graph_of(unknown).roots[0]
    assert (root.kind, root.facts, root.note) == (
        NodeKind.RESOURCE,
        ("Gadget",),
        "cannot be read: meshtui does not interpret Gadget",
    )


def test_a_config_that_cannot_be_read_says_so() -> None:
    broken = resource(RDS, ROUTES, Opaque("type/RDS", "its bytes are no RouteConfiguration", 9))
    graph = build(with_resource(canary(), broken))
    assert node(graph, ROUTES).note == "cannot be read: its bytes are no RouteConfiguration"
    assert [root.label for root in graph.roots][2:] == ["v1", "v2"]


def test_inbound_chains() -> None:
    before = inbound()
    assert isinstance(before.body, Listener)
    strict = TlsContext(TlsMode.MTLS, identity="default", roots="default", require_client_certificate=True)
    chains = (
        FilterChain("inbound-mtls", strict, filters=(HttpFilter("r", "RBAC", "RBAC: ALLOW 1 rule"),)),
        FilterChain("broken", TlsContext(TlsMode.UNREADABLE), problem="its TLS cannot be read: why"),
    )
    graph = graph_of(before._replace(content=Content.of(before.body._replace(chains=chains))))
    first, second = graph.roots[0].children
    assert first.tls is strict
    assert (first.facts, first.health) == (("STRICT mTLS", "RBAC: ALLOW 1 rule"), Health.OK)
    assert (second.facts, second.health, second.note) == (
        ("TLS that cannot be read",),
        Health.REFUSED,
        "its TLS cannot be read: why",
    )
    assert graph.roots[0].worst is Health.REFUSED


# aggregates


def aggregate(name: str, *children: str) -> Resource:
    return resource(CDS, name, Cluster(name, "AGGREGATE", children=children))


def test_aggregates() -> None:
    name = subset("v1")
    graph = graph_of(
        resource(RDS, ROUTES, routes(Route("r", EVERYTHING, weighted({"both|x|y|z": 1})))),
        aggregate("both|x|y|z", name, "backup", name),
        resource(CDS, name, cluster(name)),
        resource(EDS, name, endpoints(name, "a:1")),
        resource(CDS, "backup", Cluster("backup", "LOGICAL_DNS", dns_name="b.example:443")),
    )
    (both,) = graph.roots[0].children
    assert [child.label for child in both.children] == ["v1", "backup"]
    assert both.children[1].facts == ("plaintext", "LOGICAL_DNS", "b.example:443")


WAITS = [
    pytest.param(
        [resource(CDS, "us", None, status=Status.REQUESTED)], RungName.CLUSTER, id="a member that is asked for"
    ),
    pytest.param([], RungName.CLUSTER, id="a member that is not held"),
    pytest.param(
        [resource(CDS, "us", cluster("us")), resource(EDS, "us", None, status=Status.REQUESTED)],
        RungName.ENDPOINT,
        id="the endpoints of a member",
    ),
]


@pytest.mark.parametrize("routed", [True, False], ids=["routed", "no route leads to it"])
@pytest.mark.parametrize(("member", "name"), WAITS)
def test_an_aggregate_that_waits_does_so_everywhere(member: list[Resource], name: RungName, routed: bool) -> None:
    """gRFC A37, A74: gRPC decides where calls go once it knows of each member; whether a route names it or not."""
    eu = [resource(CDS, "eu", cluster("eu")), resource(EDS, "eu", endpoints("eu", "a:1"))]
    action = RouteAction(ActionKind.FORWARD, (WeightedCluster("all", 1, 1.0),))
    table = routes(Route("r", EVERYTHING, action)) if routed else split_routes({"v1": 20, "v2": 80})
    seen = canary()
    for part in (*eu, *member, aggregate("all", "eu", "us"), resource(RDS, ROUTES, table)):
        seen = with_resource(seen, part)
    graph = build(seen)
    assert next(found for _, found in graph.walk() if found.label == "all").worst is Health.WAITING
    rung = next(rung for rung in config_rungs(seen, graph, NOW) if rung.name is name)
    assert rung.health is Health.WAITING
    assert rung.aside.split(":")[0] in ("us", "of us")


def test_aggregates_that_name_each_other_end() -> None:
    graph = graph_of(
        resource(RDS, ROUTES, routes(Route("r", EVERYTHING, weighted({"a|a|a|a": 1})))),
        aggregate("a|a|a|a", "b", "b"),
        aggregate("b", "a|a|a|a", "b"),
    )
    assert sum(1 for _ in graph.walk()) < 100
    assert graph.roots[0].worst is Health.MISSING
    assert graph.roots[0].children[0].note == "none of its clusters can serve"


def test_aggregates_that_share_members_are_not_multiplied() -> None:
    depth = MAX_AGGREGATE_DEPTH - 2
    resources = [
        aggregate(f"{level}-{index}", *(f"{level + 1}-{below}" for below in range(10)))
        for level in range(depth)
        for index in range(10)
    ]
    route = Route("r", EVERYTHING, weighted({"0-0|x|x|x": 1}))
    top = aggregate("0-0|x|x|x", *(f"0-{index}" for index in range(10)))
    graph = graph_of(resource(RDS, ROUTES, routes(route)), top, *resources)
    assert sum(1 for _ in graph.walk()) < 5_000
    assert any("shown above" in node.facts for _, node in graph.walk())


CHANGES = st.sampled_from(
    [
        resource(RDS, ROUTES, split_routes({"v1": 50, "v2": 50})),
        resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})),
        resource(RDS, ROUTES, None, status=Status.DOES_NOT_EXIST),
        resource(CDS, subset("v1"), None, status=Status.REQUESTED),
        resource(CDS, subset("v1"), cluster(subset("v1"))),
        resource(CDS, subset("v9"), None, status=Status.DOES_NOT_EXIST),
        resource(EDS, subset("v2"), endpoints(subset("v2"))),
        resource(EDS, subset("v2"), endpoints(subset("v2"), "127.0.1.12:17070")),
        inbound(),
        inbound("127.0.1.99:17070"),
    ]
)
REMOVED = st.sampled_from([key(LDS, LISTENER), key(RDS, ROUTES), key(CDS, subset("v1")), key(EDS, subset("v2"))])


@given(st.lists(st.one_of(CHANGES, REMOVED)))
def test_a_graph_that_takes_over_from_the_one_before_is_the_same(moves: list[Resource | ResourceKey]) -> None:
    seen = canary()
    graph = build(seen)
    for move in moves:
        seen = with_resource(seen, move) if isinstance(move, Resource) else without(seen, move)
        graph = build(seen, graph)
        assert graph == build(seen)


def test_what_did_not_change_is_taken_over() -> None:
    seen = canary()
    graph = build(seen)
    assert build(seen, graph).roots[0] is graph.roots[0]
    changed = with_resource(seen, resource(EDS, subset("v2"), endpoints(subset("v2"), "127.0.1.14:17070")))
    after = build(changed, graph)
    assert after.roots[0] is not graph.roots[0]
    assert after.roots[1] is graph.roots[1]


def test_endpoints_that_many_clusters_read_are_made_once() -> None:
    names = [subset(f"v{number}") for number in range(50)]
    clusters = [resource(CDS, name, cluster(name)._replace(endpoints_name="shared")) for name in names]
    graph = build(snapshot([*clusters, resource(EDS, "shared", endpoints("shared", "10.0.0.1:1", "10.0.0.2:1"))]))
    leaves = {id(child) for node in graph.distinct() if node.kind is NodeKind.CLUSTER for child in node.children}
    assert len(leaves) == 2


def many_routes_to_one_cluster(routes_: int, places: int) -> Graph:
    name = "outbound|80||s.ns.svc.cluster.local"
    table = routes(*(Route(f"r{number}", EVERYTHING, weighted({name: 1})) for number in range(routes_)))
    return build(
        snapshot(
            [
                resource(LDS, LISTENER, Listener(LISTENER, inbound=False, route_name=ROUTES)),
                resource(RDS, ROUTES, table),
                resource(CDS, name, cluster(name)),
                resource(EDS, name, endpoints(name, *(f"10.0.0.1:{number}" for number in range(1, places + 1)))),
            ]
        )
    )


def test_what_many_share_is_listed_under_each() -> None:
    listed = list(many_routes_to_one_cluster(3, 5).listed())
    assert [depth for depth, _, _ in listed] == [0, 1, *[2, 3, *[4] * 5] * 3]
    assert all(whole for _, _, whole in listed)


def test_what_very_many_share_is_listed_again_until_its_lines_are_spent() -> None:
    listed = list(many_routes_to_one_cluster(400, 1_000).listed())
    clusters = [whole for _, node, whole in listed if node.kind is NodeKind.CLUSTER]
    again = MOST_REPEATED // 1_000
    assert clusters == [True] * (1 + again) + [False] * (399 - again)
    assert sum(node.kind is NodeKind.ENDPOINT for _, node, _ in listed) == 1_000 * (1 + again)
    assert list(many_routes_to_one_cluster(1, 1_000).listed())[-1][2]
