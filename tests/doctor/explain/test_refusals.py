"""The reason of a refusal is read from the reason, whatever stands in the resource that is quoted beside it."""

from __future__ import annotations

import json
from typing import Final

import pytest

from meshtui.doctor.explain.catalogue import known_error, known_refusal
from meshtui.model.xds.refusal_text import LONGEST, SHOWN, in_a_row, own_reason, shown, without_quotes
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS
from tests.cases import DATA

RIGHT: Final = (
    "nack-lb-policy", "nack-discovery-type", "nack-envoy-config", "nack-http-filter", "nack-envoy-config",
    "nack-regex", "nack-lb-policy", "nack-discovery-type", "nack-eds-config-source", "nack-endpoint-weight",
    "nack-duplicate-endpoint", "nack-weights", "nack-regex", "nack-header-matcher", "nack-envoy-config",
    "nack-tls-settings", "nack-terminal-filter", "nack-http-filter", "nack-tls-without-provider",
    "nack-discovery-type", "nack-priorities", "nack-retries", "nack-http-filter", "nack-eds-service-name",
)  # fmt: skip
"""What each text of the case means, in its order."""

TEXTS: Final = json.loads((DATA / "cases" / "nack-texts" / "texts.json").read_text(encoding="utf-8"))

PRINTED: Final = (
    'name:"lb_policy" lb_policy:MAGLEV route:{max_stream_duration:{} weighted_clusters:{} regex:"}"} '
    "timeout:{seconds:1}"
)
"""A resource as grpc-go prints it, full of the names of fields."""

GO: Final = [
    (CDS, f"unsupported ring_hash hash function MURMUR_HASH_2 in response: {PRINTED}", "nack-hash-function"),
    (CDS, "Cluster_LeastRequestLbConfig.ChoiceCount must be >= 2, got: 1", "nack-lb-policy-settings"),
    (
        CDS,
        f"error converting LoadBalancingPolicy {PRINTED} in response: {PRINTED}: no supported policy found in policy "
        f"list +{PRINTED}",
        "nack-lb-policy",
    ),
    (CDS, "outlier_detection.max_ejection_percent = 101; must be <= 100", "nack-outlier-detection"),
    (CDS, f"xds: aggregate cluster has empty clusters field in response: {PRINTED}", "nack-aggregate"),
    (CDS, f"locality for LOGICAL_DNS cluster must have exactly one endpoint, got: [{PRINTED}]", "nack-logical-dns"),
    (CDS, "transport_socket field has unexpected name: envoy.transport_sockets.quic", "nack-transport-socket"),
    (CDS, f"unsupported transport_socket_matches field is non-empty: [{PRINTED}]", "nack-envoy-config"),
    (CDS, f"unsupported crl field in CommonTlsContext message: {PRINTED}", "nack-tls-settings"),
    (
        LDS,
        'identity certificate provider instance name "x" missing in bootstrap configuration',
        "nack-certificate-provider",
    ),
    (EDS, "priority 1 missing (with different priorities map[0:{} 2:{}] received)", "nack-priorities"),
    (EDS, "sum of weights of localities at the same priority 0 exceeded maximal value", "nack-endpoint-weights-sum"),
    (RDS, "received route is invalid: retry_policy.num_retries = 0; must be >= 1", "nack-retries"),
    (RDS, f"received route is invalid: route {PRINTED} doesn't have a path specifier", "nack-path-matcher"),
    (LDS, f"xff_num_trusted_hops must be unset or zero {PRINTED}", "nack-trusted-hops"),
    (LDS, "multiple filter chains with overlapping matching rules are defined", "nack-filter-chain-match"),
    (LDS, f"no RouteSpecifier: {PRINTED}", "nack-routes-missing"),
    (LDS, f"LDS's RDS configSource is not ADS or Self: {PRINTED}", "nack-rds-config-source"),
]

