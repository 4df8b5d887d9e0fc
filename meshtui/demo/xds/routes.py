"""RDS: a virtual host with the routes of its VirtualService, or one default route."""

from __future__ import annotations

from datetime import timedelta

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as components
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.common.fault.v3 import fault_pb2 as common_fault_pb2
from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf import any_pb2, duration_pb2, wrappers_pb2

from meshtui.demo.istio.objects import (
    Destination,
    Fault,
    HttpMatch,
    HttpRoute,
    MeshConfig,
    Service,
    TextMatch,
    Unsupported,
    VirtualService,
)
from meshtui.demo.xds.clusters import istio_metadata
from meshtui.demo.xds.listeners import FAULT_FILTER
from meshtui.demo.xds.names import ClusterName, aliases, parse_cluster

DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled"
"""Istio's default; of these gRPC knows ``unavailable`` and ``cancelled``."""

DEFAULT_RETRIES = 2
"""Istio's default number of retries."""


def route_configuration(config: MeshConfig, namespace: str, name: str) -> route_pb2.RouteConfiguration | None:
    """The route configuration of a name, as a client in a namespace sees it; None if there is no such service."""
    parts = parse_cluster(name)
    service = config.service(parts.host) if parts else None
    if parts is None or parts.subset or service is None or service.port(parts.port) is None:
        return None
    virtual = config.virtual_service(service.host)
    routes = _routes(config, service, virtual, parts.port) if virtual else [_default_route(service, parts.port)]
    domains = [*aliases(service.host, namespace), service.cluster_ip]
    host = components.VirtualHost(
        name=f"{service.host}:{parts.port}",
        domains=[domain for alias in domains for domain in (alias, f"{alias}:{parts.port}")],
        routes=routes,
        include_request_attempt_count=True,
    )
    return route_pb2.RouteConfiguration(
        name=name, virtual_hosts=[host], validate_clusters=wrappers_pb2.BoolValue(value=False)
    )


def _default_route(service: Service, port: int) -> components.Route:
    action = components.RouteAction(cluster=str(ClusterName(service.host, port)))
    _finish(action, 0.0, None)
    return components.Route(
        name="default",
        match=components.RouteMatch(prefix="/"),
        route=action,
        decorator=components.Decorator(operation=f"{service.host}:{port}/*"),
    )


def _routes(config: MeshConfig, service: Service, virtual: VirtualService, port: int) -> list[components.Route]:
    """One route per alternative match, in order; what follows a route that takes everything is left out."""
    out = []
    for http in virtual.http:
        for match in http.matches or (HttpMatch(None, (), ()),):
            out.append(_route(config, virtual, http, match, port))
            if match.uri is None and not match.headers and not match.without_headers:
                return out
    return out


def _route(
    config: MeshConfig, virtual: VirtualService, http: HttpRoute, match: HttpMatch, port: int
) -> components.Route:
    action = components.RouteAction()
    if len(http.destinations) == 1:
        action.cluster = _cluster(config, http.destinations[0], port)
    else:
        for destination in http.destinations:
            action.weighted_clusters.clusters.add(
                name=_cluster(config, destination, port), weight=wrappers_pb2.UInt32Value(value=destination.weight)
            )
    _finish(action, http.timeout_seconds, http.retries)
    rule = config.destination_rule(http.destinations[0].host)
    ring_hash = rule.policy_of(None).ring_hash if rule else None
    if ring_hash and ring_hash.header:
        header = components.RouteAction.HashPolicy.Header(header_name=ring_hash.header)
        action.hash_policy.add(header=header)
    _ignored(action, config, http.unsupported, port)
    route = components.Route(name=http.name, match=_match(match), route=action, metadata=istio_metadata(virtual.origin))
    route.decorator.operation = f"{virtual.hosts[0]}:{port}/*"
    for key, value in http.unsupported.request_headers:
        route.request_headers_to_add.add(
            header=base_pb2.HeaderValue(key=key, value=value),
            append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
        )
    _filter_configs(route, http)
    return route


