"""Routes of manifests: weights, matches, faults, and which VirtualService has a host."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.xds.generate import (
    ROUTE,
)
from tests.demo.generated import ALL, FQDN, V1, config_of, destination_rule, one, virtual_service

TO_ECHO = "route: [{destination: {host: echo}}]"


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
    - fault:
        delay: {fixedDelay: 1m0.5s, percentage: {value: 12.5}}
        abort: {httpStatus: 503, percentage: {value: 100}}
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

    def test_a_fault_without_a_percentage_is_one_of_no_request(self) -> None:
        """TranslateFault, whatever Istio's reference says."""
        (route,) = routes_of(f"[{{fault: {{delay: {{fixedDelay: 1s}}, abort: {{httpStatus: 503}}}}, {TO_ECHO}}}]")
        fault = fault_pb2.HTTPFault()
        assert route.typed_per_filter_config["envoy.filters.http.fault"].Unpack(fault)
        assert fault.delay.HasField("percentage")
        assert fault.delay.percentage.numerator == 0
        assert not fault.abort.HasField("percentage")

    def test_mirrors_are_sent_each_with_its_share(self) -> None:
        mirrors = "mirror: {host: echo, subset: v2}, mirrorPercentage: {value: 12.5}"
        more = "mirrors: [{destination: {host: greeter}}, {destination: {host: echo}, percentage: {value: 0}}]"
        (route,) = routes_of(f"[{{{mirrors}, {more}, {TO_ECHO}}}]")
        first, second = route.route.request_mirror_policies
        assert first.cluster == V1.replace("v1", "v2")
        assert first.runtime_fraction.default_value.numerator == 125_000
        assert second.cluster == f"outbound|7070||{FQDN.replace('echo', 'greeter', 1)}"
        assert second.runtime_fraction.default_value.numerator == 100
        assert first.disable_shadow_host_suffix_append, "istiod's default (DISABLE_SHADOW_HOST_SUFFIX)"

    def test_what_is_changed_in_headers(self) -> None:
        request = "{set: {b: '1', a: '2', ':authority': other}, add: {c: '3'}, remove: [d, ':path']}"
        headers = f"headers: {{request: {request}, response: {{set: {{e: '4'}}}}}}"
        (route,) = routes_of(f"[{{{headers}, {TO_ECHO}}}]")
        added = [(option.header.key, option.append_action) for option in route.request_headers_to_add]
        overwrite = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
        append = base_pb2.HeaderValueOption.APPEND_IF_EXISTS_OR_ADD
        assert added == [("a", overwrite), ("b", overwrite), ("c", append)]
        assert list(route.request_headers_to_remove) == ["d"]
        assert [option.header.key for option in route.response_headers_to_add] == ["e"]
        assert route.route.host_rewrite_literal == "other"

    def test_headers_of_one_of_several_destinations_are_its_shares(self) -> None:
        own = "headers: {request: {set: {x: y, host: other}}}"
        first, second = (f"{{destination: {{host: echo}}, weight: 1{more}}}" for more in (f", {own}", ""))
        (route,) = routes_of(f"[{{route: [{first}, {second}]}}]")
        changed, other = route.route.weighted_clusters.clusters
        assert [option.header.key for option in changed.request_headers_to_add] == ["x"]
        assert changed.host_rewrite_literal == "other"
        assert not other.request_headers_to_add
        (alone,) = routes_of(f"[{{route: [{{destination: {{host: echo}}, {own}}}]}}]")
        assert [option.header.key for option in alone.request_headers_to_add] == ["x"]
        assert alone.route.host_rewrite_literal == "other"

    def test_what_else_a_retry_says(self) -> None:
        more = "retryIgnorePreviousHosts: false, retryRemoteLocalities: true, backoff: 10ms"
        (route,) = routes_of(f"[{{retries: {{attempts: 1, {more}}}, {TO_ECHO}}}]")
        policy = route.route.retry_policy
        assert not policy.retry_host_predicate
        assert policy.retry_priority.name == "envoy.retry_priorities.previous_priorities"
        assert policy.retry_back_off.base_interval.nanos == 10_000_000

    def test_a_redirect_in_full(self) -> None:
        (route,) = routes_of("[{redirect: {uri: /x, scheme: https, derivePort: FROM_REQUEST_PORT, redirectCode: 307}}]")
        redirect = route.redirect
        assert (redirect.path_redirect, redirect.scheme_redirect, redirect.port_redirect) == ("/x", "https", 7070)
        assert redirect.response_code == redirect.TEMPORARY_REDIRECT
        (implied,) = routes_of("[{redirect: {authority: a, port: 80}}]")
        assert implied.redirect.port_redirect == 0

    def test_a_regular_expression_goes_before_a_prefix(self) -> None:
        rewrite = "rewrite: {uri: /a, authority: b, uriRegexRewrite: {match: x, rewrite: y}}"
        action = routes_of(f"[{{{rewrite}, {TO_ECHO}}}]")[0].route
        assert (action.regex_rewrite.pattern.regex, action.regex_rewrite.substitution) == ("x", "y")
        assert (action.prefix_rewrite, action.host_rewrite_literal) == ("", "b")

    def test_a_destination_without_a_port_means_the_one_that_was_called(self) -> None:
        """Whatever its Service has: GetDestinationCluster sees no other port of it here."""
        service = "apiVersion: v1\nkind: Service\nmetadata: {name: far}\nspec: {ports: [{port: 80}]}\n"
        config = config_of("discovery", service, virtual_service("[{route: [{destination: {host: far}}]}]"))
        (route,) = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts[0].routes
        assert route.route.cluster == "outbound|7070||far.echo-grpc.svc.cluster.local"
        assert "has no port 7070, which a destination without a port means here" in next(unresolved(config)).reason


