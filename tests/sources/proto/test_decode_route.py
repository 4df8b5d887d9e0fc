"""Routes as gRPC reads them."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2
from google.protobuf import any_pb2

from meshtui.model.xds.config import ActionKind, HeaderMatch, MatchKind, Route, RouteConfiguration, StringMatch
from meshtui.sources.proto.decode.body import decode
from tests import xds_messages as xds


def decoded(*routes: Any, **host: Any) -> tuple[Route, ...]:
    message = xds.routes(*routes)
    for name, value in host.items():
        getattr(message.virtual_hosts[0], name).MergeFrom(value)
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, RouteConfiguration)
    return body.virtual_hosts[0].routes


def one(message: Any, **host: Any) -> Route:
    (route,) = decoded(message, **host)
    return route


def to(cluster: str = "c") -> Any:
    message = route_components_pb2.Route()
    message.match.prefix = ""
    message.route.cluster = cluster
    return message


def test_weights_become_shares_of_their_sum() -> None:
    message = xds.route({"v1": 1, "v2": 2, "v3": 0})
    message.route.weighted_clusters.total_weight.value = 100
    action = one(message).action
    assert [(item.cluster, item.weight) for item in action.clusters] == [
        (xds.cluster_name("v1"), 1),
        (xds.cluster_name("v2"), 2),
        (xds.cluster_name("v3"), 0),
    ]
    assert [item.share for item in action.clusters] == pytest.approx([1 / 3, 2 / 3, 0])


def test_weights_that_are_all_zero_do_not_divide() -> None:
    assert [item.share for item in one(xds.route({"v1": 0, "v2": 0})).action.clusters] == [0, 0]


def test_the_istio_object_behind_a_route() -> None:
    assert one(xds.route({"v1": 1})).origin == "virtual-service/echo-grpc/echo"
    assert one(to()).origin == ""
    odd = to()
    odd.metadata.filter_metadata["istio"]["config"] = "/somewhere/else"
    assert one(odd).origin == ""


@pytest.mark.parametrize(
    ("fields", "kind", "value", "unsupported"),
    [
        ({"prefix": "/a"}, MatchKind.PREFIX, "/a", ""),
        ({"path": "/a.B/C"}, MatchKind.EXACT, "/a.B/C", ""),
        ({"safe_regex": {"regex": "/a.*"}}, MatchKind.REGEX, "/a.*", ""),
        ({"path_separated_prefix": "/a"}, MatchKind.PREFIX, "/a", "path_separated_prefix"),
        ({"connect_matcher": {}}, MatchKind.PREFIX, "", "connect_matcher"),
        ({}, MatchKind.PREFIX, "", "no path"),
    ],
)
def test_paths(fields: dict[str, Any], kind: MatchKind, value: str, unsupported: str) -> None:
    message = to()
    message.match.CopyFrom(route_components_pb2.RouteMatch(**fields))
    match = one(message).match
    assert (match.path, match.unsupported) == (StringMatch(kind, value), unsupported)


def test_case_fraction_and_query_parameters() -> None:
    message = to()
    message.match.case_sensitive.value = False
    message.match.runtime_fraction.default_value.numerator = 25
    message.match.runtime_fraction.default_value.denominator = 1
    message.match.query_parameters.add(name="q")
    match = one(message).match
    assert match.path.ignore_case
    assert match.fraction == pytest.approx(0.0025)
    assert match.unsupported == "query parameters"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"exact_match": "v"}, HeaderMatch("h", StringMatch(MatchKind.EXACT, "v"))),
        ({"prefix_match": "v"}, HeaderMatch("h", StringMatch(MatchKind.PREFIX, "v"))),
        ({"suffix_match": "v"}, HeaderMatch("h", StringMatch(MatchKind.SUFFIX, "v"))),
        ({"contains_match": "v"}, HeaderMatch("h", StringMatch(MatchKind.CONTAINS, "v"))),
        ({"safe_regex_match": {"regex": "v+"}}, HeaderMatch("h", StringMatch(MatchKind.REGEX, "v+"))),
        ({"present_match": True}, HeaderMatch("h", StringMatch(MatchKind.PRESENT, ""))),
        ({"present_match": False}, HeaderMatch("h", StringMatch(MatchKind.PRESENT, ""), invert=True)),
        ({"present_match": False, "invert_match": True}, HeaderMatch("h", StringMatch(MatchKind.PRESENT, ""))),
        ({}, HeaderMatch("h", StringMatch(MatchKind.PRESENT, ""))),
        (
            {"range_match": {"start": -3, "end": 10}},
            HeaderMatch("h", StringMatch(MatchKind.RANGE, ""), low=-3, high=10),
        ),
        (
            {"string_match": {"exact": "V", "ignore_case": True}, "treat_missing_header_as_empty": True},
            HeaderMatch("h", StringMatch(MatchKind.EXACT, "V", ignore_case=True), treat_missing_as_empty=True),
        ),
        (
            {"string_match": {"safe_regex": {"regex": "a|b"}}, "invert_match": True},
            HeaderMatch("h", StringMatch(MatchKind.REGEX, "a|b"), invert=True),
        ),
    ],
)
def test_headers(fields: dict[str, Any], expected: HeaderMatch) -> None:
    message = to()
    message.match.headers.append(route_components_pb2.HeaderMatcher(name="h", **fields))
    assert one(message).match.headers == (expected,)


@pytest.mark.parametrize(
    ("fields", "kind", "detail"),
    [
        ({"non_forwarding_action": {}}, ActionKind.NON_FORWARDING, ""),
        ({"direct_response": {"status": 404}}, ActionKind.FAILING, "direct response 404"),
        ({"redirect": {}}, ActionKind.FAILING, "redirect"),
        ({}, ActionKind.FAILING, "no action"),
        ({"route": {}}, ActionKind.LEFT_OUT, "no cluster"),
        ({"route": {"cluster_header": "x"}}, ActionKind.LEFT_OUT, "the header x picks the cluster"),
        ({"route": {"cluster_specifier_plugin": "rls"}}, ActionKind.FORWARD, "the plugin rls picks the cluster"),
    ],
)
def test_actions(fields: dict[str, Any], kind: ActionKind, detail: str) -> None:
    action = one(route_components_pb2.Route(**fields)).action
    assert (action.kind, action.detail, action.clusters) == (kind, detail, ())


def test_only_max_stream_duration_is_a_timeout() -> None:
    message = to()
    message.route.timeout.seconds = 9
    assert one(message).action.timeout is None
    message.route.max_stream_duration.max_stream_duration.FromMilliseconds(1500)
    assert one(message).action.timeout == 1.5
    message.route.max_stream_duration.grpc_timeout_header_max.seconds = 3
    assert one(message).action.timeout == 3
    message.route.max_stream_duration.grpc_timeout_header_max.seconds = 0
    assert one(message).action.timeout == 0


def test_retries_name_what_grpc_acts_on() -> None:
    message = to()
    message.route.retry_policy.retry_on = "connect-failure, unavailable,cancelled,503"
    assert one(message).action.retry == "up to 1 on unavailable, cancelled"
    assert one(message).action.retry_unread == "", "Istio's own list: what gRPC knows of it holds"
    message.route.retry_policy.num_retries.value = 4
    assert one(message).action.retry == "up to 4 on unavailable, cancelled"
    message.route.retry_policy.retry_on = "5xx, reset"
    assert one(message).action.retry == ""
    assert one(message).action.retry_unread == "5xx, reset"
    message.route.retry_policy.retry_on = ""
    assert one(message).action.retry_unread == "", "nothing is asked for"


def test_the_virtual_hosts_retries_hold_where_the_route_has_none() -> None:
    policy = route_components_pb2.RetryPolicy(retry_on="internal")
    assert one(to(), retry_policy=policy).action.retry == "up to 1 on internal"
    own = to()
    own.route.retry_policy.retry_on = "unavailable"
    assert one(own, retry_policy=policy).action.retry == "up to 1 on unavailable"


def test_hash_policies() -> None:
    message = to()
    message.route.hash_policy.add().header.header_name = "x-user"
    message.route.hash_policy.add().filter_state.key = "io.grpc.channel_id"
    message.route.hash_policy.add().filter_state.key = "other"
    message.route.hash_policy.add().cookie.name = "ignored"
    assert one(message).action.hash_on == ("header x-user", "channel")


def fault(**fields: Any) -> any_pb2.Any:
    return xds.packed(fault_pb2.HTTPFault(**fields))


def test_faults_in_words() -> None:
    message = to()
    message.typed_per_filter_config["envoy.filters.http.fault"].CopyFrom(
        fault(
            delay={"fixed_delay": {"seconds": 2}, "percentage": {"numerator": 10}},
            abort={"grpc_status": 14, "percentage": {"numerator": 500_000, "denominator": 2}},
        )
    )
    (found,) = one(message).faults
    assert (found.kind, found.summary) == ("HTTPFault", "delays 10 % by 2 s, aborts 50 % with UNAVAILABLE")


@pytest.mark.parametrize(
    ("abort", "words"),
    [
        ({"http_status": 503}, "aborts 100 % with UNAVAILABLE (HTTP 503)"),
        ({"http_status": 418}, "aborts 100 % with UNKNOWN (HTTP 418)"),
        ({"grpc_status": 99}, "aborts 100 % with UNKNOWN (status 99)"),
        ({"http_status": 200}, "aborts 100 % with UNKNOWN (HTTP 200)"),
        ({"header_abort": {}}, "aborts 100 % with what a header says"),
    ],
)
def test_aborts(abort: dict[str, Any], words: str) -> None:
    message = to()
    message.typed_per_filter_config["f"].CopyFrom(fault(abort={**abort, "percentage": {"numerator": 250}}))
    assert one(message).faults[0].summary == words


def test_a_routes_override_replaces_its_virtual_hosts() -> None:
    host = {
        "fault": fault(abort={"grpc_status": 14, "percentage": {"numerator": 100}}),
        "rbac": xds.packed(rbac_pb2.RBACPerRoute(rbac={"rules": {"action": 1, "policies": {"p": {}}}})),
    }
    message = to()
    message.typed_per_filter_config["fault"].CopyFrom(fault())
    routes = xds.routes(message)
    for name, packed in host.items():
        routes.virtual_hosts[0].typed_per_filter_config[name].CopyFrom(packed)
    body = decode(xds.packed(routes).type_url, routes.SerializeToString())
    assert isinstance(body, RouteConfiguration)
    assert [found.summary for found in body.virtual_hosts[0].routes[0].faults] == ["", "RBAC: DENY 1 rule"]


def test_an_override_in_its_envelope_and_one_that_cannot_be_read() -> None:
    message = to()
    envelope = route_components_pb2.FilterConfig(config=fault(abort={"grpc_status": 5, "percentage": {"numerator": 1}}))
    off = route_components_pb2.FilterConfig(disabled=True)
    message.typed_per_filter_config["a"].CopyFrom(xds.packed(envelope))
    message.typed_per_filter_config["b"].CopyFrom(xds.packed(off))
    message.typed_per_filter_config["c"].CopyFrom(any_pb2.Any(type_url=fault().type_url, value=b"\xff"))
    faults = one(message).faults
    assert [found.summary for found in faults[:2]] == ["aborts 1 % with NOT_FOUND", ""]
    assert [found.off for found in faults] == [False, True, False]
    assert faults[2].summary.startswith("HTTPFault cannot be read")


@pytest.mark.parametrize(
    "idle",
    [
        {"abort": {"grpc_status": 5}},
        {"delay": {"percentage": {"numerator": 100}}},
        {"abort": {"grpc_status": 5, "percentage": {"numerator": 100}}, "max_active_faults": {"value": 0}},
        {"headers": [{"name": "x-user", "present_match": True}]},
    ],
)
def test_a_fault_that_does_nothing(idle: dict[str, Any]) -> None:
    """gRFC A33: a share that is not said is 0, a delay of 0 is none, and none may be active where at most 0 may."""
    message = to()
    message.typed_per_filter_config["f"].CopyFrom(fault(**idle))
    assert one(message).faults[0].summary == ""


def test_the_overrides_of_a_destination() -> None:
    message = xds.route({"v1": 1, "v2": 1})
    packed = fault(abort={"grpc_status": 14, "percentage": {"numerator": 50}})
    message.route.weighted_clusters.clusters[1].typed_per_filter_config["f"].CopyFrom(packed)
    first, second = one(message).action.clusters
    assert first.overrides == ()
    assert [found.summary for found in second.overrides] == ["aborts 50 % with UNAVAILABLE"]


def test_overrides_of_the_table_are_only_named() -> None:
    """gRFC A39: gRPC reads none there."""
    message = xds.routes(to())
    message.typed_per_filter_config["f"].CopyFrom(fault())
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, RouteConfiguration)
    assert body.overrides == ("f",)


def test_what_grpc_takes_no_hash_of() -> None:
    """gRFC A42."""
    message = to()
    message.route.hash_policy.add().cookie.name = "session"
    message.route.hash_policy.add().connection_properties.source_ip = True
    message.route.hash_policy.add().query_parameter.name = "user"
    message.route.hash_policy.add().header.header_name = "x-user"
    message.route.hash_policy.add().header.header_name = "x-trace-bin"
    action = one(message).action
    assert action.other_hash_keys == ("cookie session", "source address", "query parameter user", "header x-trace-bin")
    assert action.hash_on == ("header x-user",)


def test_what_only_envoy_does() -> None:
    message = to()
    message.route.request_mirror_policies.add().cluster = "shadow"
    message.route.prefix_rewrite = "/v2/"
    message.route.auto_host_rewrite.value = True
    message.request_headers_to_add.add().header.key = "x-added"
    message.response_headers_to_remove.append("server")
    action = one(message).action
    assert (action.mirrors, action.rewrites) == (("shadow",), "path to /v2/")
    assert (action.header_changes, action.rewrites_authority) == ("x-added, server", True)
