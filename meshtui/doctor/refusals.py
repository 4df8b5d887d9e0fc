"""What gRPC's own words for a refused resource mean in Istio's terms.

The forms are those of C-core's and grpc-go's validators; a field path as C-core writes it (``field:lb_policy``) is the
surest sign, so it stands first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meshtui.model.regex import found_in


@dataclass(frozen=True, slots=True)
class Refusal:
    """``forms`` are regular expressions searched in the client's reason; ``fix`` says which Istio field to change."""

    forms: tuple[str, ...]
    meaning: str
    fix: str


REFUSALS: Final = (
    Refusal(
        (r"field:lb_policy error:LB policy is not supported", r"unexpected lbPolicy", r"unsupported lb_?policy"),
        "it asks for a load-balancing policy that this gRPC does not implement",
        "set trafficPolicy.loadBalancer of the DestinationRule to ROUND_ROBIN or consistentHash (LEAST_REQUEST needs a "
        "gRPC that has it switched on)",
    ),
    Refusal(
        (
            r"unrecognized certificate provider instance name",
            r"certificate provider instance .* not (found|configured)",
        ),
        "it asks for TLS with a certificate provider that the bootstrap of this app does not define",
        "compare certificate_providers of the bootstrap with the instance named in the reason; Istio's is default. "
        "The bootstrap is read once per process: restart the app after mending it",
    ),
    Refusal(
        (
            r"no filter registered for config type",
            r"unsupported filter config type",
            r"filter .* (is )?not supported",
            r"no HTTP filter (implementation|registered)",
        ),
        "its listener demands an HTTP filter that gRPC does not have and may not leave out",
        "take away what adds the filter: corsPolicy of a VirtualService, an EnvoyFilter, a WasmPlugin, Telemetry or "
        "RequestAuthentication for this workload",
    ),
    Refusal(
        (r"field:type error:", r"unknown discovery type", r"unsupported .*DiscoveryType", r"unexpected discovery type"),
        "its cluster finds endpoints in a way gRPC does not know (it takes EDS, LOGICAL_DNS and aggregates)",
        "change resolution of the ServiceEntry (STATIC or DNS), or call the host without xds:///",
    ),
    Refusal(
        (r"sum of cluster weights", r"weights? .*(zero|overflow|exceed)", r"no valid clusters specified"),
        "a route's weights add up to nothing, or to more than 32 bits",
        "give at least one destination of the VirtualService's route a weight above 0",
    ),
    Refusal(
        (r"(ring_hash|min_ring_size|max_ring_size)",),
        "the size of its hash ring is outside gRPC's bounds (8 388 608 entries at most, minimum not above maximum)",
        "change minimumRingSize in the DestinationRule's consistentHash",
    ),
    Refusal(
        (r"(safe_regex|regex).*(invalid|error|compile)", r"Invalid regex string"),
        "one of its regular expressions is not valid RE2",
        "mend the regex in the VirtualService's match (or the DestinationRule's SAN)",
    ),
    Refusal(
        (r"max_stream_duration|per_try_timeout|Duration.*(out of range|invalid)",),
        "one of its durations is out of range",
        "change timeout or retries in the VirtualService",
    ),
    Refusal(
        (
            r"feature unsupported|not supported.*(tls|validation_context)",
            r"(tls|validation_context).*feature unsupported",
        ),
        "its TLS settings use something gRPC does not implement (gRFC A29 lists what it takes)",
        "set tls.mode of the DestinationRule to ISTIO_MUTUAL or DISABLE and leave its other TLS fields out",
    ),
    Refusal(
        (r"eds_config|ConfigSource is not ads", r"ConfigSource"),
        "it wants its next resource from another source than the ADS stream",
        "this comes from an EnvoyFilter or a control plane that is not Istio's gRPC generator; take it away",
    ),
)
"""Known refusals, the most specific first."""


def meaning_of(details: str) -> Refusal | None:
    """The first known refusal that the client's reason names, or ``None``."""
    for refusal in REFUSALS:
        if any(found_in(form, details) for form in refusal.forms):
            return refusal
    return None