class TestWhoseRoutes:
    """Which clients a match is for (istio 1.29.1 ``core/route/route.go``, sourceMatchHTTP)."""

    @pytest.mark.parametrize(
        ("condition", "taken"),
        [
            ("port: 7070", True),
            ("port: 80", False),
            ("sourceLabels: {version: v1}", True),
            ("sourceLabels: {version: v2}", False),
            ("sourceNamespace: echo-grpc", True),
            ("sourceNamespace: elsewhere", False),
            ("gateways: [mesh, edge]", True),
            ("gateways: [edge]", False),
        ],
    )
    def test_a_match_that_is_for_others_is_left_out(self, condition: str, taken: bool) -> None:
        routes = routes_of(f"[{{name: own, match: [{{{condition}, statPrefix: p}}], {TO_ECHO}}}]")
        # Where nothing is left, the Service has its default route.
        assert [(route.name, route.stat_prefix) for route in routes] == [("own", "p") if taken else ("default", "")]

    @pytest.mark.parametrize(("exported", "seen"), [("'*'", True), ("'.'", True), ("echo-grpc", True), ("'~'", False)])
    def test_routes_are_seen_where_they_are_exported_to(self, exported: str, seen: bool) -> None:
        text = virtual_service(f"[{{name: own, {TO_ECHO}}}]", more=f", exportTo: [{exported}]")
        config = config_of("discovery", text)
        (route,) = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts[0].routes
        assert route.name == ("own" if seen else "default")
        assert any("no pod of the demo" in note.reason for note in unresolved(config)) is not seen

    def test_hosts_that_are_no_services_have_a_virtual_host_of_their_own(self) -> None:
        text = virtual_service(f"[{{name: own, {TO_ECHO}}}]").replace(FQDN, f"{FQDN}, Example.com", 1)
        found = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
        host = next(host for host in found.virtual_hosts if host.name == "example.com:7070")
        assert list(host.domains) == ["example.com", "example.com:7070"]
        assert [route.name for route in host.routes] == ["own"]


def test_routes_for_nobody_are_said_once() -> None:
    """What they lead to matters to no call."""
    text = virtual_service("[{route: [{destination: {host: nowhere}}]}]").replace(FQDN, "gone", 1)
    assert [note.reason for note in unresolved(config_of("discovery", text))] == [
        "no Service is called gone.echo-grpc.svc.cluster.local: these routes are not used"
    ]
