"""What no gRPC reads of xDS config, by design or so far, with its source: the second half of the table."""

from __future__ import annotations

from typing import Final

from meshtui.model.xds.features import Feature

NO_READER: Final = (
    "no reader of the field in grpc-go, grpc-java and grpc-js-xds at the releases looked at, nor in C-core "
    "xds_route_config_parser.cc and xds_cluster_parser.cc"
)
"""Where to look that nobody reads it."""


def _never(name: str, where: str, grfc: str, instead: str, source: str = "") -> Feature:
    return Feature(name, where, grfc, instead, source=source, never=True)


TABLE_OVERRIDES: Final = _never(
    "a filter override of a route configuration",
    "typed_per_filter_config of a RouteConfiguration",
    "A39",
    "only overrides of virtual hosts, routes and weighted clusters count",
    "grpc-go internal/xds/xdsclient/xdsresource/unmarshal_rds.go, grpc-java XdsRouteConfigureResource.java, "
    "grpc-js-xds src/resolver-xds.ts: three callers, none of them for the table",
)
MISSING_AS_EMPTY: Final = _never(
    "treat_missing_header_as_empty",
    "treat_missing_header_as_empty of a route's headers",
    "A28",
    "a request without the header does not match",
    "grpc-go internal/xds/matcher/matcher_header.go",
)
OTHER_HASH_KEYS: Final = _never(
    "hashing by cookie, source address or query parameter",
    "hash_policy of a route by cookie, connection_properties, query_parameter, or a header that ends in -bin",
    "A42",
    "that policy gives no hash; where none gives one, each call gets a random one, and so a random endpoint",
    "grpc-go internal/xds/resolver/serviceconfig.go (generateHash)",
)
OTHER_POLICIES: Final = _never(
    "maglev and random",
    "lb_policy MAGLEV, RANDOM, CLUSTER_PROVIDED, and their types in load_balancing_policy",
    "A52",
    "the cluster is refused; in a list the policy is passed over",
    "grpc-go unmarshal_cds.go, C-core xds_cluster_parser.cc (LB policy is not supported), grpc-java "
    "LoadBalancerConfigFactory.java, grpc-js-xds cluster-resource-type.ts",
)
OTHER_LIMITS: Final = _never(
    "limits of connections, pending requests and retries",
    "circuit_breakers.thresholds[].max_connections, max_pending_requests, max_retries",
    "A32",
    "they limit nothing",
    NO_READER,
)
CONSECUTIVE_ERRORS: Final = _never(
    "consecutive errors",
    "outlier_detection.consecutive_5xx, consecutive_gateway_failure",
    "A50",
    "only success rate and failure percentage take an endpoint out",
    NO_READER,
)
ROUTE_TIMEOUT: Final = _never(
    "Envoy's own timeouts",
    "timeout, idle_timeout of a route, per_try_timeout of its retries",
    "A31, A44",
    "max_stream_duration alone limits a call",
    NO_READER,
)
FAULT_HEADERS: Final = _never(
    "faults for some requests only",
    "headers, downstream_nodes, upstream_cluster of HTTPFault",
    "A33",
    "the fault is for every request of its route",
    NO_READER,
)
RETRY_CONDITIONS: Final = _never(
    "retries on other conditions than gRPC's",
    "retry_on of a retry_policy: 5xx, gateway-error, reset, connect-failure, retriable-status-codes and the like",
    "A44",
    "no call of the route is retried by it: gRPC retries on cancelled, deadline-exceeded, internal, resource-exhausted "
    "and unavailable alone",
    "grpc-go unmarshal_rds.go (generateRetryConfig), grpc-java XdsRouteConfigureResource.java (parseRetryPolicy), "
    "grpc-js-xds resolver-xds.ts (RETRY_CODES), C-core xds_route_config_parser.cc (RetryPolicyParse)",
)
MIRRORS: Final = _never("mirroring", "request_mirror_policies of a route", "A28", "no call is copied", NO_READER)
REWRITES: Final = _never(
    "rewriting of paths and hosts",
    "prefix_rewrite, regex_rewrite, host_rewrite_literal and the like of a route",
    "A28",
    "calls go out as the app made them",
    NO_READER,
)
HEADER_CHANGES: Final = _never(
    "adding and removing of headers",
    "request_headers_to_add, request_headers_to_remove, response_headers_to_… of tables, hosts, routes, clusters",
    "A28",
    "headers stay as they are",
    NO_READER,
)

NEVER_READ: Final = (
    TABLE_OVERRIDES,
    MISSING_AS_EMPTY,
    OTHER_HASH_KEYS,
    OTHER_POLICIES,
    OTHER_LIMITS,
    CONSECUTIVE_ERRORS,
    ROUTE_TIMEOUT,
    FAULT_HEADERS,
    RETRY_CONDITIONS,
    MIRRORS,
    REWRITES,
    HEADER_CHANGES,
)
"""In the order of their gRFC, about."""
