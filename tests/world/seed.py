"""The seed system as a client holds it, resource by resource: what screens show, with the details istiod adds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from meshtui.model.xds.config import (
    Body,
    Cluster,
    ClusterLoadAssignment,
    Endpoint,
    EndpointHealth,
    FilterChain,
    Listener,
    Locality,
    MatchKind,
    Route,
    RouteConfiguration,
    RouteMatch,
    StringMatch,
    TlsContext,
    TlsMode,
    VirtualHost,
)
from meshtui.model.xds.filters import HttpFilter
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, SERVER_SCOPE, ErrorState, Resource, Status
from tests.world import config
from tests.world.clock import NOW
from tests.world.config import EVERYTHING, HOST, LISTENER, ROUTES, header_equals, subset, weighted

SPIFFE = "spiffe://cluster.local/ns/echo-grpc/sa/echo"


def resource(
    type_: str,
    name: str,
    body: Body | None,
    *,
    version: str = "41",
    updated: datetime | None = NOW - timedelta(seconds=120),
    **more: Any,
) -> Resource:
    """A resource that came two minutes ago."""
    return config.resource(type_, name, body, version=version, at=updated, **more)


def listener(name: str = LISTENER, *, routes: str = ROUTES) -> Resource:
    filters = (HttpFilter("envoy.filters.http.fault", "HTTPFault"), HttpFilter("envoy.filters.http.router", "Router"))
    return resource(LDS, name, Listener(name, inbound=False, route_name=routes, filters=filters))


def inbound(address: str = "127.0.1.13:17070") -> Resource:
    tls = TlsContext(TlsMode.MTLS, identity="default", roots="default", require_client_certificate=True)
    chain = FilterChain("inbound-mtls", tls, filters=(HttpFilter("rbac", "RBAC", "ALLOW client"),))
    name = f"xds.istio.io/grpc/lds/inbound/{address}"
    return resource(LDS, name, Listener(name, inbound=True, address=address, chains=(chain,)), scope=SERVER_SCOPE)


def routes(shares: dict[str, int], *, canary: bool = False, version: str = "42", **kwargs: Any) -> Resource:
    origin = "virtual-service/echo-grpc/echo-weights"
    everything = Route("default", EVERYTHING, weighted(shares), origin=origin)
    matched = Route(
        "canary",
        RouteMatch(
            StringMatch(MatchKind.PREFIX, "/proto.EchoTestService/"),
            (header_equals("x-canary", "1"),),
        ),
        weighted({"v2": 100}),
        origin=origin,
    )
    host = VirtualHost(
        LISTENER, (HOST, LISTENER, "echo", "echo:7070"), (matched, everything) if canary else (everything,)
    )
    return resource(RDS, ROUTES, RouteConfiguration(ROUTES, (host,)), version=version, **kwargs)


def cluster(version: str, *, mtls: bool = True, **kwargs: Any) -> Resource:
    name = subset(version)
    sans = (StringMatch(MatchKind.EXACT, SPIFFE),)
    tls = (
        TlsContext(TlsMode.MTLS, identity="default", roots="default", sans=sans)
        if mtls
        else TlsContext(TlsMode.PLAINTEXT)
    )
    body = Cluster(
        name, EDS, endpoints_name=name, tls=tls, subset=version, origin="destination-rule/echo-grpc/echo-versions"
    )
    return resource(CDS, name, body, **kwargs)


def endpoints(version: str, *addresses: str, health: EndpointHealth = EndpointHealth.HEALTHY) -> Resource:
    name = subset(version)
    found = tuple(Endpoint(address, health, workload=f"echo-{version}") for address in addresses)
    locality = Locality(region="region1", zone="zone1", sub_zone="", priority=0, weight=1, endpoints=found)
    return resource(EDS, name, ClusterLoadAssignment(name, (locality,)))


def missing(type_: str, name: str, status: Status = Status.DOES_NOT_EXIST) -> Resource:
    return resource(type_, name, None, status=status, version="", updated=None)


def healthy(shares: dict[str, int] | None = None) -> list[Resource]:
    """The seed system: a weighted split over two subsets with mTLS, and the app's own server side."""
    return [
        listener(),
        routes(shares or {"v1": 80, "v2": 20}, canary=True),
        cluster("v1"),
        cluster("v2"),
        endpoints("v1", "127.0.1.11:17070"),
        endpoints("v2", "127.0.1.12:17070"),
        inbound(),
    ]


def nacked(old: Resource, version: str, details: str, at: datetime) -> Resource:
    """The resource after its newest version was refused: the old one still in force."""
    error = ErrorState(version, details, at)
    return Resource(
        key=old.key,
        status=Status.NACKED,
        version=old.version,
        last_updated=old.last_updated,
        error=error,
        type_url=old.type_url,
        value=old.value,
        content=old.content,
    )
