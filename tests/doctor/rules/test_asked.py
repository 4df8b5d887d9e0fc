"""What config does to calls by itself, at each layer, and what of it the client does not read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.finding import Finding, Severity
from meshtui.model.xds.config import (
    PLAINTEXT,
    FilterChain,
    HeaderMatch,
    Listener,
    MatchKind,
    Outliers,
    Route,
    RouteMatch,
    StringMatch,
)
from meshtui.model.xds.filters import Fault, HttpFilter
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, LDS, RDS, Health, worst
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.ladder_config import config_rungs
from tests.cases import alarms, case, findings
from tests.world.clock import NOW
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    cluster,
    resource,
    routes,
    split_routes,
    subset,
    weighted,
    with_resource,
)

IDLE = HttpFilter("fault", "HTTPFault", "", Fault())
BETA = RouteMatch(
    StringMatch(MatchKind.PREFIX, ""), headers=(HeaderMatch("x-beta", StringMatch(MatchKind.EXACT, "1")),)
)


def faulty(fault: Fault) -> HttpFilter:
    return HttpFilter("fault", "HTTPFault", fault.words, fault)


ABORT = faulty(Fault(aborted=0.5, status="UNAVAILABLE"))


def client(seen: Snapshot, name: str, version: str) -> Snapshot:
    return replace(seen, node=replace(seen.node, user_agent=name, user_agent_version=version))


def mesh(*table: Route, filters: tuple[HttpFilter, ...] = (IDLE,)) -> Snapshot:
    listener = Listener(LISTENER, inbound=False, route_name=ROUTES, filters=filters)
    seen = with_resource(canary(), resource(LDS, LISTENER, listener))
    return client(with_resource(seen, resource(RDS, ROUTES, routes(*table))), "gRPC Go", "1.78.0")


def injected(seen: Snapshot) -> list[Finding]:
    return [finding for finding in findings(seen) if finding.code == "faults-injected"]


def ignored(seen: Snapshot) -> list[Finding]:
    return [finding for finding in findings(seen) if finding.code == "config-not-read"]


def test_a_fault_of_the_listener() -> None:
    (found,) = injected(mesh(Route("r", EVERYTHING, weighted({"v1": 1})), filters=(ABORT,)))
    assert found.title == "50 % of calls to echo.echo-grpc:7070 are aborted by config"
    assert found.severity is Severity.WARNING
    assert "aborts 50 % with UNAVAILABLE" in found.explanation


@pytest.mark.parametrize(
    ("fault", "health"),
    [
        (Fault(aborted=1.0, status="UNAVAILABLE"), Health.MISSING),
        (Fault(aborted=0.5, status="UNAVAILABLE"), Health.DEGRADED),
        (Fault(delayed=1.0, delay=2.0), Health.DEGRADED),
        (Fault(aborted=1.0), Health.OK),
    ],
)
def test_tree_and_ladder_have_what_a_fault_does(fault: Fault, health: Health) -> None:
    """No check mark over calls that config itself fails."""
    seen = mesh(Route("r", EVERYTHING, weighted({"v1": 1})), filters=(faulty(fault),))
    graph = build(seen)
    assert graph.roots[0].worst is health
    assert worst(*(rung.health for rung in config_rungs(seen, graph, NOW) if rung.health is not None)) is health
    assert [finding.code for finding in findings(seen)] == (["faults-injected"] if health is not Health.OK else [])


def test_a_fault_of_the_route_or_its_virtual_host() -> None:
    late = faulty(Fault(delayed=0.1, delay=2.0))
    route = Route("r", EVERYTHING, weighted({"v1": 1}), faults=(late,), origin="virtual-service/echo-grpc/echo")
    (found,) = injected(mesh(route))
    assert found.title == "10 % of calls to echo.echo-grpc:7070 are delayed by config"
    assert found.evidence == ("(everything else): delays 10 % by 2 s",)
    assert "virtual-service/echo-grpc/echo" in found.fix


def test_a_fault_of_a_weighted_cluster_is_of_its_share() -> None:
    """gRFC A39: the weighted cluster's override stands before the route's."""
    action = weighted({"v1": 80, "v2": 20})
    first, second = action.clusters
    action = action._replace(clusters=(first, second._replace(overrides=(ABORT,))))
    (found,) = injected(mesh(Route("r", EVERYTHING, action)))
    assert found.title == "10 % of calls to echo.echo-grpc:7070 are aborted by config"
    assert injected(mesh(Route("r", EVERYTHING, action, faults=(ABORT,))))[0].title.startswith("50 % of calls")


def test_a_fault_of_one_route_of_several() -> None:
    table = (Route("b", BETA, weighted({"v2": 1}), faults=(ABORT,)), Route("r", EVERYTHING, weighted({"v1": 1})))
    (found,) = injected(mesh(*table))
    assert found.title == "50 % of calls to echo.echo-grpc:7070 that match header x-beta=1 are aborted by config"


def test_all_calls_aborted_is_an_error() -> None:
    whole = faulty(Fault(aborted=1.0, status="UNAVAILABLE"))
    (found,) = injected(mesh(Route("r", EVERYTHING, weighted({"v1": 1}), faults=(whole,))))
    assert found.severity is Severity.ERROR
    assert found.title == "All calls to echo.echo-grpc:7070 are aborted by config"


@pytest.mark.parametrize(
    "override",
    [
        faulty(Fault(aborted=1.0)),
        faulty(Fault(delayed=1.0, delay=None)),
        ABORT._replace(name="another"),
        IDLE,
    ],
)
def test_faults_that_touch_no_call(override: HttpFilter) -> None:
    """Faults that a call asks for by a header, and an override of a filter that the listener does not have."""
    assert injected(mesh(Route("r", EVERYTHING, weighted({"v1": 1}), faults=(override,)))) == []


def test_a_route_may_lift_the_listeners_fault() -> None:
    assert injected(mesh(Route("r", EVERYTHING, weighted({"v1": 1}), faults=(IDLE,)), filters=(ABORT,))) == []


def test_an_override_of_the_table_touches_no_call() -> None:
    """gRFC A39: gRPC reads none there, and says nothing."""
    seen = mesh(Route("r", EVERYTHING, weighted({"v1": 1})))
    table = split_routes({"v1": 1})._replace(overrides=("fault",))
    seen = with_resource(seen, resource(RDS, ROUTES, table))
    assert injected(seen) == []
    assert [found.title for found in ignored(seen)] == [
        "grpc-go 1.78 ignores a filter override of a route configuration"
    ]


def test_a_client_that_is_too_old_for_faults() -> None:
    seen = client(mesh(Route("r", EVERYTHING, weighted({"v1": 1})), filters=(ABORT,)), "gRPC Java", "1.36.0")
    assert injected(seen) == []
    found = next(found for found in ignored(seen) if "fault injection" in found.title)
    assert found.title == "grpc-java 1.36 ignores fault injection"
    assert found.fix == "update the app to grpc-java 1.37.1 or newer"


def outliers() -> Snapshot:
    body = cluster(subset("v1"))._replace(outliers=Outliers(None, 0, consecutive=True))
    return with_resource(canary(), resource(CDS, subset("v1"), body))


def test_outlier_detection_of_an_old_client() -> None:
    """gRFC A50; grpc-go has it since 1.50, before that by its environment."""
    (found,) = ignored(client(outliers(), "gRPC Go", "1.48.0"))
    assert (found.code, found.severity) == ("config-not-read", Severity.INFO)
    assert found.title == "grpc-go 1.48 ignores outlier detection"
    assert "since 1.50" in found.explanation
    assert "GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION=true" in found.fix


@pytest.mark.parametrize("version", ["1.50.0", "1.78.0", "", "(devel)"])
def test_nothing_is_said_of_a_client_that_reads_it_or_may(version: str) -> None:
    assert ignored(client(outliers(), "gRPC Go", version)) == []


def test_a_cookie_to_hash_on() -> None:
    action = weighted({"v1": 1})._replace(other_hash_keys=("cookie session",))
    (found,) = ignored(mesh(Route("r", EVERYTHING, action)))
    assert found.title == "grpc-go 1.78 ignores hashing by cookie, source address or query parameter"
    assert "each call gets a random one" in found.explanation
    assert found.evidence == (f"RDS {ROUTES}: hash on cookie session",)


def test_a_missing_header_is_said_to_be_no_empty_one() -> None:
    seen = case("istio-without-headers")
    assert [found.code for found in ignored(seen)] == ["config-not-read"]
    assert alarms(seen) == []


def test_tls_that_a_client_does_not_make() -> None:
    """gRFC A29: grpc-js has it since 1.13; before, connections are plaintext whatever the cluster says."""
    (found,) = ignored(client(canary(), "gRPC Node Pure JS", "1.12.0"))
    assert found.title == "grpc-js 1.12 ignores TLS by certificate providers"
    assert "connections are made without it" in found.explanation
    assert ignored(client(canary(), "gRPC Node Pure JS", "1.13.0")) == []


def test_authorization_that_a_server_does_not_do() -> None:
    """gRFC A41: grpc-js has it only by its environment."""
    rbac = HttpFilter("rbac", "RBAC", "RBAC: DENY 1 rule")
    chain = FilterChain("inbound", PLAINTEXT, filters=(rbac,))
    name = "xds.istio.io/grpc/lds/inbound/10.0.0.1:17070"
    seen = with_resource(canary(), resource(LDS, name, Listener(name, inbound=True, chains=(chain,))))
    (found,) = ignored(client(seen, "gRPC Node Pure JS", "1.14.0"))
    assert found.title == "grpc-js 1.14 ignores authorization"
    assert "GRPC_XDS_EXPERIMENTAL_RBAC=true" in found.fix


def test_a_circuit_breaker_of_nothing() -> None:
    """gRFC A32: as many requests in flight as the limit are too many, and none is as many as 0."""
    body = cluster(subset("v2"))._replace(max_requests=0)
    seen = with_resource(canary(), resource(CDS, subset("v2"), body))
    (found,) = findings(seen)
    assert (found.code, found.severity) == ("calls-dropped", Severity.ERROR)
    assert found.title == "80 % of calls to echo.echo-grpc:7070 are dropped by the client"
    assert "circuit breaker" in found.explanation
    assert "http2MaxRequests" in found.fix


def test_what_a_later_release_reads_only_by_its_environment() -> None:
    """gRFC A81: grpc-go has it since 1.78, where the environment says so."""
    action = weighted({"v1": 1})._replace(rewrites_authority=True)
    (found,) = ignored(client(mesh(Route("r", EVERYTHING, action)), "gRPC Go", "1.70.0"))
    variable = "GRPC_EXPERIMENTAL_XDS_AUTHORITY_REWRITE=true"
    assert found.fix == f"update the app to grpc-go 1.78 or newer, and start it with {variable}"


def test_a_retry_policy_of_which_grpc_reads_nothing() -> None:
    """gRFC A44: five conditions count; grpc-go ``generateRetryConfig`` retries nothing where none of them is named."""
    action = weighted({"v1": 1})._replace(retry_unread="5xx, reset, gateway-error")
    (found,) = ignored(mesh(Route("r", EVERYTHING, action)))
    assert found.severity is Severity.INFO
    assert "retries on 5xx, reset, gateway-error" in found.explanation
    assert "no call of the route is retried" in found.explanation
    assert "unavailable" in found.explanation, "what it does read"
