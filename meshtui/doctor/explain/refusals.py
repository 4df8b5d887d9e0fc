"""What gRPC's own words for a refused resource (a NACK) mean in Istio's terms.

A field path as C-core's validators write it (``field:lb_policy``) is the surest sign. A listener can hold its route
configuration, so whatever is refused in a route can be refused in a listener.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS, LDS, RDS

LB_POLICY: Final = KnownError(
    code="nack-lb-policy",
    types=frozenset({CDS}),
    core=("field:lb_policy error:LB policy is not supported",),
    go=("unexpected lbPolicy",),
    other=("unsupported lb_?policy",),
    title="it asks for a load-balancing policy that this gRPC does not implement",
    fix=(
        "set trafficPolicy.loadBalancer of the DestinationRule to ROUND_ROBIN or consistentHash (LEAST_REQUEST "
        "needs a gRPC that has it switched on)"
    ),
)

CERTIFICATE_PROVIDER: Final = KnownError(
    code="nack-certificate-provider",
    types=frozenset({LDS, CDS}),
    core=("unrecognized certificate provider instance name",),
    go=("certificate provider instance .* not (found|configured)",),
    title="it asks for TLS with a certificate provider that the bootstrap of this app does not define",
    fix=(
        "compare certificate_providers of the bootstrap with the instance named in the reason; Istio's is "
        "default. The bootstrap is read once per process: restart the app after mending it"
    ),
)

HTTP_FILTER: Final = KnownError(
    code="nack-http-filter",
    types=frozenset({LDS, RDS}),
    core=("no filter registered for config type", "unsupported filter config type"),
    go=("filter .* (is )?not supported", "no HTTP filter (implementation|registered)"),
    title="its listener demands an HTTP filter that gRPC does not have and may not leave out",
    fix=(
        "take away what adds the filter: corsPolicy of a VirtualService, an EnvoyFilter, a WasmPlugin, Telemetry "
        "or RequestAuthentication for this workload"
    ),
)

DISCOVERY_TYPE: Final = KnownError(
    code="nack-discovery-type",
    types=frozenset({CDS}),
    core=("field:type error:", "unknown discovery type"),
    other=("unsupported .*DiscoveryType", "unexpected discovery type"),
    title="its cluster finds endpoints in a way gRPC does not know (it takes EDS, LOGICAL_DNS and aggregates)",
    fix="change resolution of the ServiceEntry (STATIC or DNS), or call the host without xds:///",
)

WEIGHTS: Final = KnownError(
    code="nack-weights",
    types=frozenset({LDS, RDS}),
    core=("sum of cluster weights", "no valid clusters specified"),
    go=("weights? .*(zero|overflow|exceed)",),
    title="a route's weights add up to nothing, or to more than 32 bits",
    fix="give at least one destination of the VirtualService's route a weight above 0",
)

HASH_RING: Final = KnownError(
    code="nack-hash-ring",
    types=frozenset({CDS}),
    core=("(ring_hash|min_ring_size|max_ring_size)",),
    title="the size of its hash ring is outside gRPC's bounds (8 388 608 entries at most, minimum not above maximum)",
    fix="change minimumRingSize in the DestinationRule's consistentHash",
)

REGEX: Final = KnownError(
    code="nack-regex",
    types=frozenset({LDS, RDS, CDS}),
    core=("Invalid regex string",),
    other=("(safe_regex|regex).*(invalid|error|compile)",),
    title="one of its regular expressions is not valid RE2",
    fix="mend the regex in the VirtualService's match (or the DestinationRule's SAN)",
)

DURATION: Final = KnownError(
    code="nack-duration",
    types=frozenset({LDS, RDS}),
    core=("Duration.*(out of range|invalid)",),
    other=("max_stream_duration", "per_try_timeout"),
    title="one of its durations is out of range",
    fix="change timeout or retries in the VirtualService",
)

TLS_SETTINGS: Final = KnownError(
    code="nack-tls-settings",
    types=frozenset({LDS, CDS}),
    core=("feature unsupported",),
    other=("not supported.*(tls|validation_context)",),
    title="its TLS settings use something gRPC does not implement (gRFC A29 lists what it takes)",
    fix="set tls.mode of the DestinationRule to ISTIO_MUTUAL or DISABLE and leave its other TLS fields out",
)

CONFIG_SOURCE: Final = KnownError(
    code="nack-config-source",
    types=frozenset({LDS, CDS}),
    core=("eds_config", "ConfigSource is not ads"),
    other=("ConfigSource",),
    title="it wants its next resource from another source than the ADS stream",
    fix="this comes from an EnvoyFilter or a control plane that is not Istio's gRPC generator; take it away",
)

REFUSALS: Final = (
    LB_POLICY,
    CERTIFICATE_PROVIDER,
    HTTP_FILTER,
    DISCOVERY_TYPE,
    WEIGHTS,
    HASH_RING,
    REGEX,
    DURATION,
    TLS_SETTINGS,
    CONFIG_SOURCE,
)
"""All of them, the most specific first."""
