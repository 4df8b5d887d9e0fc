"""Builds the graph of a snapshot, taking over from the one before what did not change."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.model.xds.clients import Client, client_of
from meshtui.model.xds.config import Listener
from meshtui.model.xds.graph import EMPTY_GRAPH, Graph, Node, NodeKind
from meshtui.model.xds.graph_branches import Branches
from meshtui.model.xds.graph_clusters import Clusters
from meshtui.model.xds.graph_nodes import resource_node, slot_of
from meshtui.model.xds.graph_routes import Routes
from meshtui.model.xds.graph_servers import Servers
from meshtui.model.xds.graph_words import Channel, filter_facts, listener_facts
from meshtui.model.xds.names import inbound_address, is_inbound, last_part
from meshtui.model.xds.resource import CDS, EDS, KNOWN_TYPES, LDS, RDS, Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.virtual_hosts import authority_of


def build(snapshot: Snapshot, before: Graph = EMPTY_GRAPH) -> Graph:
    """The graph of a snapshot. References stay inside one client scope, as they do in gRPC.

    A listener whose resources are all the same objects as in the graph ``before`` is taken over from it, unless
    another gRPC reads them now.
    """
    client = client_of(snapshot.node)
    known = before.branches if before.client == client else {}
    return _GraphBuilder(Branches(snapshot.resources, known), client).graph()


class _GraphBuilder:
    """Makes the listeners, and the nodes of what no listener leads to."""

    def __init__(self, branches: Branches, client: Client) -> None:
        self._branches = branches
        self._client = client
        self._clusters = Clusters(branches, client)
        self._routes = Routes(branches, self._clusters, client)
        self._servers = Servers(branches, client)

    def graph(self) -> Graph:
        outbound: list[Node] = []
        inbound: list[Node] = []
        for key, resource in self._branches.resources.items():
            if key.type == LDS:
                side = inbound if _is_servers(resource) else outbound
                side.append(self._branches.of(resource, self._listener))
        orphans = tuple(self._orphans())
        return Graph((*outbound, *inbound, *orphans), self._client, self._branches.finished)

    def _orphans(self) -> Iterator[Node]:
        resources, referenced = self._branches.resources, self._branches.referenced
        if not resources.keys() - referenced:
            return
        for key, resource in resources.items():
            if key.type == LDS or key in referenced:
                continue
            if key.type == RDS:
                yield self._routes.configuration(key)
            elif key.type == CDS:
                yield self._clusters.cluster(key)
            elif key.type == EDS:
                yield self._clusters.assignment(resource)
            elif key.type not in KNOWN_TYPES:
                yield resource_node(resource, NodeKind.RESOURCE, slot_of(key), key.name, facts=(key.type,))

    def _listener(self, resource: Resource) -> Node:
        key, body = resource.key, resource.body
        self._branches.take(key)
        children: tuple[Node, ...] = ()
        facts: tuple[str, ...] = ()
        if isinstance(body, Listener):
            chains = [self._servers.chain(key.scope, chain) for chain in body.chains]
            children = (*chains, *self._routes_of(key, body))
            facts = (*listener_facts(body), *filter_facts(body.filters, self._client))
        label = last_part(inbound_address(key.name))
        if _is_servers(resource):
            label = f"inbound {label}"
        return resource_node(resource, NodeKind.LISTENER, slot_of(key), label, facts=facts, children=children)

    def _routes_of(self, key: ResourceKey, listener: Listener) -> tuple[Node, ...]:
        """The routes that calls of the listener's channel meet."""
        channel = Channel(authority_of(key), listener.timeout, listener.filters)
        if listener.inline_routes is not None:
            return self._routes.inline(key, listener.inline_routes, channel)
        if not listener.route_name:
            return ()
        return (self._routes.configuration(ResourceKey(key.scope, RDS, listener.route_name), channel),)


def _is_servers(listener: Resource) -> bool:
    """Whether it is the app's own server side: by its client, its name, or what it holds (gRFC A36), whatever its name.

    Old clients say no scope, and a bootstrap's template may make any name.
    """
    body = listener.body
    return is_inbound(listener.key) or (isinstance(body, Listener) and body.inbound)
