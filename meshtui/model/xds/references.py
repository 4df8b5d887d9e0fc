"""From a place in the tree to the resource that says what stands there, and back to who names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshtui.model.xds.config import Body, Cluster, Listener, RouteConfiguration
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.resource import CDS, EDS, RDS, Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot


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


class References:
    """Who in the same client names which resource, for one set of resources; found out when first asked."""

    def __init__(self, resources: Mapping[ResourceKey, Resource]) -> None:
        self.resources = resources
        """What was looked through; compare by identity to know whether this still holds."""
        self._users: dict[ResourceKey, list[str]] | None = None

    def users(self, key: ResourceKey) -> tuple[str, ...]:
        """What names the resource, type and name each."""
        if self._users is None:
            self._users = {}
            for user, resource in self.resources.items():
                for named in named_by(user, resource.body):
                    self._users.setdefault(named, []).append(f"{user.type} {user.name}")
        return tuple(self._users.get(key, ()))


def named_by(user: ResourceKey, body: Body | None) -> frozenset[ResourceKey]:
    """The resources that a config names."""
    scope = user.scope
    match body:
        case Listener():
            inline = _clusters(scope, body.inline_routes) if body.inline_routes else frozenset()
            return inline | {ResourceKey(scope, RDS, body.route_name)} if body.route_name else inline
        case RouteConfiguration():
            return _clusters(scope, body)
        case Cluster():
            children = frozenset(ResourceKey(scope, CDS, child) for child in body.children)
            named = body.endpoints_name or body.name
            return children | {ResourceKey(scope, EDS, named)} if body.discovery == EDS else children
        case _:
            return frozenset()


def _clusters(scope: str, routes: RouteConfiguration) -> frozenset[ResourceKey]:
    return frozenset(
        ResourceKey(scope, CDS, weighted.cluster)
        for host in routes.virtual_hosts
        for route in host.routes
        for weighted in route.action.clusters
    )
