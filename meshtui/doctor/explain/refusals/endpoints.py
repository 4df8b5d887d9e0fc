"""Why a client refuses the endpoints of a cluster.

Read in grpc-go ``xdsresource/unmarshal_eds.go``, grpc-java ``XdsEndpointResource``, C-core ``xds_endpoint_parser.cc``,
grpc-js-xds ``endpoint-resource-type.ts``.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS, EDS

ENDPOINT_WEIGHT: Final = KnownError(
    code="nack-endpoint-weight",
    types=frozenset({EDS}),
    core=(r"lb_endpoints\S*load_balancing_weight error:",),
    go=("contains an endpoint with zero weight",),
    title="one of its endpoints has a weight of 0 (an endpoint that is to get nothing must be left out)",
    fix="give the WorkloadEntry or the endpoint of the ServiceEntry a weight above 0, or take it out",
    of_istio=True,
)

WEIGHTS_TOO_GREAT: Final = KnownError(
    code="nack-endpoint-weights-sum",
    types=frozenset({EDS}),
    core=("sum of (locality|endpoint) weights .*exceeds",),
    go=("sum of weights of (endpoints|localities) .*exceed",),
    java=("weights? .*(overflow|exceeds)",),
    node=(r"has total weight greater than",),
    title="the weights of its endpoints or localities add up to more than 32 bits",
    fix="make the weights of the endpoints (WorkloadEntry, localityLbSetting) smaller; only their ratio counts",
    of_istio=True,
)

DUPLICATE_ENDPOINT: Final = KnownError(
    code="nack-duplicate-endpoint",
    types=frozenset({EDS}),
    core=("duplicate endpoint address",),
    go=("duplicate endpoint with the same address",),
    node=("address is a duplicate of another address",),
    title="it has the same address and port twice",
    fix="find the two objects that name this address: two WorkloadEntries, or one beside a pod of the same address",
)

DUPLICATE_LOCALITY: Final = KnownError(
    code="nack-duplicate-locality",
    types=frozenset({EDS}),
    core=("duplicate locality ",),
    go=("duplicate locality .* with the same priority",),
    java=("has duplicate (locality|…)",),
    node=(r"\.locality is a duplicate of another locality",),
    title="it lists a locality twice in one priority",
    fix="this is a fault of the control plane: it has to join the endpoints of a locality",
)

LOCALITY_UNNAMED: Final = KnownError(
    code="nack-locality-unnamed",
    types=frozenset({EDS}),
    core=(r"\.locality error:field not present",),
    go=("contains a locality without ID",),
    node=(r"\.locality unset",),
    title="one of its groups of endpoints does not say its locality",
    fix="this is a fault of the control plane: an empty locality is enough, and it must be set",
)

PRIORITIES: Final = KnownError(
    code="nack-priorities",
    types=frozenset({EDS}),
    core=(r"priority \d+ empty", "sparse priority"),
    go=(r"priority \d+ missing",),
    java=("has sparse priorities", "negative priority"),
    node=(r"Endpoints have priority \d+ but not",),
    title="its priorities have a gap: they must count up from 0 without leaving one out",
    fix=(
        "this is a fault of the control plane: a priority without endpoints (localityLbSetting, failover) must not "
        "be counted"
    ),
)

ENDPOINT_ADDRESS: Final = KnownError(
    code="nack-endpoint-address",
    types=frozenset({EDS}),
    core=(r"address\S* error:", r"\.endpoint error:field not present", r"port_value error:"),
    java=(
        "LbEndpoint with no endpoint/address",
        "Address is not an IP",
        "Invalid Resource in address proto",
        r"Failed to parse envoy\.config\.core\.v3\.Address",
    ),
    node=("is not a valid IPv4 or IPv6 address", "Unsupported port_specifier", r"socket_address (not set|unset)"),
    title="one of its endpoints has no address gRPC can connect to (an IP address and a port number)",
    fix="give the WorkloadEntry or the endpoint of the ServiceEntry an IP address; a host name needs resolution DNS",
    of_istio=True,
)

DROPS: Final = KnownError(
    code="nack-drops",
    types=frozenset({EDS}),
    core=(r"field:policy\.drop_overloads\S* error:", "empty drop category name"),
    go=("drop policy with unsupported denominator",),
    java=("Unknown denominator type",),
    title="its list of shares to drop (drop_overloads) is not one gRPC can read",
    fix="mend drop_overloads where the endpoints are made; Istio makes none",
)

METADATA: Final = KnownError(
    code="nack-metadata",
    types=frozenset({CDS, EDS}),
    core=(r"metadata\S* error:",),
    go=("metadata conversion for key",),
    java=("Failed to parse (xDS filter|Locality Endpoint|Endpoint) metadata",),
    title=(
        "its metadata have a value of a type that gRPC knows and cannot read: the address of an HTTP CONNECT proxy "
        "(gRFC A86) or the audience of a token (gRFC A83)"
    ),
    fix="mend typed_filter_metadata where the control plane sets it; Istio sets none that gRPC reads",
)

ERRORS: Final = (
    METADATA,  # which may hold an address too
    ENDPOINT_WEIGHT,
    WEIGHTS_TOO_GREAT,
    DUPLICATE_ENDPOINT,
    DUPLICATE_LOCALITY,
    LOCALITY_UNNAMED,
    PRIORITIES,
    DROPS,
    ENDPOINT_ADDRESS,
)
"""All of them, the most specific first."""
