"""The shares the accepted config asks for."""

from __future__ import annotations

import pytest

from meshtui.model.split.assessment import assess
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.expectation import expectation_for
from meshtui.model.split.words import verdict_words
from meshtui.model.xds.config import (
    ROUND_ROBIN,
    ActionKind,
    ClusterLoadAssignment,
    Endpoint,
    EndpointHealth,
    Listener,
    Locality,
    Route,
    RouteAction,
    RouteMatch,
)
from meshtui.model.xds.filters import Fault, HttpFilter
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Status
from meshtui.model.xds.snapshot import Snapshot
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    cluster,
    endpoints,
    header_equals,
    key,
    resource,
    routes,
    split_routes,
    subset,
    weighted,
    with_resource,
    without,
)

URL = f"xds:///{LISTENER}"


def test_weights_become_shares() -> None:
    found = expectation_for(canary(), URL, {})
    assert found.testable
    assert found.shares == {"v1": pytest.approx(0.2), "v2": pytest.approx(0.8)}
    assert found.label == "virtual-service/echo-grpc/echo-weights"
    assert found.notes == ("subset v1, v2 is taken for the version of that name",)


def test_the_request_picks_the_route() -> None:
    conditional = Route("canary", RouteMatch(EVERYTHING.path, (header_equals("x-canary", "1"),)), weighted({"v2": 1}))
    seen = with_resource(
        canary(), resource(RDS, ROUTES, routes(conditional, Route("rest", EVERYTHING, weighted({"v1": 1}))))
    )
    assert expectation_for(seen, URL, {"x-canary": "1"}).shares == {"v2": 1.0}
    assert expectation_for(seen, URL, {}).shares == {"v1": 1.0}


def test_calls_that_config_aborts_get_no_answer() -> None:
    """gRFC A33, A39: a fault of one destination changes the shares of the answers; one of the route does not."""
    fault = Fault(aborted=0.5, status="UNAVAILABLE")
    override = HttpFilter("fault", "HTTPFault", fault.words, fault)
    first, second = weighted({"v1": 50, "v2": 50}).clusters
    listener = Listener(LISTENER, inbound=False, route_name=ROUTES, filters=(HttpFilter("fault", "HTTPFault"),))
    action = weighted({"v1": 50, "v2": 50})._replace(clusters=(first, second._replace(overrides=(override,))))
    seen = with_resource(canary(), resource(LDS, LISTENER, listener))
    of_one = with_resource(seen, resource(RDS, ROUTES, routes(Route("r", EVERYTHING, action))))
    found = expectation_for(of_one, URL, {})
    assert found.shares == {"v1": pytest.approx(2 / 3), "v2": pytest.approx(1 / 3)}
    assert found.notes[0] == "50 % of calls to v2 are dropped or aborted by config"
    route = Route("r", EVERYTHING, weighted({"v1": 50, "v2": 50}), faults=(override,))
    of_all = with_resource(seen, resource(RDS, ROUTES, routes(route)))
    assert expectation_for(of_all, URL, {}).shares == {"v1": pytest.approx(0.5), "v2": pytest.approx(0.5)}


def workloads(seen: Snapshot, **versions: str) -> Snapshot:
    for name, version in versions.items():
        full = subset(name)
        body = endpoints(full, "127.0.1.11:17070", workload=f"echo-{version}", revision=version)
        seen = with_resource(seen, resource(EDS, full, body))
    return seen


def test_the_endpoints_workload_names_the_version() -> None:
    found = expectation_for(workloads(canary(), v1="stable", v2="next"), URL, {})
    assert set(found.shares) == {"stable", "next"}
    assert found.notes == ()


def test_subset_names_that_fit_no_version_are_no_evidence() -> None:
    found = expectation_for(canary(), URL, {}, versions_seen=frozenset({"2026-07", "2026-08"}))
    assert not found.testable
    assert "say which subset is which version" in found.reason


def test_one_unexpected_version_does_not_make_names_doubtful() -> None:
    found = expectation_for(canary(), URL, {}, versions_seen=frozenset({"v1", "v3"}))
    assert found.testable


def test_a_mapping_by_hand_wins() -> None:
    found = expectation_for(canary(), URL, {}, mapping={"v1": "blue", subset("v2"): "green"})
    assert found.shares == {"blue": pytest.approx(0.2), "green": pytest.approx(0.8)}


