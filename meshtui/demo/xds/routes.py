"""RDS: the virtual hosts of all services on a port, each with the routes of its VirtualService or a default one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as components
from envoy.config.route.v3 import route_pb2

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.origin import Origin, covers
from meshtui.demo.istio.routing import Destination, DirectResponse, HttpMatch, HttpRoute, Redirect, VirtualService
from meshtui.demo.istio.services import NO_ADDRESS, Service
from meshtui.demo.xds import filter_overrides, header_changes, route_action, route_match
from meshtui.demo.xds.names import ClusterName, aliases, parse_cluster

_REDIRECTS = {
    301: components.RedirectAction.MOVED_PERMANENTLY,
    302: components.RedirectAction.FOUND,
    303: components.RedirectAction.SEE_OTHER,
    307: components.RedirectAction.TEMPORARY_REDIRECT,
    308: components.RedirectAction.PERMANENT_REDIRECT,
}


def route_configuration(config: MeshConfig, name: str) -> route_pb2.RouteConfiguration | None:
    """The route configuration of a name, as a client sees it.

    Only the port in the name counts: all services that have it are in (istio ``grpcgen/rds.go``, buildHTTPRoute), and
    gRPC uses the one that fits its target. A service whose port is not HTTP has none.
    """
    parts = parse_cluster(name)
    if parts is None or not parts.host or not parts.port:
        return None
    port = parts.port
    config = config.on_port(port)
    services = [
        service
        for service in config.services
        if (found := service.port(port)) and found.routed and service.host not in config.hidden
    ]
    hosts = {host.name: host for host in _beside(config, services, port)}
    hosts |= {host.name: host for service in services if (host := _of_service(config, service, port))}
    return route_pb2.RouteConfiguration(name=name, virtual_hosts=[hosts[name] for name in sorted(hosts)])


def _of_service(config: MeshConfig, service: Service, port: int) -> components.VirtualHost | None:
    """With the routes of its VirtualService, or a default one if that has none for this client.

    An alias has no default one: its names are among those of what it stands for (istio ``core/route/route.go``,
    BuildSidecarVirtualHostWrapper), unless its own VirtualService has them.
    """
    virtual = config.virtual_service(service.host)
    routes = _routes(config, virtual, port) if virtual else []
    if service.alias_of and not routes:
        return None
    own = tuple(name for host in _known_as(config, service, port) for name in aliases(host, config.namespace))
    # A name under that of a headless Service means one of its pods (istio, generateVirtualHostDomains).
    under = () if service.alias_of else tuple(f"*.{name}" for name in own)
    names = (*own, *under) if service.cluster_ip == NO_ADDRESS else (*own, service.cluster_ip)
    return _virtual_host(service.host, names, routes or [_default_route(config, service, port)], port)


def _known_as(config: MeshConfig, service: Service, port: int) -> Iterator[str]:
    """A Service's name, and those of its aliases that who asks is told of."""
    yield service.host
    if service.alias_of:
        return
    others = (other for other in config.services if other.alias_of and other.host not in config.hidden)
    for other in sorted(others, key=lambda other: (other.origin.namespace, other.host)):
        virtual = config.virtual_service(other.host)
        routed = virtual and other.port(port) and _routes(config, virtual, port)
        if not routed and config.stands_for(other.host) == service.host:
            yield other.host


def _beside(config: MeshConfig, services: Sequence[Service], port: int) -> Iterator[components.VirtualHost]:
    """Those of hosts that a VirtualService names beside Services and that are none on this port: nobody can dial them.

    On port 80 a VirtualService needs no Service for that (istio ``core/route/route.go``,
    buildSidecarVirtualHostsForVirtualService).
    """
    known = [service.host for service in services]
    for virtual in reversed(config.virtual_services):
        routes = _routes(config, virtual, port)
        if routes and (port == 80 or any(covers(host, own) for host in virtual.hosts for own in known)):
            others = (host.lower() for host in virtual.hosts if not any(covers(host, own) for own in known))
            yield from (_virtual_host(host, (host,), routes, port) for host in others)


def _virtual_host(
    host: str, names: Iterable[str], routes: Iterable[components.Route], port: int
) -> components.VirtualHost:
    return components.VirtualHost(
        name=f"{host}:{port}",
        domains=[domain for name in names for domain in (name, f"{name}:{port}")],
        routes=routes,
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
            if match is not None and not match.is_for(config.namespace, config.labels, port):
                continue
            out.append(_route(config, virtual, http, match, port))
            if match is None or match.takes_everything:
                return out
    return out


def _route(
    config: MeshConfig, virtual: VirtualService, http: HttpRoute, match: HttpMatch | None, port: int
) -> components.Route:
    name = f"{http.name}.{match.name}" if match and match.name else http.name
    route = components.Route(name=name, match=route_match.route_match(match), metadata=_metadata(virtual.origin))
    if match is not None:
        route.stat_prefix = match.stat_prefix
    header_changes.add(route, http.headers)
    if isinstance(http.instead, DirectResponse):
        route.direct_response.status = http.instead.status
        if http.instead.body:
            route.direct_response.body.inline_string = http.instead.body
    elif isinstance(http.instead, Redirect):
        route.redirect.CopyFrom(_redirect(http.instead, port))
    else:
        route.route.CopyFrom(route_action.action(config, http, port))
        if not http.weighted:
            header_changes.add(route, http.destinations[0].headers)
    route.decorator.operation = _operation(route, http.destinations[:1], virtual.origin.name, port)
    filter_overrides.add(route, http)
    return route


def _redirect(redirect: Redirect, called: int) -> components.RedirectAction:
    """Without a port that the scheme implies (istio ``core/route/route.go``, ApplyRedirect)."""
    port = called if redirect.port == 0 else redirect.port or 0
    implied = (port, redirect.scheme or "http") in ((80, "http"), (443, "https"))
    out = components.RedirectAction(
        host_redirect=redirect.authority,
        path_redirect=redirect.uri,
        port_redirect=0 if implied else port,
        response_code=_REDIRECTS[redirect.code],
    )
    if redirect.scheme:
        out.scheme_redirect = redirect.scheme
    return out


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
