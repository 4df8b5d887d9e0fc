"""What stands in the tree of a part of the config that the client does not read, or only a later release of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.xds.config import EndpointHealth, Listener, Outliers, Route, RouteConfiguration, TlsContext, TlsMode
from meshtui.model.xds.filters import Fault, HttpFilter, faults_in_force, merged
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS
from meshtui.model.xds.snapshot import Snapshot
from tests.cases import nodes
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    cluster,
    endpoints,
    resource,
    routes,
    split_routes,
    subset,
    weighted,
    with_resource,
)

ABORT = Fault(aborted=0.5, status="UNAVAILABLE")
FAULTY = HttpFilter("fault", "HTTPFault", ABORT.words, ABORT)
IDLE = HttpFilter("fault", "HTTPFault", "", Fault())


def of(seen: Snapshot, name: str, version: str) -> Snapshot:
    return replace(seen, node=replace(seen.node, user_agent=name, user_agent_version=version))


def facts(seen: Snapshot, label: str) -> tuple[str, ...]:
    return nodes(build(seen), label)[0].facts


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("gRPC Go", "1.50.0", "outlier detection by success rate"),
        (
            "gRPC Go",
            "1.48.0",
            "outlier detection by success rate: not read (since 1.50, before it only with "
            "GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION=true)",
        ),
        ("gRPC Java", "1.48.0", "outlier detection by success rate: not read (since 1.49)"),
        ("gRPC Go", "", "outlier detection by success rate, if this client reads it"),
        (
            "gRPC C-core linux Python",
            "C-core 58.0.0 Python 1.85.1",
            "outlier detection by consecutive errors: not read",
        ),
    ],
)
def test_outlier_detection_and_who_has_it(name: str, version: str, words: str) -> None:
    """gRFC A50; C-core reads a success rate only where it is said (xds_cluster_parser.cc)."""
    body = cluster(subset("v1"))._replace(outliers=Outliers(None, 0, consecutive=True))
    seen = of(with_resource(canary(), resource(CDS, subset("v1"), body)), name, version)
    assert facts(seen, "v1")[-1].startswith(words)


def with_route(route: Route, *filters: HttpFilter) -> Snapshot:
    listener = Listener(LISTENER, inbound=False, route_name=ROUTES, filters=filters)
    seen = with_resource(canary(), resource(LDS, LISTENER, listener))
    return of(with_resource(seen, resource(RDS, ROUTES, routes(route))), "gRPC Go", "1.78.0")


def test_a_cookie_gives_no_hash() -> None:
    """gRFC A42: where no policy gives a hash, each call gets a random one."""
    action = weighted({"v1": 1, "v2": 1})._replace(other_hash_keys=("cookie session",))
    seen = with_route(Route("r", EVERYTHING, action))
    assert facts(seen, ROUTES) == ("each call hashes at random", "gRPC ignores hash on cookie session")
    action = action._replace(hash_on=("header x-user",))
    seen = with_route(Route("r", EVERYTHING, action))
    assert facts(seen, ROUTES) == ("hash on header x-user", "gRPC ignores hash on cookie session")


def test_what_only_envoy_does() -> None:
    action = weighted({"v1": 1})._replace(mirrors=(subset("v2"),), rewrites="path to /x", header_changes="x-a")
    seen = with_route(Route("r", EVERYTHING, action))
    (fact,) = facts(seen, ROUTES)
    assert fact == "gRPC ignores mirror to echo v2, rewrite of the path to /x, change of headers x-a"


def test_a_fault_of_one_destination() -> None:
    """gRFC A39: the weighted cluster's override is the most specific."""
    action = weighted({"v1": 1, "v2": 1})
    first, second = action.clusters
    action = action._replace(clusters=(first, second._replace(overrides=(FAULTY,))))
    seen = with_route(Route("r", EVERYTHING, action), IDLE)
    assert facts(seen, "v2")[1] == "aborts 50 % with UNAVAILABLE"
    assert facts(seen, "v1") == ("mTLS",)


def test_an_override_without_its_filter() -> None:
    """gRFC A39: an override is for the filter of that name, and there is none."""
    seen = with_route(Route("r", EVERYTHING, weighted({"v1": 1}), faults=(FAULTY,)))
    assert facts(seen, ROUTES) == ("aborts 50 % with UNAVAILABLE: not in force, the listener has no filter fault",)


