"""Why a client refuses a cluster.

Read in grpc-go ``xdsresource/unmarshal_cds.go``, grpc-java ``XdsClusterResource`` and ``LoadBalancerConfigFactory``,
C-core ``xds_cluster_parser.cc`` and ``xds_lb_policy_registry.cc``, grpc-js-xds ``cluster-resource-type.ts``.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS

HASH_FUNCTION: Final = KnownError(
    code="nack-hash-function",
    types=frozenset({CDS}),
    core=(r"hash_function error:", "invalid hash function"),
    go=("unsupported ring_hash hash function",),
    java=("invalid ring hash function",),
    node=(r"unsupported ring_hash_lb_config\.hash_function", "unexpected hash function"),
    title="its hash ring uses a hash function that gRPC does not have (it has XX_HASH)",
    fix="take away the EnvoyFilter that sets it: gRPC has no other hash function",
    of_istio=True,
)

HASH_RING: Final = KnownError(
    code="nack-hash-ring",
    types=frozenset({CDS}),
    core=(
        r"m(in|ax)imum_ring_size error:",
        r"(ring_hash_lb_config\S*|m(in|ax)_?ring_?size\S*) (error:|is not in the range|cannot)",
    ),
    go=(r"is invalid: .*(minRingSize|min_ring_size|ring size)",),
    java=(r"Failed to parse lb config .*ring_?size",),
    node=(r"ring_hash_lb_config\.m(in|ax)imum_ring_size is too large",),
    title="the size of its hash ring is outside gRPC's bounds (8 388 608 entries at most, minimum not above maximum)",
    fix="change minimumRingSize in the DestinationRule's consistentHash",
    of_istio=True,
)

LB_POLICY: Final = KnownError(
    code="nack-lb-policy",
    types=frozenset({CDS}),
    core=(
        r"field:lb_policy error:",
        "LB policy is not supported",
        "no supported load balancing policy",
    ),
    go=("unexpected lbPolicy", "no supported policy found in policy list"),
    java=("unsupported lb policy:", "Invalid LoadBalancingPolicy:"),
    node=("unsupported lb_policy:", "No registered LB policy found in list"),
    title="it asks for a load-balancing policy that this gRPC does not implement",
    fix=(
        "set trafficPolicy.loadBalancer of the DestinationRule to ROUND_ROBIN or consistentHash (LEAST_REQUEST "
        "needs a gRPC that has it switched on)"
    ),
    of_istio=True,
)

LB_POLICY_SETTINGS: Final = KnownError(
    code="nack-lb-policy-settings",
    types=frozenset({CDS}),
    core=(r"field:load_balancing_policy\S* error:", r"field:least_request\S* error:"),
    go=(
        r"ChoiceCount must be >= 2",
        "JSON generated from xDS LB policy registry",
        "error converting LoadBalancingPolicy",
        "exceeds max depth supported",
    ),
    java=(
        "Failed to parse lb config for cluster",
        "Invalid duration in weighted round robin config",
        "custom LB config",
        "Maximum LB config recursion depth",
        "Bad JSON config: ",
    ),
    node=("load_balancing_policy parsing failed",),
    title="its load-balancing policy has settings that gRPC does not take",
    fix="change the settings of trafficPolicy.loadBalancer in the DestinationRule, or the EnvoyFilter that makes them",
    of_istio=True,
)

DISCOVERY_TYPE: Final = KnownError(
    code="nack-discovery-type",
    types=frozenset({CDS}),
    core=(
        r"field:type error:",
        "unknown discovery type",
        "unknown cluster_type extension",
        "DiscoveryType is not valid",
    ),
    go=("unsupported cluster type",),
    java=(
        "unsupported built-in discovery type",
        "unsupported custom cluster type",
        "unspecified cluster discovery type",
    ),
    node=(
        r"\bUnsupported type \w",
        r"Unexpected cluster_type\.typed_config\.type_url",
        r"cluster_type\.typed_config unset",
    ),
    title="its cluster finds endpoints in a way gRPC does not know (it takes EDS, LOGICAL_DNS and aggregates)",
    fix="change resolution of the ServiceEntry (STATIC or DNS), or call the host without xds:///",
    of_istio=True,
)

EDS_SERVICE_NAME: Final = KnownError(
    code="nack-eds-service-name",
    types=frozenset({CDS}),
    core=(r"service_name error:must be set if Cluster resource has an xdstp name",),
    go=("EDS service name is not set with a new-style cluster name",),
    java=("EDS service_name must be set when Cluster resource has an xdstp name",),
    node=(r"eds_cluster_config\.service_name is empty",),
    title="its name is an xdstp one, and it does not name its endpoints: EDS service_name is then required (gRFC A47)",
    fix="let the control plane set eds_cluster_config.service_name of the cluster",
)

LOGICAL_DNS: Final = KnownError(
    code="nack-logical-dns",
    types=frozenset({CDS}),
    core=(r"for LOGICAL_DNS cluster", "LOGICAL_DNS clusters must", r"field:load_assignment\S* error:"),
    go=("LOGICAL_DNS cluster",),
    java=("LOGICAL[_ ]DNS clusters",),
    node=(
        r"load_assignment(\.endpoints\S*)? (unset|==|is empty|is not set)",
        r"Unsupported load_assignment\.endpoints",
    ),
    title="it is looked up in DNS and does not name exactly one host and port (gRFC A37)",
    fix="give the ServiceEntry with resolution DNS one endpoint with a host name and a port",
    of_istio=True,
)

AGGREGATE: Final = KnownError(
    code="nack-aggregate",
    types=frozenset({CDS}),
    core=(r"ClusterConfig\]\.clusters error:must be non-empty", "parse aggregate cluster config"),
    go=("aggregate cluster has empty clusters field",),
    java=(r"aggregate ClusterConfig\.clusters must not be empty", "malformed ClusterConfig"),
    node=(r"cluster_type\.typed_config\.clusters\.length ==",),
    title="it is an aggregate cluster without a usable list of clusters (gRFC A37)",
    fix="mend the list of clusters where the aggregate cluster is made; Istio makes none",
)

OUTLIER_DETECTION: Final = KnownError(
    code="nack-outlier-detection",
    types=frozenset({CDS}),
    core=(r"field:outlier_detection\S* error:",),
    go=(r"outlier_detection\.\w+ (=|is invalid)",),
    java=(r"outlier_detection \w+ (is|has)", "malformed outlier_detection"),
    node=(r"outlier_detection\.\w+ out of range",),
    title="its outlier detection has a value out of range (gRFC A50: no negative times, percentages up to 100)",
    fix="change outlierDetection in the DestinationRule, or the EnvoyFilter that sets it",
    of_istio=True,
)

LOAD_REPORTS: Final = KnownError(
    code="nack-load-reports",
    types=frozenset({CDS}),
    core=(r"lrs_server error:", r"lrs(_server\S*)? ConfigSource is not self"),
    go=("in lrs_server field",),
    java=("only support LRS for the same management server",),
    node=(r"lrs_server set but lrs_server\.self unset",),
    title="it wants load reports sent to another server than the control plane (gRPC sends them to that one alone)",
    fix="let the control plane set lrs_server to self, or leave it out",
)

CONFIG_SOURCE: Final = KnownError(
    code="nack-eds-config-source",
    types=frozenset({CDS}),
    core=(r"eds_config error:", "EDS ConfigSource is not ADS"),
    go=("EDS config source is not ADS", "unexpected edsConfig in response"),
    java=("field eds_cluster_config must be set to indicate to use EDS over ADS",),
    node=(r"eds_cluster_config\.eds_config\.self both unset", "eds_cluster_config is unset"),
    title="it wants its endpoints from another source than the ADS stream",
    fix="this comes from an EnvoyFilter or a control plane that is not Istio's gRPC generator; take it away",
    of_istio=True,
)

ERRORS: Final = (
    HASH_FUNCTION,
    HASH_RING,
    LB_POLICY,
    LB_POLICY_SETTINGS,
    EDS_SERVICE_NAME,
    CONFIG_SOURCE,
    LOGICAL_DNS,
    AGGREGATE,
    OUTLIER_DETECTION,
    LOAD_REPORTS,
    DISCOVERY_TYPE,
)
"""All of them, the most specific first."""
