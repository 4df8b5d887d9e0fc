"""Routes of manifests: weights, matches, faults, and which VirtualService has a host."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2

from meshtui.demo.xds.generate import (
    ROUTE,
)
from tests.demo.generated import ALL, FQDN, V1, config_of, destination_rule, one


def routes_of(http: str) -> list[Any]:
    head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: echo, namespace: echo-grpc}\n"
    text = f"{head}spec: {{hosts: [echo], http: {http}}}"
    found = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    return list(found.virtual_hosts[0].routes)


def test_routes_are_weighted_and_name_their_origin() -> None:
    route = one(config_of("traffic-shift"), ROUTE, ALL, route_pb2.RouteConfiguration)
    host, other = route.virtual_hosts
    assert other.name == f"{FQDN.replace('echo', 'greeter', 1)}:7070"
    assert host.name == f"{FQDN}:7070"
    for name in ("echo", "echo.echo-grpc", "echo.echo-grpc.svc", FQDN):
        assert {name, f"{name}:7070"} <= set(host.domains)
    (entry,) = host.routes
    shares = {cluster.name: cluster.weight.value for cluster in entry.route.weighted_clusters.clusters}
    assert shares == {V1: 20, V1.replace("v1", "v2"): 80}
    path = entry.metadata.filter_metadata["istio"]["config"]
    assert path == "/apis/networking.istio.io/v1/namespaces/echo-grpc/virtual-service/echo"


def test_a_fault_rides_on_its_route() -> None:
    text = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: faulty, namespace: echo-grpc}
spec:
  hosts: [echo]
  http:
    - fault: {delay: {fixedDelay: 1m0.5s, percentage: {value: 12.5}}, abort: {httpStatus: 503}}
      timeout: 200ms
      retries: {attempts: 0}
      route: [{destination: {host: echo}}]
"""
    route = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    (entry,) = route.virtual_hosts[0].routes
    fault = fault_pb2.HTTPFault()
    assert entry.typed_per_filter_config["envoy.filters.http.fault"].Unpack(fault)
    assert (fault.delay.fixed_delay.seconds, fault.delay.fixed_delay.nanos) == (60, 500_000_000)
    assert fault.delay.percentage.numerator == 125_000
    assert (fault.abort.http_status, fault.abort.percentage.numerator) == (503, 1_000_000)
    assert entry.route.max_stream_duration.max_stream_duration.nanos == 200_000_000
    assert not entry.route.HasField("retry_policy")


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ("['*']", "far"),
        ("['*.svc.cluster.local']", "far"),
        ("['*.other.svc.cluster.local']", "split"),
        ("[echo.other]", "split"),
    ],
)
def test_a_wildcard_host_yields_to_an_exact_one(hosts: str, name: str) -> None:
    text = f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: far, namespace: echo-grpc}}
spec: {{hosts: {hosts}, http: [{{name: far, route: [{{destination: {{host: echo}}}}]}}]}}
"""
    beside = one(config_of("traffic-shift", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    assert beside.virtual_hosts[0].routes[0].name == "split", "the exact host wins"
    alone = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    assert alone.virtual_hosts[0].routes[0].name == (name if name == "far" else "default")


class TestRoutes:
    """What no capture shows, by istio's ``pilot/pkg/networking/core/route/route.go``."""

    def test_a_share_of_nothing_leaves_the_other_in_a_weighted_cluster(self) -> None:
        both = (
            "[{destination: {host: echo, subset: v1}, weight: 100}, {destination: {host: echo, subset: v2}, weight: 0}]"
        )
        (route,) = routes_of(f"[{{route: {both}}}]")
        assert [cluster.name for cluster in route.route.weighted_clusters.clusters] == [V1]
        assert route.decorator.operation == "echo:7070/*"

    def test_a_missing_header_counts_as_empty_for_envoy(self) -> None:
        route = routes_of(
            "[{match: [{withoutHeaders: {x: {exact: a}, y: {regex: '*'}}}], route: [{destination: {host: echo}}]}]"
        )[0]
        x, y = route.match.headers
        assert (x.invert_match, x.treat_missing_header_as_empty, x.string_match.exact) == (True, True, "a")
        assert (y.invert_match, y.treat_missing_header_as_empty, y.present_match) == (True, False, True)

    @pytest.mark.parametrize("uri", ["{prefix: /}", "{regex: '.*'}"])
    def test_what_follows_a_match_that_takes_everything_is_left_out(self, uri: str) -> None:
        to = "route: [{destination: {host: echo}}]"
        assert len(routes_of(f"[{{match: [{{name: all, uri: {uri}}}], name: r, {to}}}, {{{to}}}]")) == 1

    def test_a_match_adds_its_name(self) -> None:
        assert routes_of("[{name: r, match: [{name: m}], route: [{destination: {host: echo}}]}]")[0].name == "r.m"

    def test_numbers_in_retry_on_are_statuses(self) -> None:
        (route,) = routes_of(
            "[{retries: {attempts: 1, retryOn: '503, unavailable'}, route: [{destination: {host: echo}}]}]"
        )
        policy = route.route.retry_policy
        assert policy.retry_on == "unavailable,retriable-status-codes"
        assert list(policy.retriable_status_codes) == [503]

    def test_a_hashed_call_is_retried_where_its_hash_sends_it(self) -> None:
        text = destination_rule(
            "echo", "trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 0s}}}}"
        )
        virtual = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: echo}\nspec: "
        config = config_of(
            "discovery", text, virtual + "{hosts: [echo], http: [{route: [{destination: {host: echo}}]}]}"
        )
        action = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts[0].routes[0].route
        assert action.hash_policy[0].cookie.name == "c"
        assert action.hash_policy[0].cookie.HasField("ttl")
        assert not action.retry_policy.retry_host_predicate