def test_a_route_without_the_listeners_fault() -> None:
    seen = with_route(Route("r", EVERYTHING, weighted({"v1": 1}), faults=(IDLE,)), FAULTY)
    assert facts(seen, ROUTES) == ("without the listener's fault",)


def test_overrides_of_the_table_are_not_read() -> None:
    body = split_routes({"v1": 1})._replace(overrides=("fault",))
    assert isinstance(body, RouteConfiguration)
    seen = with_resource(canary(), resource(RDS, ROUTES, body))
    assert facts(seen, ROUTES)[-1] == "override of fault for all hosts: not read by gRPC"


def test_a_filter_that_is_to_be_off_stays() -> None:
    off = FAULTY._replace(off=True)
    seen = with_route(Route("r", EVERYTHING, weighted({"v1": 1})), off)
    (fact,) = build(seen).roots[0].facts
    assert fact.startswith("aborts 50 % with UNAVAILABLE stays in force: fault asked to be off: not read")


def test_both_addresses_of_an_endpoint() -> None:
    body = endpoints(subset("v1"), "10.0.0.1:7070")
    place = body.localities[0]
    both = place.endpoints[0]._replace(more=("[fd00::1]:7070",))
    body = body._replace(localities=(place._replace(endpoints=(both,)),))
    seen = with_resource(canary(), resource(EDS, subset("v1"), body))
    assert facts(of(seen, "gRPC Go", "1.71.0"), "10.0.0.1:7070")[-1] == "also [fd00::1]:7070"
    assert "not read" in facts(of(seen, "gRPC Go", "1.70.0"), "10.0.0.1:7070")[-1]


def test_sni() -> None:
    """gRFC A101."""
    tls = TlsContext(TlsMode.TLS, roots="default", sni="a.example", checks_sni=True)
    seen = with_resource(canary(), resource(CDS, subset("v1"), cluster(subset("v1"), tls)))
    words = "SNI a.example, which its certificate must have"
    assert facts(of(seen, "gRPC Java", "1.77.0"), "v1") == ("TLS", words)
    assert facts(of(seen, "gRPC Java", "1.76.0"), "v1")[1] == f"{words}: not read (since 1.77)"


def test_the_most_specific_override_wins() -> None:
    delay = Fault(delayed=1.0, delay=2.0)
    delaying = HttpFilter("fault", "HTTPFault", delay.words, delay)
    assert faults_in_force((IDLE,), merged((FAULTY,), (delaying,)), off_is_read=True) == (delay,)
    assert faults_in_force((FAULTY,), (), off_is_read=True) == (ABORT,)
    assert faults_in_force((FAULTY,), (IDLE,), off_is_read=True) == ()
    off = FAULTY._replace(off=True)
    assert faults_in_force((off,), (), off_is_read=True) == ()
    assert faults_in_force((off,), (), off_is_read=False) == (ABORT,)
    assert faults_in_force((off,), (FAULTY,), off_is_read=True) == (ABORT,)
    assert faults_in_force((), (FAULTY,), off_is_read=True) == ()


@pytest.mark.parametrize(
    ("name", "version", "note"),
    [
        ("gRPC C-core linux Python", "C-core 58.0.0 Python 1.85.1", "gRPC sends only the calls of its sessions here"),
        ("gRPC Go", "1.78.0", "gRPC sends nothing here"),
    ],
)
def test_an_endpoint_that_drains_keeps_its_sessions(name: str, version: str, note: str) -> None:
    """gRFC A55: where the cluster lets it, and the client has stateful sessions; grpc-go has none."""
    draining = endpoints(subset("v1"), "10.0.0.1:7070", "10.0.0.2:7070")
    place = draining.localities[0]
    first, second = place.endpoints
    place = place._replace(endpoints=(first._replace(health=EndpointHealth.DRAINING), second))
    body = cluster(subset("v1"))._replace(kept_for_sessions=("UNKNOWN", "HEALTHY", "DRAINING"))
    seen = with_resource(canary(), resource(EDS, subset("v1"), draining._replace(localities=(place,))))
    seen = of(with_resource(seen, resource(CDS, subset("v1"), body)), name, version)
    assert nodes(build(seen), "10.0.0.1:7070")[0].note == note