JAVA: Final = [
    (
        RDS,
        "RouteConfiguration contains invalid virtual host: Virtual host [lb_policy] contains invalid route : Route "
        "[a] with unknown action type: DIRECT_RESPONSE",
        "nack-route-action",
    ),
    (RDS, "… Route [a] contains invalid RouteAction: Sum of cluster weights should be above 0.", "nack-weights"),
    (
        RDS,
        "… Route [a] contains invalid RouteAction: max_interval in retry_backoff cannot be less than base_interval",
        "nack-retries",
    ),
    (CDS, "Cluster a: LOGICAL DNS clusters socket_address must have port_value", "nack-logical-dns"),
    (CDS, "ca_certificate_provider_instance name 'b' not defined in the bootstrap file.", "nack-certificate-provider"),
    (CDS, "common-tls-context with validation_context_sds_secret_config is not supported", "nack-tls-without-provider"),
    (CDS, "crl in default_validation_context is not supported", "nack-tls-settings"),
    (
        LDS,
        "FilterChain a contains filter tcp with unsupported typed_config type type.googleapis.com/x.TcpProxy",
        "nack-envoy-config",
    ),
    (LDS, "The last HttpFilter must be a terminal filter: fault", "nack-terminal-filter"),
    (EDS, "ClusterLoadAssignment has sparse priorities", "nack-priorities"),
    (
        EDS,
        "ClusterLoadAssignment has duplicate locality:Locality{region=a, zone=b} for priority:0",
        "nack-duplicate-locality",
    ),
]

CORE: Final = [
    (CDS, "field:lb_policy error:LB policy is not supported", "nack-lb-policy"),
    (CDS, "field:ring_hash_lb_config.minimum_ring_size error:must be in the range of 1 to 8388608", "nack-hash-ring"),
    (CDS, "field:eds_cluster_config.eds_config error:ConfigSource is not ads or self", "nack-eds-config-source"),
    (
        CDS,
        "field:transport_socket.typed_config.value[envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext]"
        ".common_tls_context.tls_certificate_provider_instance.instance_name "
        "error:unrecognized certificate provider instance name: x",
        "nack-certificate-provider",
    ),
    (
        CDS,
        "field:transport_socket.typed_config.value[envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext]"
        ".common_tls_context error:no CA certificate provider instance configured",
        "nack-tls-without-provider",
    ),
    (
        CDS,
        "field:outlier_detection.interval.seconds error:value must be in the range [0, 315576000000]",
        "nack-outlier-detection",
    ),
    (
        EDS,
        "field:endpoints[0].lb_endpoints[1].load_balancing_weight error:must be greater than 0",
        "nack-endpoint-weight",
    ),
    (
        EDS,
        'field:endpoints[0].lb_endpoints[1] error:duplicate endpoint address "ipv4:10.0.0.1:1"',
        "nack-duplicate-endpoint",
    ),
    (EDS, "field:policy.drop_overloads[0].category error:empty drop category name", "nack-drops"),
    (
        RDS,
        "field:virtual_hosts[0].routes[0].route.max_stream_duration.grpc_timeout_header_max.seconds error:value "
        "must be in the range [0, 315576000000]",
        "nack-duration",
    ),
    (RDS, "field:virtual_hosts[0].routes[0].route.weighted_clusters error:no valid clusters specified", "nack-weights"),
    (
        RDS,
        "field:virtual_hosts[0].routes[0].match error:error creating path matcher: Invalid regex string specified "
        "in matcher: missing ): a(",
        "nack-regex",
    ),
    (
        RDS,
        "field:virtual_hosts[0].routes[0].route.weighted_clusters.clusters[0].typed_per_filter_config[cors]"
        ".value[x.Cors] error:unsupported filter type",
        "nack-http-filter",
    ),
    (
        LDS,
        "field:filter_chains[0].filters[0].typed_config.value[x.TcpProxy] error:unsupported filter type",
        "nack-envoy-config",
    ),
    (
        LDS,
        "field:filter_chains[0].filters[0].typed_config.value[x.HttpConnectionManager].http_filters[0].typed_config"
        ".value[x.Jwt] error:unsupported filter type",
        "nack-http-filter",
    ),
]

NODE: Final = [
    (CDS, "Cluster message validation failed: [unsupported lb_policy: MAGLEV]", "nack-lb-policy"),
    (CDS, "Cluster message validation failed: [Unsupported type STRICT_DNS]", "nack-discovery-type"),
    (
        CDS,
        "Cluster message validation failed: [Unmatched ValidationContext.ca_certificate_provider_instance"
        ".instance_name: x]",
        "nack-certificate-provider",
    ),
    (
        RDS,
        "RouteConfiguration message validation failed: [a.routes[0]: unsupported action: redirect]",
        "nack-route-action",
    ),
    (
        RDS,
        "RouteConfiguration message validation failed: [a.routes[0].typed_per_filter_config[cors] validation failed]",
        "nack-http-filter-or-config",
    ),
    (LDS, "Listener message validation failed: [listener_filters populated]", "nack-envoy-config"),
    (EDS, "Endpoint message validation failed: [Endpoints have priority 2 but not 1]", "nack-priorities"),
]


