"""What each gRPC reads of xDS config: the features with their gRFC, by language and release.

Where no file is named, the release is that of grpc/grpc ``doc/grpc_xds_features.md``. Switches and their defaults were
read at each release's tag in grpc-go ``internal/envconfig/xds.go`` (before 1.43 ``internal/xds/env/env.go``), grpc-java
``xds/src/main/java/io/grpc/xds`` (``GrpcUtil.getFlag``) and grpc-node ``packages/grpc-js-xds/src/environment.ts``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from meshtui.model.xds.clients import Language, Version
from meshtui.model.xds.feature_never import NEVER_READ
from meshtui.model.xds.features import NEVER, Feature, Support

GO_SWITCHES: Final = "internal/envconfig/xds.go"
NODE_SWITCHES: Final = "packages/grpc-js-xds/src/environment.ts"
CORE_BINARY: Final = "the strings of grpcio 1.85.3"


def _since(major: int, minor: int, patch: int = 0, source: str = "") -> Support:
    return Support(Version(major, minor, patch), source=source)


def _by(variable: str, since: Version, source: str) -> Support:
    """Only where the environment says so, in all releases that were looked at."""
    return Support(variable=variable, variable_since=since, source=source)


def _in_all(core: Support, java: Support, go: Support, node: Support) -> MappingProxyType[Language, Support]:
    return MappingProxyType({Language.CORE: core, Language.JAVA: java, Language.GO: go, Language.NODE: node})


TIMEOUTS: Final = Feature(
    "the limit on a call's time",
    "max_stream_duration of a route and of the HttpConnectionManager",
    "A31",
    "calls have no limit but their own deadline",
    _in_all(_since(1, 37, 1), _since(1, 37, 1), _since(1, 37), _since(1, 4)),
)
CIRCUIT_BREAKERS: Final = Feature(
    "the limit of concurrent requests",
    "circuit_breakers.thresholds[].max_requests of a cluster, priority DEFAULT",
    "A32",
    "nothing limits how many calls are in flight",
    _in_all(_since(1, 37, 1), _since(1, 37, 1), _since(1, 37), _since(1, 4)),
)
FAULTS: Final = Feature(
    "fault injection",
    "the filter HTTPFault of a listener, and its override on a virtual host, a route and a weighted cluster",
    "A33, A39",
    "no call is delayed or aborted",
    _in_all(_since(1, 37, 1), _since(1, 37, 1), _since(1, 37), _since(1, 4)),
)
AGGREGATES: Final = Feature(
    "aggregate and LOGICAL_DNS clusters",
    "cluster_type aggregate, type LOGICAL_DNS",
    "A37",
    "the cluster is refused",
    _in_all(
        _since(1, 47),
        _since(1, 39),
        Support(
            Version(1, 48),
            "GRPC_XDS_EXPERIMENTAL_ENABLE_AGGREGATE_AND_LOGICAL_DNS_CLUSTER",
            Version(1, 38),
            source=GO_SWITCHES,
        ),
        _since(1, 9),
    ),
)
RING_HASH: Final = Feature(
    "ring hash",
    "lb_policy RING_HASH, hash_policy of a route by header or filter state io.grpc.channel_id",
    "A42",
    "the cluster is refused",
    _in_all(_since(1, 40), _since(1, 40, 1), _since(1, 41), _since(1, 10)),
)
RETRIES: Final = Feature(
    "retries",
    "retry_policy of a virtual host and of a route: retry_on, num_retries, retry_back_off",
    "A44",
    "no call is retried by config",
    _in_all(_since(1, 40), _since(1, 40, 1), _since(1, 41), _since(1, 8)),
)
TLS: Final = Feature(
    "TLS by certificate providers",
    "transport_socket of a cluster and of a filter chain",
    "A29",
    "connections are made without it",
    _in_all(_since(1, 41), _since(1, 41), _since(1, 41), _since(1, 13, 0, "packages/grpc-js-xds/README.md")),
)
RBAC: Final = Feature(
    "authorization",
    "the filter RBAC of a server's filter chain, and RBACPerRoute",
    "A41",
    "a filter that is not optional is refused with its listener; of one that is, every call is let in",
    _in_all(
        _since(1, 51),
        _since(1, 42),
        _since(1, 42),
        _by("GRPC_XDS_EXPERIMENTAL_RBAC", Version(1, 14), NODE_SWITCHES),
    ),
)
FEDERATION: Final = Feature(
    "xdstp names and authorities",
    "xdstp:// resource names, authorities of the bootstrap",
    "A47",
    "such a name is one like any other",
    _in_all(
        _since(1, 55),
        Support(Version(1, 55), "GRPC_EXPERIMENTAL_XDS_FEDERATION", Version(1, 42)),
        Support(Version(1, 55), "GRPC_EXPERIMENTAL_XDS_FEDERATION", Version(1, 43)),
        Support(Version(1, 14), "GRPC_EXPERIMENTAL_XDS_FEDERATION", Version(1, 9), source=NODE_SWITCHES),
    ),
)
LEAST_REQUEST: Final = Feature(
    "least request",
    "lb_policy LEAST_REQUEST and the policy LeastRequest",
    "A48",
    "the cluster is refused; in a list the policy is passed over",
    _in_all(
        NEVER._replace(source="src/core/xds/grpc/xds_lb_policy_registry.cc"),
        _since(
            1,
            48,
            source="XdsClusterResource.java: 1.48 in a list, lb_policy since 1.73 and before it with "
            "GRPC_EXPERIMENTAL_ENABLE_LEAST_REQUEST",
        ),
        Support(Version(1, 73), "GRPC_EXPERIMENTAL_ENABLE_LEAST_REQUEST", Version(1, 58), source=GO_SWITCHES),
        NEVER._replace(source="packages/grpc-js-xds/src/lb-policy-registry"),
    ),
)
OUTLIERS: Final = Feature(
    "outlier detection",
    "outlier_detection of a cluster: success rate and failure percentage",
    "A50",
    "no endpoint is taken out because its calls fail",
    _in_all(
        _since(1, 51),
        Support(Version(1, 49), source="ClusterResolverLoadBalancer.java"),
        Support(
            Version(1, 50),
            "GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION",
            Version(1, 45),
            source=f"{GO_SWITCHES} (1.49 has it off for good)",
        ),
        Support(Version(1, 7), "GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION", Version(1, 6), source=NODE_SWITCHES),
    ),
)
POLICY_LISTS: Final = Feature(
    "lists of balancing policies",
    "load_balancing_policy of a cluster",
    "A52",
    "lb_policy decides",
    _in_all(_since(1, 55), _since(1, 47), _since(1, 56), _since(1, 10)),
)
KEPT_RESOURCES: Final = Feature(
    "keeping what was deleted",
    "the server feature ignore_resource_deletion of the bootstrap",
    "A53",
    "calls fail when a listener or a cluster is deleted",
    _in_all(_since(1, 48), _since(1, 48), _since(1, 55), _since(1, 7)),
)
SESSIONS: Final = Feature(
    "stateful sessions",
    "the filter StatefulSession (a cookie names the endpoint), common_lb_config.override_host_status of a cluster",
    "A55, A60, A75",
    "the balancing policy picks for each call, whatever the cookie says; a filter that is not optional is refused",
    _in_all(_since(1, 61), NEVER, NEVER, NEVER),
)
WEIGHTED_ROUND_ROBIN: Final = Feature(
    "weighted round robin",
    "the policy ClientSideWeightedRoundRobin",
    "A58",
    "in a list the policy is passed over",
    _in_all(
        _since(1, 55),
        Support(Version(1, 55), "GRPC_EXPERIMENTAL_XDS_WRR_LB", Version(1, 54)),
        _since(1, 56),
        _by("GRPC_EXPERIMENTAL_XDS_WRR_LB", Version(1, 14), NODE_SWITCHES),
    ),
)
DUAL_STACK: Final = Feature(
    "several addresses of one endpoint",
    "additional_addresses of an endpoint",
    "A61",
    "only its first address is dialled",
    _in_all(
        _since(1, 66, 1),
        _by("GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS", Version(1, 66), "XdsEndpointResource.java"),
        _since(1, 71, 0, GO_SWITCHES),
        Support(Version(1, 12), "GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS", Version(1, 11), source=NODE_SWITCHES),
    ),
)
PICK_FIRST: Final = Feature(
    "pick first",
    "the policy PickFirst",
    "A62",
    "in a list the policy is passed over",
    _in_all(
        _since(1, 58),
        Support(Version(1, 58), "GRPC_EXPERIMENTAL_PICKFIRST_LB_CONFIG", Version(1, 56)),
        Support(Version(1, 58), "GRPC_EXPERIMENTAL_PICKFIRST_LB_CONFIG", Version(1, 56), source=GO_SWITCHES),
        _by("GRPC_EXPERIMENTAL_PICKFIRST_LB_CONFIG", Version(1, 10), NODE_SWITCHES),
    ),
)
HEADER_STRINGS: Final = Feature(
    "string matchers of headers",
    "headers[].string_match of a route's match",
    "A63",
    "the route configuration is refused",
    _in_all(_since(1, 56), _since(1, 53), _since(1, 56), _since(1, 9)),
)
FALLBACK: Final = Feature(
    "a second control plane",
    "more than one entry of xds_servers of the bootstrap",
    "A71",
    "only the first is asked",
    _in_all(
        _since(1, 67),
        _since(1, 71),
        Support(Version(1, 70), "GRPC_EXPERIMENTAL_XDS_FALLBACK", Version(1, 66), source=GO_SWITCHES),
        NEVER,
    ),
)
AUTHORITIES: Final = Feature(
    "rewriting of the authority",
    "auto_host_rewrite of a route, where the bootstrap calls the control plane trusted_xds_server",
    "A81",
    "calls keep the channel's authority",
    _in_all(
        Support(Version(1, 85), at_least=True, source=CORE_BINARY),
        _by(
            "GRPC_EXPERIMENTAL_XDS_AUTHORITY_REWRITE",
            Version(1, 69),
            "ClusterImplLoadBalancer.java, whose own switch is off",
        ),
        _by("GRPC_EXPERIMENTAL_XDS_AUTHORITY_REWRITE", Version(1, 78), "internal/envconfig/envconfig.go"),
        NEVER,
    ),
)
SYSTEM_ROOTS: Final = Feature(
    "the machine's own CAs as roots",
    "validation_context.system_root_certs",
    "A82",
    "the cluster has no roots and is refused",
    _in_all(
        Support(Version(1, 85), at_least=True, source=CORE_BINARY),
        Support(Version(1, 77), "GRPC_EXPERIMENTAL_XDS_SYSTEM_ROOT_CERTS", Version(1, 69)),
        _by("GRPC_EXPERIMENTAL_XDS_SYSTEM_ROOT_CERTS", Version(1, 71), GO_SWITCHES),
        NEVER,
    ),
)
HTTP_CONNECT: Final = Feature(
    "a proxy by HTTP CONNECT",
    "transport_socket Http11ProxyUpstreamTransport, and the proxy's address in the metadata of endpoints",
    "A86",
    "the cluster is refused",
    _in_all(
        Support(unsure="GRPC_EXPERIMENTAL_XDS_HTTP_CONNECT in 1.85; its default is not known", source=CORE_BINARY),
        _by("GRPC_EXPERIMENTAL_XDS_HTTP_CONNECT", Version(1, 72), "XdsClusterResource.java"),
        _by("GRPC_EXPERIMENTAL_XDS_HTTP_CONNECT", Version(1, 76), GO_SWITCHES),
        NEVER,
    ),
)
DATA_ERRORS: Final = Feature(
    "config kept when the control plane has an error",
    "the server features fail_on_data_errors and resource_timer_is_transient_error of the bootstrap",
    "A88",
    "what is deleted is gone at once, and a timer that runs out says that it does not exist",
    _in_all(
        Support(unsure="off unless GRPC_EXPERIMENTAL_XDS_DATA_ERROR_HANDLING says so; since when is not known"),
        _by("GRPC_EXPERIMENTAL_XDS_DATA_ERROR_HANDLING", Version(1, 75), "client/BootstrapperImpl.java"),
        NEVER,
        NEVER,
    ),
)
SNI: Final = Feature(
    "SNI and its check",
    "sni, auto_host_sni and auto_sni_san_validation of an UpstreamTlsContext",
    "A101",
    "no SNI is set by config, and the SAN matchers alone are checked",
    _in_all(
        Support(unsure="GRPC_EXPERIMENTAL_XDS_SNI in 1.85; its default is not known", source=CORE_BINARY),
        _since(1, 77, 0, "CertificateUtils.java, SecurityProtocolNegotiators.java"),
        _by("GRPC_EXPERIMENTAL_XDS_SNI", Version(1, 81), GO_SWITCHES),
        NEVER,
    ),
)
FILTERS_OFF: Final = Feature(
    "filters that are switched off",
    "disabled of an HTTP filter and of FilterConfig",
    "A39",
    "the filter stays in force",
    _in_all(
        Support(Version(1, 85), at_least=True, source="a run of grpcio 1.85.3 (tests/peers/test_faults.py)"),
        NEVER,
        _by("GRPC_EXPERIMENTAL_XDS_EXT_PROC_ON_CLIENT", Version(1, 82), "internal/xds/xdsclient/xdsresource"),
        NEVER,
    ),
)


FEATURES: Final = (
    TIMEOUTS, CIRCUIT_BREAKERS, FAULTS, AGGREGATES, RING_HASH, RETRIES, TLS, RBAC, FEDERATION, LEAST_REQUEST, OUTLIERS,
    POLICY_LISTS, KEPT_RESOURCES, SESSIONS, WEIGHTED_ROUND_ROBIN, DUAL_STACK, PICK_FIRST, HEADER_STRINGS, FALLBACK,
    AUTHORITIES, SYSTEM_ROOTS, HTTP_CONNECT, DATA_ERRORS, SNI, FILTERS_OFF,
    *NEVER_READ,
)  # fmt: skip
"""In the order of their gRFC, then what gRPC never reads."""