def test_one_cluster_without_subset_is_not_tested() -> None:
    whole = ROUTES
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({whole: 1})))
    seen = with_resource(seen, resource(CDS, whole, cluster(whole)))
    found = expectation_for(seen, URL, {})
    assert not found.testable
    assert "ROUND_ROBIN" in found.reason
    hashed = with_resource(seen, resource(CDS, whole, cluster(whole, policy="RING_HASH")))
    assert "no key that gRPC hashes" in expectation_for(hashed, URL, {}).reason


def test_a_share_without_a_version_is_not_tested() -> None:
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 50, ROUTES: 50})))
    seen = with_resource(seen, resource(CDS, ROUTES, cluster(ROUTES)))
    assert "does not say which version" in expectation_for(seen, URL, {}).reason


def test_config_is_arriving_until_all_of_it_is_there_or_known_not_to_come() -> None:
    assert not expectation_for(canary(), URL, {}).arriving
    for type_ in (CDS, EDS):
        absent = without(canary(), key(type_, subset("v1")))
        assert expectation_for(absent, URL, {}).arriving
        asked = with_resource(absent, resource(type_, subset("v1"), None, status=Status.REQUESTED))
        assert expectation_for(asked, URL, {}).arriving
        gone = with_resource(absent, resource(type_, subset("v1"), None, status=Status.DOES_NOT_EXIST))
        assert not expectation_for(gone, URL, {}).arriving
    unused = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 100, "v2": 0})))
    assert not expectation_for(without(unused, key(CDS, subset("v2"))), URL, {}).arriving


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.DOES_NOT_EXIST])
def test_a_missing_cluster_keeps_the_old_split(status: Status) -> None:
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})))
    assert "names v9, which is not there" in expectation_for(seen, URL, {}).reason
    asked = with_resource(seen, resource(CDS, subset("v9"), None, status=status))
    assert "names v9, which is not there" in expectation_for(asked, URL, {}).reason


def test_a_weight_of_zero_is_no_destination() -> None:
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 100, "v2": 0})))
    assert expectation_for(seen, URL, {}).shares == {"v1": 1.0}


def test_no_route_no_test() -> None:
    assert not expectation_for(canary(), "grpc://x", {}).testable
    assert not expectation_for(without(canary(), key(RDS, ROUTES)), URL, {}).testable


def by_locality(seen: Snapshot, name: str, *versions: str) -> Snapshot:
    """A locality for each of the versions, of one weight."""
    full = subset(name)
    places = tuple(
        Locality(
            region=f"r{number}",
            zone="",
            sub_zone="",
            priority=0,
            weight=1,
            endpoints=(Endpoint(f"10.0.{number}.1:17070", revision=version),),
        )
        for number, version in enumerate(versions)
    )
    drawn = cluster(full)._replace(policies=(ROUND_ROBIN,))
    seen = with_resource(seen, resource(CDS, full, drawn))
    return with_resource(seen, resource(EDS, full, ClusterLoadAssignment(full, places)))


def test_localities_are_drawn_among_those_that_are_connected() -> None:
    found = expectation_for(by_locality(canary(), "v2", "new", "newest"), URL, {})
    assert found.shares == {"v1": pytest.approx(0.2), "new": pytest.approx(0.4), "newest": pytest.approx(0.4)}
    assert found.by_locality == ("new", "newest"), "of v1 every answer is a draw of the weighted cluster"


def test_a_version_of_several_localities_does_not_tell_which_are_connected() -> None:
    for versions in (("new", "new", "newest"), ("v1", "new")):
        found = expectation_for(by_locality(canary(), "v2", *versions), URL, {})
        assert not found.testable
        assert "answers from several places" in found.reason


def test_localities_of_one_version_are_no_matter_of_connections() -> None:
    found = expectation_for(by_locality(canary(), "v2", "v2", "v2"), URL, {})
    assert (found.testable, found.by_locality) == (True, ())


def test_a_later_priority_is_where_grpc_fails_over_to() -> None:
    """As istiod makes it of outlierDetection: the nearest locality first (gRFC A56)."""
    full = subset("v2")
    seen = by_locality(canary(), "v2", "new", "old")
    body = seen.resources[key(EDS, full)].body
    assert isinstance(body, ClusterLoadAssignment)
    first, second = body.localities
    ordered = body._replace(localities=(first, second._replace(priority=1)))
    found = expectation_for(with_resource(seen, resource(EDS, full, ordered)), URL, {})
    assert found.shares == {"v1": pytest.approx(0.2), "new": pytest.approx(0.8)}
    assert (found.by_locality, found.fallbacks) == ((), ("old",))
    said = verdict_words(assess(SplitCounts({"v1": 20, "old": 80}), found))
    assert said.sentence.startswith("mismatch: old answered 80 times.")
    assert "reaches no endpoint of a priority before it" in said.text


