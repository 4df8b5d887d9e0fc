"""Serving in spite of trouble: what gRPC would pick, on public reports and captures of a real Istio."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.finding import Severity
from meshtui.model.split.expectation import expectation_for
from meshtui.model.xds.clients import Client, Language
from meshtui.model.xds.config import (
    Cluster,
    ClusterLoadAssignment,
    Drop,
    Endpoint,
    EndpointHealth,
    Locality,
    Policy,
)
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.readings import policy_of
from meshtui.model.xds.resource import CDS, EDS, Health
from meshtui.model.xds.serving import dropped, serving, serving_note
from tests.cases import alarms, capture, case, findings, nodes
from tests.world.config import canary, cluster, resource, subset, with_resource

ECHO = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def place(name: str, *healths: EndpointHealth, priority: int = 0, weight: int = 1, revision: str = "") -> Locality:
    found = tuple(Endpoint(f"{name}{number}:1", health, revision=revision) for number, health in enumerate(healths))
    return Locality(region=name, zone="", sub_zone="", priority=priority, weight=weight, endpoints=found)


WELL, ILL, UNKNOWN = EndpointHealth.HEALTHY, EndpointHealth.UNHEALTHY, EndpointHealth.UNKNOWN


def test_one_pod_of_three_drains_in_a_rolling_update() -> None:
    """gRPC sends the calls to the other two: nothing fails, and nothing is to be found."""
    seen = case("rolling-update-one-unhealthy")
    graph = build(seen)
    assert findings(seen) == ()
    assert graph.roots[0].worst is Health.DEGRADED
    assert nodes(graph, "v2")[0].note == "1 of 3 endpoints out: the others serve"
    assert nodes(graph, "10.0.1.3:17070")[0].health is Health.DEGRADED


def test_an_aggregate_goes_over_to_its_next_member() -> None:
    """gRFC A37: a warning about the first member, and no word of calls that fail."""
    seen = case("aggregate-fallback")
    (found,) = findings(seen)
    assert (found.code, found.severity) == ("failed-over", Severity.WARNING)
    assert found.title == "Cluster shop-all failed over to shop-dns"
    assert build(seen).roots[0].worst is Health.DEGRADED


def test_calls_that_the_client_drops() -> None:
    """gRFC A32: all of 80 % and 30 % of 20 % fail in the client, though every endpoint is healthy."""
    seen = case("drop-overload-all")
    assert alarms(seen) == [
        "80 % of calls to echo.shop:7070 are dropped by the client",
        "6 % of calls to echo.shop:7070 are dropped by the client",
    ]
    graph = build(seen)
    assert nodes(graph, "v1")[0].note == "drops 30 % of its calls"
    assert (nodes(graph, "v1")[0].health, nodes(graph, "v2")[0].health) == (Health.DEGRADED, Health.MISSING)


def test_drops_of_several_categories_look_at_what_is_left() -> None:
    assert dropped((Drop("a", 0.5), Drop("b", 0.5))) == pytest.approx(0.75)
    assert dropped(()) == 0


def test_a_split_by_locality_is_tested() -> None:
    """localityLbSetting.distribute makes EDS weights: 80 % to one place, 20 % to the other, as ForwardEcho saw."""
    seen = capture("dr-locality")
    expected = expectation_for(seen, ECHO, {})
    assert dict(expected.weights) == pytest.approx({"v1": 0.8, "v2": 0.2})
    assert sorted(expected.by_locality) == ["v1", "v2"]
    (found,) = nodes(build(seen), "echo")
    assert found.facts[-1] == "by locality: 80 % eu-west/eu-west-1a/rack1, 20 % eu-west/eu-west-1b/rack2"


def test_priorities_are_no_split() -> None:
    """outlierDetection makes istiod send priorities by locality: all calls go to the first."""
    assert expectation_for(capture("dr-outlier"), ECHO, {}).weights == (("v2", 1.0),)


@pytest.mark.parametrize(
    "name",
    [
        "plain-idle-v1", "plain-idle-v2", "names", "mtls-strict", "agent-echo123", "dr-leastreq", "dr-random",
        "dr-locality", "dr-outlier", "dr-simple-tls", "dr-mutual-tls", "vs-regex", "vs-retry", "vs-timeout",
    ],
)  # fmt: skip
def test_healthy_captures_are_whole(name: str) -> None:
    seen = capture(name)
    assert alarms(seen) == []
    assert {node.worst for _, node in build(seen).walk()} == {Health.OK}


def test_a_later_priority_takes_over() -> None:
    found = serving(ClusterLoadAssignment("c", (place("eu-a", ILL), place("eu-b", WELL, UNKNOWN, priority=1))))
    assert found.can_serve
    assert serving_note(found) == "failed over to eu-b: no endpoint of a priority before it can serve"


def test_there_is_no_panic() -> None:
    found = serving(ClusterLoadAssignment("c", (place("eu-a", ILL, ILL),)))
    assert not found.can_serve


def test_a_locality_that_cannot_serve_gives_its_share_to_the_others() -> None:
    """So do those of weight 0 and of later priorities, which take nothing."""
    places = (
        place("a", ILL, weight=80),
        place("b", WELL, weight=15),
        place("c", WELL, weight=5),
        place("d", WELL, weight=0),
        place("e", WELL, weight=9, priority=1),
    )
    shares = serving(ClusterLoadAssignment("c", places)).shares()
    assert {locality.region: share for locality, share in shares} == pytest.approx({"b": 0.75, "c": 0.25})


def test_failover_is_found_in_a_mesh() -> None:
    name = subset("v2")
    body = ClusterLoadAssignment(name, (place("eu-a", ILL), place("eu-b", WELL, priority=1)))
    assert alarms(with_resource(canary(), resource(EDS, name, body))) == ["Cluster v2 failed over to eu-b"]


def test_least_request_draws_localities_in_java_alone() -> None:
    least = Cluster("c", "EDS", old_policy=Policy("LEAST_REQUEST"))
    assert policy_of(least, Client(Language.JAVA)).by_locality
    assert not policy_of(least, Client(Language.GO)).by_locality


def test_an_aggregate_whose_members_are_all_out() -> None:
    parts = [resource(CDS, "all", Cluster("all", "AGGREGATE", children=("a", "b")))]
    for name in ("a", "b"):
        parts += [
            resource(CDS, name, cluster(name)),
            resource(EDS, name, ClusterLoadAssignment(name, (place(name, ILL),))),
        ]
    seen = replace(canary(), resources={part.key: part for part in parts})
    (found,) = nodes(build(seen), "all")
    assert (found.health, found.note) == (Health.MISSING, "none of its clusters can serve")


@pytest.mark.parametrize(("health", "able"), [(WELL, False), (ILL, True)])
def test_a_member_that_lets_no_request_through_is_failed_over_from_only_when_its_endpoints_are(
    health: EndpointHealth, able: bool
) -> None:
    """gRFC A32's limit is the picker's, so that endpoints are READY behind it: A37's aggregate stays with them.

    Seen of C-core, grpc-go and grpc-java in tests/peers/test_aggregates.py.
    """
    parts = [
        resource(CDS, "all", Cluster("all", "AGGREGATE", children=("a", "b"))),
        resource(CDS, "a", cluster("a")._replace(max_requests=0)),
        resource(EDS, "a", ClusterLoadAssignment("a", (place("a", health),))),
        resource(CDS, "b", cluster("b")),
        resource(EDS, "b", ClusterLoadAssignment("b", (place("b", WELL),))),
    ]
    (found,) = nodes(build(replace(canary(), resources={part.key: part for part in parts})), "all")
    assert found.serves.able is able


def test_of_a_member_that_is_waited_for_nothing_is_said() -> None:
    parts = [
        resource(CDS, "all", Cluster("all", "AGGREGATE", children=("a", "b"))),
        resource(CDS, "b", cluster("b")),
        resource(EDS, "b", ClusterLoadAssignment("b", (place("b", WELL),))),
    ]
    seen = replace(canary(), resources={part.key: part for part in parts})
    (found,) = nodes(build(seen), "all")
    assert (found.health, found.worst) == (Health.OK, Health.WAITING)