def _cluster(config: MeshConfig, destination: Destination, port: int) -> str:
    """A destination without a port means the service's only port, else the port that was called."""
    service = config.service(destination.host)
    if destination.port is None and service and len(service.ports) == 1:
        port = service.ports[0].number
    return str(ClusterName(destination.host, destination.port or port, destination.subset))


def _finish(action: components.RouteAction, timeout_seconds: float, retries: int | None) -> None:
    """Timeout (gRPC reads only ``max_stream_duration``) and retries."""
    limit = _duration(timeout_seconds)
    action.timeout.CopyFrom(limit)
    action.max_stream_duration.max_stream_duration.CopyFrom(limit)
    if retries == 0:
        return
    action.retry_policy.retry_on = DEFAULT_RETRY_ON
    action.retry_policy.num_retries.value = DEFAULT_RETRIES if retries is None else retries
    action.retry_policy.host_selection_retry_max_attempts = 5


def _ignored(action: components.RouteAction, config: MeshConfig, extra: Unsupported, port: int) -> None:
    """Fields that istiod sends as well and that gRPC does not read."""
    if extra.prefix_rewrite:
        action.prefix_rewrite = extra.prefix_rewrite
    if extra.authority_rewrite:
        action.host_rewrite_literal = extra.authority_rewrite
    if extra.mirror:
        action.request_mirror_policies.add(cluster=_cluster(config, extra.mirror, port))


def _match(match: HttpMatch) -> components.RouteMatch:
    out = components.RouteMatch()
    uri = match.uri
    if uri is None or uri.how == "present":
        out.prefix = "/"
    elif uri.how == "exact":
        out.path = uri.value
    elif uri.how == "prefix":
        out.prefix = uri.value
    else:
        out.safe_regex.CopyFrom(regex_pb2.RegexMatcher(regex=uri.value))
    out.case_sensitive.value = not match.ignore_case
    for name, condition in match.headers:
        out.headers.append(_header(name, condition, inverted=False))
    for name, condition in match.without_headers:
        out.headers.append(_header(name, condition, inverted=True))
    return out


def _header(name: str, condition: TextMatch, inverted: bool) -> components.HeaderMatcher:
    if condition.how == "present":
        return components.HeaderMatcher(name=name, present_match=True, invert_match=inverted)
    if condition.how == "regex":
        matcher = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=condition.value))
    elif condition.how == "prefix":
        matcher = string_pb2.StringMatcher(prefix=condition.value)
    else:
        matcher = string_pb2.StringMatcher(exact=condition.value)
    return components.HeaderMatcher(name=name, string_match=matcher, invert_match=inverted)


def _filter_configs(route: components.Route, http: HttpRoute) -> None:
    if http.fault:
        packed = any_pb2.Any()
        packed.Pack(_fault(http.fault))
        route.typed_per_filter_config[FAULT_FILTER].CopyFrom(packed)
    if http.unsupported.cors_origins:
        origins = [string_pb2.StringMatcher(exact=origin) for origin in http.unsupported.cors_origins]
        packed = any_pb2.Any()
        packed.Pack(cors_pb2.CorsPolicy(allow_origin_string_match=origins))
        route.typed_per_filter_config["envoy.filters.http.cors"].CopyFrom(packed)


def _fault(fault: Fault) -> fault_pb2.HTTPFault:
    out = fault_pb2.HTTPFault()
    if fault.delay_percent:
        delay = common_fault_pb2.FaultDelay(
            fixed_delay=_duration(fault.delay_seconds), percentage=_percentage(fault.delay_percent)
        )
        out.delay.CopyFrom(delay)
    if fault.abort_percent:
        out.abort.percentage.CopyFrom(_percentage(fault.abort_percent))
        if fault.abort_grpc_status is not None:
            out.abort.grpc_status = fault.abort_grpc_status
        else:
            out.abort.http_status = fault.abort_http_status
    return out


def _percentage(percent: float) -> percent_pb2.FractionalPercent:
    return percent_pb2.FractionalPercent(
        numerator=round(percent * 10_000), denominator=percent_pb2.FractionalPercent.MILLION
    )


def _duration(seconds: float) -> duration_pb2.Duration:
    out = duration_pb2.Duration()
    out.FromTimedelta(timedelta(seconds=seconds))
    return out