def code(text: str, type_: str) -> str:
    known = known_refusal(text, type_)
    return known.code if known else ""


def test_the_texts_of_the_field() -> None:
    """grpc/grpc-java#8996, grpc/grpc-go#7077 #6053 #4432 #5710 #5560, grpc/grpc-node#1947: all are right."""
    assert tuple(code(text["text"], text["type"]) for text in TEXTS) == RIGHT


@pytest.mark.parametrize(("type_", "text", "right"), [*GO, *JAVA, *CORE, *NODE])
def test_words_of_each_implementation(type_: str, text: str, right: str) -> None:
    """As the validators of grpc-go 1.82, grpc-java, C-core and grpc-js-xds 1.14 word them."""
    assert code(text, type_) == right


@pytest.mark.parametrize(("type_", "text", "right"), [*GO, *JAVA, *CORE, *NODE])
def test_a_call_that_fails_with_a_reason_says_that_its_config_was_refused(type_: str, text: str, right: str) -> None:
    known = known_error(f"rpc error: code = Unavailable desc = {text}")
    assert known.code == right, type_
    assert known.title.startswith("The client refused its config: ")
    assert known.fix.endswith(".")


@pytest.mark.parametrize("type_", [LDS, RDS, CDS, EDS])
def test_fields_of_a_quoted_resource_are_no_reason(type_: str) -> None:
    quoted = f'{PRINTED} a:{{no filter implementation found for "x"}} b:"unexpected lbPolicy" retry_policy:{{}}'
    assert code(f"something new is wrong with {quoted}", type_) == ""
    assert code(f"{quoted}: something new is wrong", type_) == ""


def test_a_resource_that_is_cut_off_hides_what_follows_rather_than_misleading() -> None:
    assert code('route match:{prefix:"/" has an unrecognized header matcher', RDS) == ""
    assert code("}}} unexpected lbPolicy MAGLEV", CDS) == "nack-lb-policy"


def test_of_a_text_about_several_resources_each_has_its_own_part() -> None:
    """grpc-go and grpc-java give every resource of a response the text about all of them."""
    head, nl = 'error parsing "X" response: ', "\n"
    go = f'{head}resource "a": unexpected lbPolicy MAGLEV;{nl}resource "b": unsupported cluster type (x)'
    assert own_reason(go, "a") == "unexpected lbPolicy MAGLEV"
    assert own_reason(go, "b") == "unsupported cluster type (x)"
    java = (
        "CDS response Cluster 'a' validation error: Cluster a: unsupported lb policy: MAGLEV\n"
        "CDS response Cluster 'b' validation error: Cluster b: unsupported built-in discovery type: STATIC"
    )
    assert own_reason(java, "a") == "Cluster a: unsupported lb policy: MAGLEV"
    assert own_reason(java, "b") == "Cluster b: unsupported built-in discovery type: STATIC"
    assert own_reason(go, "c") == "", "nothing is said of it"
    assert own_reason("no parts", "c") == "no parts"


def test_a_long_reason_is_shown_without_what_it_quotes() -> None:
    text = f"unexpected lbPolicy MAGLEV in response: {PRINTED * 40}"
    assert shown(text).startswith("unexpected lbPolicy MAGLEV in response: ")
    assert len(shown(text)) <= SHOWN
    assert len(shown("word " * LONGEST)) <= SHOWN
    assert shown("unexpected  lbPolicy\nMAGLEV") == "unexpected lbPolicy MAGLEV"
    assert "max_stream" not in without_quotes(PRINTED)
    long = f'route {PRINTED * 4}: no filter implementation found for "envoy.Cors"'
    assert shown(long).endswith(': no filter implementation found for "envoy.Cors"'), "a name outside is shown"


CORE_ERROR = "[field:lb_policy error:LB policy is not supported]"


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('unexpected lbPolicy MAGLEV in response: name:"c"', "unexpected lbPolicy MAGLEV"),
        (f"unexpected lbPolicy MAGLEV in response: {PRINTED}", "unexpected lbPolicy MAGLEV"),
        (
            f"xds: aggregate cluster has empty clusters field in response: {PRINTED} ",
            "xds: aggregate cluster has empty clusters field",
        ),
        ('route match:{prefix:"/"} has no action', "route … has no action"),
        (f"invalid resource: errors validating Cluster resource: {CORE_ERROR}", CORE_ERROR),
    ],
)
def test_where_there_is_little_room_the_reason_stands(text: str, row: str) -> None:
    """grpc-go prints the resource behind the reason for clusters, before it for routes; C-core's has a heading."""
    assert in_a_row(text) == row
