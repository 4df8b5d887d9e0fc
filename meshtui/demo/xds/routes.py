"""RDS: the virtual hosts of all services on a port, each with the routes of its VirtualService or a default one."""

from __future__ import annotations

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as components
from envoy.config.route.v3 import route_pb2

from meshtui.demo.istio.objects import MeshConfig, Service
from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.routing import Destination, DirectResponse, HttpMatch, HttpRoute, Redirect, VirtualService
from meshtui.demo.xds import filter_overrides, route_action, route_match
from meshtui.demo.xds.names import ClusterName, aliases, parse_cluster


def route_configuration(config: MeshConfig, namespace: str, name: str) -> route_pb2.RouteConfiguration | None:
    """The route configuration of a name, as a client in a namespace sees it.

    Only the port in the name counts: all services that have it are in (istio ``grpcgen/rds.go``, buildHTTPRoute), and
    gRPC uses the one that fits its target. A service whose port is not HTTP has none.
    """
    parts = parse_cluster(name)
    if parts is None or not parts.host or not parts.port:
        return None
    services = sorted(
        (service for service in config.services if (port := service.port(parts.port)) and port.routed),
        key=lambda service: service.host,
    )
    hosts = [_virtual_host(config, namespace, service, parts.port) for service in services]
    return route_pb2.RouteConfiguration(name=name, virtual_hosts=hosts)


def _virtual_host(config: MeshConfig, namespace: str, service: Service, port: int) -> components.VirtualHost:
    virtual = config.virtual_service(service.host)
    names = [*aliases(service.host, namespace), service.cluster_ip]
    return components.VirtualHost(
        name=f"{service.host}:{port}",
        domains=[domain for name in names for domain in (name, f"{name}:{port}")],
        routes=_routes(config, virtual, port) if virtual else [_default_route(config, service, port)],
        include_request_attempt_count=True,
    )


def _default_route(config: MeshConfig, service: Service, port: int) -> components.Route:
    return components.Route(
        name="default",
        match=components.RouteMatch(prefix="/"),
        route=route_action.default(config, ClusterName(service.host, port)),
        decorator=components.Decorator(operation=f"{service.host}:{port}/*"),
    )


def _routes(config: MeshConfig, virtual: VirtualService, port: int) -> list[components.Route]:
    """One route per alternative match, in order; what follows a route that takes everything is left out."""
    out = []
    for http in virtual.http:
        for match in http.matches or (None,):
            out.append(_route(config, virtual, http, match, port))
            if match is None or match.takes_everything:
                return out
    return out


def _route(
    config: MeshConfig, virtual: VirtualService, http: HttpRoute, match: HttpMatch | None, port: int
) -> components.Route:
    name = f"{http.name}.{match.name}" if match and match.name else http.name
    route = components.Route(name=name, match=route_match.route_match(match), metadata=_metadata(virtual.origin))
    if isinstance(http.instead, DirectResponse):
        route.direct_response.status = http.instead.status
        if http.instead.body:
            route.direct_response.body.inline_string = http.instead.body
    elif isinstance(http.instead, Redirect):
        route.redirect.host_redirect, route.redirect.path_redirect = http.instead.authority, http.instead.uri
    else:
        route.route.CopyFrom(route_action.action(config, http, port))
    route.decorator.operation = _operation(route, http.destinations[:1], virtual.origin.name, port)
    for key, value in http.unsupported.request_headers:
        route.request_headers_to_add.add(
            header=base_pb2.HeaderValue(key=key, value=value),
            append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
        )
    filter_overrides.add(route, http)
    return route


def _metadata(origin: Origin) -> base_pb2.Metadata:
    """The ``istio`` metadata that names the object a route was made from, by its path in the API server."""
    metadata = base_pb2.Metadata()
    path = f"networking.istio.io/v1/namespaces/{origin.namespace}/virtual-service/{origin.name}"
    metadata.filter_metadata["istio"].update({"config": f"/apis/{path}"})
    return metadata


def _operation(route: components.Route, only: tuple[Destination, ...], virtual: str, port: int) -> str:
    """The cluster's host where there is one cluster, else the VirtualService (istio, GetRouteOperation)."""
    match = route.match
    path = match.path or match.safe_regex.regex or f"{match.prefix}*"
    parts = parse_cluster(route.route.cluster) if only else None
    return f"{parts.host}:{parts.port}{path}" if parts else f"{virtual}:{port}{path}"
