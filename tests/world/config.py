"""Small worlds for tests: snapshots built from the model, shaped as istiod's config is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from meshtui.model.xds.config import (
    ActionKind,
    Body,
    Cluster,
    ClusterLoadAssignment,
    Endpoint,
    EndpointHealth,
    FilterChain,
    HeaderMatch,
    Listener,
    Locality,
    MatchKind,
    Policy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatch,
    TlsContext,
    TlsMode,
    VirtualHost,
    WeightedCluster,
)
from meshtui.model.xds.resource import (
    CDS,
    EDS,
    LDS,
    RDS,
    SERVER_SCOPE,
    Content,
    ErrorState,
    Resource,
    ResourceKey,
    Status,
)
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from tests.world.clock import NOW

HOST = "echo.echo-grpc.svc.cluster.local"
LISTENER = f"{HOST}:7070"
ROUTES = f"outbound|7070||{HOST}"
SCOPE = f"xds:///{LISTENER}"
EVERYTHING = RouteMatch(StringMatch(MatchKind.PREFIX, "/"))
MTLS = TlsContext(TlsMode.MTLS, identity="default", roots="default")


def subset(name: str) -> str:
    """Istio's cluster name of a subset of the echo service."""
    return f"outbound|7070|{name}|{HOST}"


def key(type_: str, name: str, scope: str = SCOPE) -> ResourceKey:
    return ResourceKey(scope, type_, name)


def resource(
    type_: str,
    name: str,
    body: Body | None,
    *,
    status: Status = Status.ACKED,
    version: str = "1",
    error: ErrorState | None = None,
    scope: str = SCOPE,
    at: datetime | None = NOW,
    value: bytes | None = None,
) -> Resource:
    """A resource; its bytes are the body's representation, so that two bodies differ as their bytes would."""
    known = repr(body).encode() if body is not None else b""
    return Resource(
        key=key(type_, name, scope),
        status=status,
        version=version,
        last_updated=at,
        error=error,
        type_url=f"type.googleapis.com/{type_}",
        value=known if value is None else value,
        content=Content.of(body),
    )


def weighted(weights: Mapping[str, int]) -> RouteAction:
    """A forwarding action over subsets of the echo service; a name with ``|`` is a cluster name as it is."""
    total = sum(weights.values())
    return RouteAction(
        ActionKind.FORWARD,
        clusters=tuple(
            WeightedCluster(name if "|" in name else subset(name), weight, weight / total if total else 0.0)
            for name, weight in weights.items()
        ),
    )


def header_equals(name: str, value: str) -> HeaderMatch:
    return HeaderMatch(name, StringMatch(MatchKind.EXACT, value))


def routes(*routes_: Route, domains: tuple[str, ...] = (LISTENER, "*")) -> RouteConfiguration:
    return RouteConfiguration(ROUTES, (VirtualHost(LISTENER, domains, routes_),))


def split_routes(weights: Mapping[str, int]) -> RouteConfiguration:
    """One catch-all route with weights by subset."""
    return routes(Route("default", EVERYTHING, weighted(weights), origin="virtual-service/echo-grpc/echo-weights"))


def endpoints(
    name: str,
    *addresses: str,
    workload: str = "",
    revision: str = "",
    health: EndpointHealth = EndpointHealth.HEALTHY,
) -> ClusterLoadAssignment:
    found = tuple(Endpoint(address, health, workload=workload, revision=revision) for address in addresses)
    return ClusterLoadAssignment(
        name, (Locality(region="region1", zone="zone1", sub_zone="", priority=0, weight=1, endpoints=found),)
    )


def cluster(name: str, tls: TlsContext = MTLS, policy: str = "ROUND_ROBIN") -> Cluster:
    return Cluster(name, "EDS", endpoints_name=name, old_policy=Policy(policy), tls=tls)


def outbound(weights: Mapping[str, int], addresses: Mapping[str, tuple[str, ...]]) -> list[Resource]:
    """Listener, routes and, for each subset with addresses, its cluster and endpoints."""
    found = [
        resource(LDS, LISTENER, Listener(LISTENER, inbound=False, route_name=ROUTES)),
        resource(RDS, ROUTES, split_routes(weights)),
    ]
    for name, hosts in addresses.items():
        full = subset(name)
        found.append(resource(CDS, full, cluster(full)))
        found.append(resource(EDS, full, endpoints(full, *hosts)))
    return found


def inbound(address: str = "127.0.1.13:17070") -> Resource:
    name = f"xds.istio.io/grpc/lds/inbound/{address}"
    chain = FilterChain("inbound-plaintext", TlsContext(TlsMode.PLAINTEXT), inline_routes=RouteConfiguration("", ()))
    return resource(LDS, name, Listener(name, inbound=True, address=address, chains=(chain,)), scope=SERVER_SCOPE)


def snapshot(resources: Iterable[Resource], at: datetime = NOW) -> Snapshot:
    found = {item.key: item for item in resources}
    node = NodeIdentity(
        id="sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local",
        cluster="",
        user_agent="gRPC C-core",
        user_agent_version="1.85.1",
    )
    return Snapshot(taken_at=at, node=node, resources=found)


def canary(at: datetime = NOW) -> Snapshot:
    """The demo's world: 20 % to v1, 80 % to v2, all well."""
    parts = outbound({"v1": 20, "v2": 80}, {"v1": ("127.0.1.11:17070",), "v2": ("127.0.1.12:17070",)})
    return snapshot([*parts, inbound()], at)


def with_resource(before: Snapshot, changed: Resource, at: datetime | None = None) -> Snapshot:
    """The snapshot with one resource added or replaced."""
    return replace(before, taken_at=at or before.taken_at, resources={**before.resources, changed.key: changed})


def without(before: Snapshot, *keys: ResourceKey) -> Snapshot:
    """The snapshot with some resources gone."""
    return replace(before, resources={name: value for name, value in before.resources.items() if name not in keys})
