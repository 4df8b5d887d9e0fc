"""What a route says to HTTP filters: faults, which gRPC injects, and CORS, which it refuses."""

from __future__ import annotations

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as components
from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf import any_pb2, wrappers_pb2

from meshtui.demo.istio.routing import CorsPolicy, Fault, HttpRoute
from meshtui.demo.xds.listeners import FAULT_FILTER
from meshtui.demo.xds.route_action import duration, percentage
from meshtui.demo.xds.route_match import text

CORS_FILTER = "envoy.filters.http.cors"


def add(route: components.Route, http: HttpRoute) -> None:
    """Add the overrides of one entry of a VirtualService to its route."""
    if http.fault:
        _pack(route, FAULT_FILTER, _fault(http.fault))
    if http.cors:
        _pack(route, CORS_FILTER, _cors(http.cors))


def _pack(route: components.Route, name: str, config: fault_pb2.HTTPFault | cors_pb2.CorsPolicy) -> None:
    packed = any_pb2.Any()
    packed.Pack(config)
    route.typed_per_filter_config[name].CopyFrom(packed)


def _cors(cors: CorsPolicy) -> cors_pb2.CorsPolicy:
    """By istio's ``core/route/route.go``, TranslateCORSPolicy."""
    out = cors_pb2.CorsPolicy(
        allow_origin_string_match=[text(origin) for origin in cors.origins],
        allow_methods=",".join(cors.methods),
        allow_headers=",".join(cors.headers),
        expose_headers=",".join(cors.exposed),
        filter_enabled=base_pb2.RuntimeFractionalPercent(default_value=percent_pb2.FractionalPercent(numerator=100)),
        forward_not_matching_preflights=wrappers_pb2.BoolValue(value=cors.forwards_unmatched),
    )
    if cors.max_age_seconds is not None:
        out.max_age = str(int(cors.max_age_seconds))
    if cors.credentials is not None:
        out.allow_credentials.value = cors.credentials
    return out


def _fault(fault: Fault) -> fault_pb2.HTTPFault:
    """A missing percentage is none of a hundred, or is left out (istio ``core/route/route.go``, TranslateFault)."""
    out = fault_pb2.HTTPFault()
    if fault.delay_seconds is not None:
        out.delay.fixed_delay.CopyFrom(duration(fault.delay_seconds))
        out.delay.percentage.SetInParent()
        if fault.delay_percent is not None:
            out.delay.percentage.CopyFrom(percentage(fault.delay_percent))
    if fault.abort_percent is not None:
        out.abort.percentage.CopyFrom(percentage(fault.abort_percent))
    if fault.abort_grpc_status is not None:
        out.abort.grpc_status = fault.abort_grpc_status
    elif fault.abort_http_status is not None:
        out.abort.http_status = fault.abort_http_status
    return out