def test_a_destination_whose_endpoints_are_not_there_answers_nothing() -> None:
    """Its EDS resource does not exist: the share fails as that of a cluster with no endpoint in it."""
    seen = with_resource(canary(), resource(EDS, subset("v2"), None, status=Status.DOES_NOT_EXIST))
    found = expectation_for(seen, URL, {})
    assert found.shares == {"v1": 1.0}
    assert found.notes[0] == "no call to v2 is served: its endpoints are not there"


def test_a_destination_that_cannot_serve_answers_nothing() -> None:
    """Its share fails in the client (gRFC A27), and all answers come from the others."""
    ill = endpoints(subset("v2"), "127.0.1.12:17070", revision="v2", health=EndpointHealth.UNHEALTHY)
    found = expectation_for(with_resource(canary(), resource(EDS, subset("v2"), ill)), URL, {})
    assert found.shares == {"v1": 1.0}
    assert found.notes[0] == "no call to v2 is served: none of its endpoints can"


def test_a_name_beside_versions_that_are_known_is_doubted_by_an_answer_it_does_not_explain() -> None:
    """v1's endpoints say their version, those of the other subset do not: its name may be none."""
    seen = workloads(canary(), v1="a")
    assert expectation_for(seen, URL, {}, versions_seen=frozenset({"a"})).testable
    found = expectation_for(seen, URL, {}, versions_seen=frozenset({"a", "b"}))
    assert not found.testable
    assert "say which subset is which version" in found.reason
    assert expectation_for(seen, URL, {}, versions_seen=frozenset({"a", "v2", "b"})).testable


def test_a_cluster_that_lets_no_call_through_answers_nothing() -> None:
    """gRFC A32: a circuit breaker of 0 requests fails every call, so that all answers come from the other cluster."""
    shut = cluster(subset("v1"))._replace(max_requests=0)
    seen = with_resource(canary(), resource(CDS, subset("v1"), shut))
    found = expectation_for(seen, URL, {})
    assert (found.shares, found.notes[0]) == (
        {"v2": 1.0},
        "no call to v1 is served: its limit of 0 requests lets none through",
    )
    alone = with_resource(seen, resource(RDS, ROUTES, split_routes({"v1": 1})))
    assert expectation_for(alone, URL, {}).reason == (
        "The config serves no call, so that no answer is expected "
        "(no call to v1 is served: its limit of 0 requests lets none through)."
    )


def test_a_cluster_that_a_plugin_picks_is_no_split() -> None:
    action = RouteAction(ActionKind.FORWARD, detail="the plugin rls picks the cluster")
    seen = with_resource(canary(), resource(RDS, ROUTES, routes(Route("r", EVERYTHING, action))))
    found = expectation_for(seen, URL, {})
    assert not found.testable
    assert found.reason == (
        "Of the matching route the plugin rls picks the cluster, call by call: the config asks for no split."
    )


def test_the_labels_of_pods_say_which_version_answers() -> None:
    """A subset need not be called as its version, and istiod may say none, or that of another label."""
    unlike = {"10.0.0.1": "blue", "10.0.0.2": "green"}
    seen = with_resource(
        with_resource(
            canary(), resource(EDS, subset("v1"), endpoints(subset("v1"), "10.0.0.1:17070", revision="1.4.2"))
        ),
        resource(EDS, subset("v2"), endpoints(subset("v2"), "10.0.0.2:17070")),
    )
    found = expectation_for(seen, URL, {}, pod_versions=unlike)
    assert found.shares == {"blue": pytest.approx(0.2), "green": pytest.approx(0.8)}
    assert found.notes == ()
    # what a person says stands above it, and a pod without a label leaves what istiod says
    assert expectation_for(seen, URL, {}, pod_versions=unlike, mapping={"v1": "one"}).shares["one"] == pytest.approx(
        0.2
    )
    assert set(expectation_for(seen, URL, {}, pod_versions={"10.0.0.2": "green"}).shares) == {"1.4.2", "green"}


def test_pods_of_several_versions_behind_one_cluster_are_told_apart_by_their_labels() -> None:
    seen = with_resource(canary(), resource(EDS, subset("v1"), endpoints(subset("v1"), "10.0.0.1:1", "10.0.0.2:1")))
    found = expectation_for(seen, URL, {}, pod_versions={"10.0.0.1": "blue", "10.0.0.2": "green"})
    assert not found.testable
    assert "holds several versions" in found.reason
