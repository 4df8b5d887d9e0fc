"""From a place in the tree to the resource that says what stands there, and back to who names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshtui.model.config import Cluster, Listener, RouteConfiguration
from meshtui.model.graph import Node, NodeKind
from meshtui.model.resource import CDS, EDS, LDS, RDS, Resource, ResourceKey
from meshtui.model.snapshot import Snapshot


def owner(snapshot: Snapshot, way: Sequence[Node]) -> Resource | None:
    """The resource whose bytes say what stands at the end of ``way``: for an endpoint its EDS, for a route its RDS."""
    if not way:
        return None
    if way[-1].kind is NodeKind.ENDPOINT:
        for node in reversed(way[:-1]):
            found = _assignment(snapshot, node.key)
            if found is not None:
                return found
    for node in reversed(way):
        if node.key is not None:
            return snapshot.resources.get(node.key)
        if node.kind not in (NodeKind.ROUTE, NodeKind.VIRTUAL_HOST, NodeKind.FILTER_CHAIN, NodeKind.ENDPOINT):
            return None
    return None


def endpoints_key(snapshot: Snapshot, cluster: ResourceKey) -> ResourceKey | None:
    """The EDS resource a cluster reads, or ``None`` for a cluster that reads none."""
    resource = snapshot.resources.get(cluster)
    if resource is None or not isinstance(resource.body, Cluster) or resource.body.discovery != EDS:
        return None
    return ResourceKey(cluster.scope, EDS, resource.body.endpoints_name or resource.body.name)


def _assignment(snapshot: Snapshot, key: ResourceKey | None) -> Resource | None:
    if key is None:
        return None
    if key.type == EDS:
        return snapshot.resources.get(key)
    named = endpoints_key(snapshot, key) if key.type == CDS else None
    return snapshot.resources.get(named) if named else None


def users(snapshot: Snapshot, key: ResourceKey) -> tuple[str, ...]:
    """Who in the same client names this resource, one phrase each: ``RDS outbound|7070||echo… (20 %)``."""
    return tuple(_users(snapshot, key))


def _users(snapshot: Snapshot, key: ResourceKey) -> Iterator[str]:
    for other, resource in snapshot.resources.items():
        if other.scope != key.scope or other == key:
            continue
        match resource.body:
            case Listener(route_name=name) if key.type == RDS and name == key.name:
                yield f"{LDS} {other.name}"
            case RouteConfiguration() as routes if key.type == CDS and key.name in _named(routes):
                yield f"{RDS} {other.name}"
            case Listener(inline_routes=RouteConfiguration() as routes) if key.type == CDS and key.name in _named(
                routes
            ):
                yield f"{LDS} {other.name}"
            case Cluster() as cluster if key.type == CDS and key.name in cluster.children:
                yield f"{CDS} {other.name}"
            case Cluster() as cluster if key.type == EDS and (cluster.endpoints_name or cluster.name) == key.name:
                yield f"{CDS} {other.name}"
            case _:
                pass


def _named(routes: RouteConfiguration) -> frozenset[str]:
    return frozenset(
        weighted.cluster for host in routes.virtual_hosts for route in host.routes for weighted in route.action.clusters
    )
