"""Why a client or a server refuses a listener, and what is said alike of filters in listeners and routes.

Read in grpc-go ``xdsresource/unmarshal_lds.go`` and ``filter_chain.go``, grpc-java ``XdsListenerResource``, C-core
``xds_listener_parser.cc``, grpc-js-xds ``listener-resource-type.ts``.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS, LDS, RDS

ENVOY_CONFIG: Final = KnownError(
    code="nack-envoy-config",
    types=frozenset({LDS, CDS}),
    core=(
        r"filter_chains?(\[\d+\])?\.filters error:must have exactly one filter",
        r"filter_chains?(\[\d+\])?\.filters\[\d+\]\.typed_config\.value\[[\w.]*\] error:unsupported filter type",
        "FilterChain should have exactly one filter",
        r"use_original_dst error:",
    ),
    go=(
        "unsupported field 'listener_filters'",
        "unsupported field 'use_original_dst'",
        "has unsupported network filter",
        "missing HttpConnectionManager filter",
        "unsupported transport_socket_matches field is non-empty",
    ),
    java=(
        "cannot have listener_filters",
        "cannot have use_original_dst",
        "with invalid traffic direction: OUTBOUND",
        r"FilterChain .* with unsupported typed_config type",
        "should contain exact one HttpConnectionManager filter",
        "transport-socket-matches not supported",
    ),
    node=(
        "listener_filters populated",
        r"use_original_dst\.value == true",
        "Incorrect filters length",
        r"Unexpected value of filters\[0\]\.typed_config\.type_url",
    ),
    title="this is Envoy's config and not gRPC's: the control plane takes the app for an Envoy proxy",
    fix=(
        "set GENERATOR to grpc in node.metadata of the bootstrap (Istio's template grpc-agent writes it) and restart "
        "the app: gRPC reads the bootstrap once per process"
    ),
)

HTTP_FILTER: Final = KnownError(
    code="nack-http-filter",
    types=frozenset({LDS, RDS}),
    core=(
        "no filter registered for config type",
        r"(http_filters|typed_per_filter_config)\S* error:(unsupported filter type|filter is not supported on)",
        "unsupported filter config type",
    ),
    go=(
        "no filter implementation found for",
        "HTTP filter .* not supported (server|client)-side",
        "no HTTP filter registered",
    ),
    java=("is required but unsupported",),
    title="it demands an HTTP filter that gRPC does not have there and may not leave out",
    fix=(
        "take away what adds the filter: corsPolicy of a VirtualService, an EnvoyFilter, a WasmPlugin, Telemetry "
        "or RequestAuthentication for this workload"
    ),
    of_istio=True,
)

TERMINAL_FILTER: Final = KnownError(
    code="nack-terminal-filter",
    types=frozenset({LDS}),
    core=("terminal filter for config type", "expected at least one HTTP filter"),
    go=("is not a terminal filter", "is a terminal filter but it is not last", "http filters list is empty"),
    java=(
        "must be a terminal filter",
        "terminal HttpFilter must be the last",
        "Missing HttpFilter in HttpConnectionManager",
    ),
    node=("router filter is before the end of the list", "final filter is "),
    title="its list of HTTP filters does not end with the router, which must be the last one and only there (gRFC A39)",
    fix="take away the EnvoyFilter that adds a filter behind the router or takes the router out",
    of_istio=True,
)

FILTER_CONFIG: Final = KnownError(
    code="nack-filter-config",
    types=frozenset({LDS, RDS}),
    core=(r"(http_filters|typed_per_filter_config)\S* error:",),
    go=(
        "error parsing config for filter",
        "error unmarshalling (TypedStruct filter config|FilterConfig)",
        "filter override ",
        "duplicate filter name",
        "filter missing name field",
        "is missing name field",
    ),
    java=(
        "Invalid filter config for HttpFilter",
        r"(HttpFilter|FilterConfig) \[.*\] contains invalid proto",
        "contains duplicate HttpFilter",
        "is not optional and has no typed config",
        "contains filter .* without typed_config",
        "contains invalid HttpFilter config",
    ),
    node=("duplicate HTTP filter name",),
    title="one of its filters has settings that gRPC does not take, or stands there twice",
    fix=(
        "look at what sets the filter: fault of the VirtualService, an AuthorizationPolicy, or an EnvoyFilter for "
        "this workload"
    ),
    of_istio=True,
)

# grpc-js says the same of a filter that it does not have and of settings that it cannot read (http-filter.ts).
FILTER_INVALID: Final = KnownError(
    code="nack-http-filter-or-config",
    types=frozenset({LDS, RDS}),
    node=("filter validation failed", r"typed_per_filter_config(\[\S*\])? validation failed"),
    title="it has an HTTP filter that grpc-js does not have, or settings of one that it does not take",
    fix=HTTP_FILTER.fix,
    of_istio=HTTP_FILTER.of_istio,
)

TRUSTED_HOPS: Final = KnownError(
    code="nack-trusted-hops",
    types=frozenset({LDS}),
    core=("(xff_num_trusted_hops|original_ip_detection_extensions) error:",),
    go=("xff_num_trusted_hops must be", "original_ip_detection_extensions must be"),
    java=("xff_num_trusted_hops unsupported", "original_ip_detection_extensions unsupported"),
    title="it takes the caller's address from a header, which gRPC does not do (gRFC A41)",
    fix="take numTrustedProxies and the EnvoyFilter for x-forwarded-for away from this workload",
    of_istio=True,
)

ROUTES_MISSING: Final = KnownError(
    code="nack-routes-missing",
    types=frozenset({LDS}),
    core=("neither route_config nor rds", "neither has inlined route_config nor RDS"),
    go=("no RouteSpecifier", "empty route_config_name", "for RouteSpecifier"),
    java=("neither has inlined route_config nor RDS",),
    node=("unexpected route_specifier",),
    title="it has no routes, and does not name the route configuration to ask for",
    fix="this comes from an EnvoyFilter (scoped routes) or a fault of the control plane; take it away",
    of_istio=True,
)

ROUTES_SOURCE: Final = KnownError(
    code="nack-rds-config-source",
    types=frozenset({LDS}),
    core=(
        r"rds\.config_source error:",
        "ConfigSource does not specify ADS",
        "ConfigSource for RDS does not specify ADS",
        "missing config_source for RDS",
    ),
    go=("RDS configSource is not ADS", "ConfigSource is not ADS:"),
    java=("contains invalid RDS: ",),
    node=(r"rds\.config_source\.self both unset",),
    title="it wants its routes from another source than the ADS stream",
    fix="this comes from an EnvoyFilter or a control plane that is not Istio's gRPC generator; take it away",
    of_istio=True,
)

API_LISTENER: Final = KnownError(
    code="nack-api-listener",
    types=frozenset({LDS}),
    core=(r"api_listener\.api_listener\.value\[[\w.]*\] error:unsupported filter type", "Listener has no ApiListener"),
    go=("unexpected http connection manager resource type",),
    node=(r"api_listener\.api_listener\.type_url !=",),
    title="it has no API listener with an HTTP connection manager in it, which is all that a client reads",
    fix="this is a fault of the control plane or of an EnvoyFilter; take it away",
    of_istio=True,
)

FILTER_CHAIN_MATCH: Final = KnownError(
    code="nack-filter-chain-match",
    types=frozenset({LDS}),
    core=("duplicate matching rules detected", r"filter_chain_match\S* error:"),
    go=(
        "multiple filter chains with overlapping matching rules",
        "failed to parse (source|destination) prefix ranges",
        "unsupported source type",
    ),
    java=(
        "FilterChainMatch must be unique",
        "Failed to create CidrRange",
        "Unknown source-type",
        "Filter chain names must be unique",
    ),
    node=("duplicate filter_chain_match entry",),
    title="two of its filter chains match the same connections, or one has a match gRPC cannot read (gRFC A36)",
    fix="look at the PeerAuthentication of this workload and at EnvoyFilters that add filter chains",
    of_istio=True,
)

FILTER_CHAIN_MISSING: Final = KnownError(
    code="nack-filter-chain-missing",
    types=frozenset({LDS}),
    core=("must be set if filter_chains is unset", r"field:(default_filter_chain|filter_chains) error:"),
    go=("no supported filter chains and no default filter chain",),
    node=("No api_listener and no filter_chains",),
    title="it has no filter chain that gRPC can use",
    fix="look at the EnvoyFilters for this workload: gRPC leaves out chains that match a server name or a protocol",
    of_istio=True,
)

LISTENER_ADDRESS: Final = KnownError(
    code="nack-listener-address",
    types=frozenset({LDS}),
    core=(r"field:address\S* error:",),
    go=("no (address|socket_address) field in LDS response",),
    java=("Invalid address: Empty address", "NAMED_PORT is not supported"),
    title="it does not say the address it is for",
    fix="this is a fault of the control plane or of an EnvoyFilter: the listener needs an IP address and a port",
    of_istio=True,
)

ERRORS: Final = (
    ENVOY_CONFIG,
    API_LISTENER,
    HTTP_FILTER,
    TERMINAL_FILTER,
    FILTER_CONFIG,
    FILTER_INVALID,
    TRUSTED_HOPS,
    ROUTES_MISSING,
    ROUTES_SOURCE,
    FILTER_CHAIN_MATCH,
    FILTER_CHAIN_MISSING,
    LISTENER_ADDRESS,
)
"""All of them, the most specific first."""
