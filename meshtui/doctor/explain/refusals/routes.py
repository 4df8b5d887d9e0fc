"""Why a client refuses a route configuration, or a listener that holds one.

Read in grpc-go ``xdsresource/unmarshal_rds.go``, grpc-java ``XdsRouteConfigureResource``, C-core
``xds_route_config_parser.cc``, grpc-js-xds ``route-config-resource-type.ts``.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS, LDS, RDS

REGEX: Final = KnownError(
    code="nack-regex",
    types=frozenset({LDS, RDS, CDS}),
    core=("Invalid regex string", "errors compiling regex"),
    go=("contains an invalid regex", "safe_regex matcher .* is invalid"),
    java=("Malformed safe regex pattern", "contains malformed safe regex pattern"),
    title="one of its regular expressions is not valid RE2",
    fix="mend the regex in the VirtualService's match (or the DestinationRule's SAN)",
    of_istio=True,
)

HEADER_MATCHER: Final = KnownError(
    code="nack-header-matcher",
    types=frozenset({LDS, RDS}),
    core=(r"headers\S* error:", "(invalid|cannot create)( route)? header matcher"),
    go=("has an unrecognized header matcher", "has an (invalid|empty) string matcher", "has an invalid header matcher"),
    java=("Unknown header matcher type", "Unknown StringMatcher match pattern", r"StringMatcher .* must be non-empty"),
    node=("unsupported header_match_specifier",),
    title="a route matches a header in a way that this gRPC does not know, or that says nothing to match",
    fix="write the header's match in the VirtualService as exact, prefix or regex",
    of_istio=True,
)

PATH_MATCHER: Final = KnownError(
    code="nack-path-matcher",
    types=frozenset({LDS, RDS}),
    core=("invalid path specifier", r"\.match error:field not present"),
    go=("has an unrecognized path specifier", "doesn't have a (path specifier|match)"),
    java=("Unknown path match type",),
    node=("unsupported path_specifier", "no path_specifier set", r"\.match unset"),
    title="a route matches the path in a way that gRPC does not know, or does not say which path it matches",
    fix="write the uri's match in the VirtualService as exact, prefix or regex",
    of_istio=True,
)

RETRIES: Final = KnownError(
    code="nack-retries",
    types=frozenset({LDS, RDS}),
    core=(r"retry_policy\S* error:", "RouteAction Retry(Policy|Backoff)"),
    go=(r"retry_policy\.\w+ = ",),
    java=("(base|max)_interval .*retry_backoff",),
    node=(r"retry_policy: ", r"Invalid policy\.num_retries", r"retry_back_off\.\w+"),
    title="its retry policy has a value gRPC does not take (at least one retry, intervals above 0; gRFC A44)",
    fix="change retries in the VirtualService: attempts of 1 or more, or leave retries out",
    of_istio=True,
)

WEIGHTS: Final = KnownError(
    code="nack-weights",
    types=frozenset({LDS, RDS}),
    core=(
        "sum of cluster weights",
        "no valid clusters specified",
        r"weighted_clusters\S* error:",
        "weighted_cluster (cluster missing weight|has incorrect total weight)",
    ),
    go=(
        "has no valid cluster in WeightedCluster action",
        "total weight of clusters exceeds",
        "weights of clusters do not add up",
    ),
    java=("Sum of cluster weights should be", "No cluster found in weighted cluster list"),
    node=(r"weighted_clusters sum of weights is",),
    title="a route's weights are not set, add up to nothing, to more than 32 bits, or (in old gRPC) to no total_weight",
    fix="give at least one destination of the VirtualService's route a weight above 0",
    of_istio=True,
)

DESTINATION: Final = KnownError(
    code="nack-destination-unnamed",
    types=frozenset({LDS, RDS}),
    core=(
        r"route\.cluster error:must be non-empty",
        r"weighted_clusters\S*\.name error:",
        "contains empty cluster name",
    ),
    title="a route sends requests to a cluster without a name",
    fix="name the host of each destination of the VirtualService's route",
    of_istio=True,
)

ROUTE_ACTION: Final = KnownError(
    code="nack-route-action",
    types=frozenset({LDS, RDS}),
    java=("with unknown action type:", "Unknown cluster ?specifier"),
    node=("unsupported action: ", r"unsupported route\.cluster_specifier", r"\]\.route unset"),
    title="a route does something else than send requests to a cluster, and this gRPC knows nothing else",
    fix="take redirect or directResponse out of the VirtualService's route, or call the host without xds:///",
    of_istio=True,
)

DOMAINS: Final = KnownError(
    code="nack-domains",
    types=frozenset({LDS, RDS}),
    core=(r"domains\S* error:", "Invalid domain pattern", "VirtualHost has no domains"),
    go=("invalid domain pattern",),
    node=("domains entry has",),
    title="a virtual host has a domain that gRPC cannot match (one *, at the beginning or at the end)",
    fix="change hosts in the VirtualService or the ServiceEntry",
    of_istio=True,
)

CLUSTER_SPECIFIER_PLUGIN: Final = KnownError(
    code="nack-cluster-specifier-plugin",
    types=frozenset({LDS, RDS}),
    core=(r"cluster_specifier_plugin\S* error:",),
    go=("cluster specifier .*was not found", "for cluster specifier", "cluster specifier plugin .*not in Route"),
    java=("ClusterSpecifierPlugin",),
    title="it chooses clusters with a plugin that this gRPC does not have or cannot set up (gRFC A42)",
    fix="take the cluster specifier plugin out of the route configuration; Istio makes none",
)

HASH_POLICY: Final = KnownError(
    code="nack-hash-policy",
    types=frozenset({LDS, RDS}),
    core=(r"hash_policy\S* error:",),
    title="a route's hash policy is not one gRPC can use",
    fix="change consistentHash in the DestinationRule, or the EnvoyFilter that makes the hash policy",
    of_istio=True,
)

FRACTION: Final = KnownError(
    code="nack-fraction",
    types=frozenset({LDS, RDS}),
    core=(r"runtime_fraction\S* error:",),
    java=("Unknown denominator type",),
    title="a route takes a share of requests that is not counted in hundredths, ten-thousandths or millionths",
    fix="mend the runtime fraction where the route is made; Istio makes none for gRPC",
)

DURATION: Final = KnownError(
    code="nack-duration",
    types=frozenset({LDS, RDS, CDS}),
    core=(r"field:\S*\.(seconds|nanos) error:", r"(max_stream_duration|grpc_timeout_header_max)\S* error:"),
    title="one of its durations is out of range",
    fix="change timeout in the VirtualService, idleTimeout in the DestinationRule, or the EnvoyFilter that sets it",
    of_istio=True,
)

ERRORS: Final = (
    REGEX,
    HEADER_MATCHER,
    PATH_MATCHER,
    RETRIES,
    ROUTE_ACTION,
    DOMAINS,
    CLUSTER_SPECIFIER_PLUGIN,
    HASH_POLICY,
    FRACTION,
    DURATION,
    DESTINATION,
    WEIGHTS,
)
"""All of them, the most specific first."""
