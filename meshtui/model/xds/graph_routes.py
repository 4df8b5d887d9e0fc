"""The part of the graph between a listener and its clusters: route configurations, virtual hosts, routes."""

from __future__ import annotations

from typing import Final

from meshtui.model.phrases import plural
from meshtui.model.xds.clients import Client
from meshtui.model.xds.config import Route, RouteConfiguration, VirtualHost, WeightedCluster
from meshtui.model.xds.graph import Branch, Node, NodeKind
from meshtui.model.xds.graph_branches import Branches
from meshtui.model.xds.graph_clusters import Clusters
from meshtui.model.xds.graph_nodes import absent, resource_node
from meshtui.model.xds.graph_words import (
    Channel,
    faults_met,
    lone_route,
    override_facts,
    route_facts,
    route_health,
    route_note,
    table_facts,
)
from meshtui.model.xds.injected import NOTHING
from meshtui.model.xds.matching import MATCHING, as_read, why_left_out
from meshtui.model.xds.names import cluster_label, last_part
from meshtui.model.xds.readings import READINGS
from meshtui.model.xds.resource import CDS, Health, ResourceKey, worst
from meshtui.model.xds.virtual_hosts import HostIndex
from meshtui.model.xds.words import match_words


class Routes:
    """Makes the nodes of routes: those of its own virtual host for a channel, all of them where no channel is known."""

    def __init__(self, branches: Branches, clusters: Clusters, client: Client) -> None:
        self._branches = branches
        self._clusters = clusters
        self._client = client
        self._matching = MATCHING[client.language]
        self._reading = READINGS[client.language]
        self._tables: dict[tuple[ResourceKey, Channel | None], Branch] = {}
        """Route configurations as each channel uses them; ``None`` for one that no listener names."""
        self._hosts: dict[ResourceKey, HostIndex] = {}

    def inline(self, listener: ResourceKey, routes: RouteConfiguration, channel: Channel) -> tuple[Node, ...]:
        """The routes that a listener has in itself, as a channel uses them."""
        host = self._find_host(listener, routes, channel)
        return self._of_host(listener.scope, host, channel, some=bool(routes.virtual_hosts))

    def configuration(self, key: ResourceKey, channel: Channel | None = None) -> Node:
        """The table as a channel uses it; whole where no listener names it."""
        known = self._tables.get((key, channel))
        if known is None:
            known = self._tables[key, channel] = self._branches.made(self._new_configuration, key, channel)
        return self._branches.join(known)

    def _new_configuration(self, key: ResourceKey, channel: Channel | None) -> Node:
        resource = self._branches.take(key)
        slot = f"RDS {key.name}"
        if resource is None:
            return absent(slot, NodeKind.ROUTE_CONFIGURATION, key.name)
        routes = resource.body
        if not isinstance(routes, RouteConfiguration):
            return resource_node(resource, NodeKind.ROUTE_CONFIGURATION, slot, key.name)
        hosts = routes.virtual_hosts
        only = hosts[0] if len(hosts) == 1 else None
        host = self._find_host(key, routes, channel) if channel is not None else only
        lone = lone_route(host, self._client, channel) if host is not None else None
        lone_facts = route_facts(lone, self._client, channel) if lone is not None else ()
        others = _hosts_facts(routes) if channel is not None else ()
        facts = (*others, *lone_facts, *table_facts(routes, self._client))
        if lone is not None:
            children = self._destinations(key.scope, lone, channel)
        elif channel is not None:
            children = self._of_host(key.scope, host, channel, some=bool(hosts))
        else:
            children = self._virtual_hosts(key.scope, routes)
        label = last_part(key.name)
        return resource_node(resource, NodeKind.ROUTE_CONFIGURATION, slot, label, facts=facts, children=children)

    def _find_host(self, key: ResourceKey, routes: RouteConfiguration, channel: Channel) -> VirtualHost | None:
        index = self._hosts.get(key)
        if index is None:
            index = self._hosts[key] = HostIndex(routes.virtual_hosts, self._matching)
        return index.find(channel.authority)

    def _of_host(self, scope: str, host: VirtualHost | None, channel: Channel, *, some: bool) -> tuple[Node, ...]:
        """The routes of the one virtual host that a channel uses, if there are ``some`` virtual hosts at all.

        Where gRPC takes none of its routes no call finds one: grpc-go ``internal/xds/resolver/serviceconfig.go`` ("no
        matched route was found"), C-core ``xds_resolver.cc`` ("No matching route found in xDS route config").
        """
        if host is None:
            return (_no_host(channel.authority) if some else _no_hosts(channel.authority),)
        routes = self._routes(scope, host, channel)
        if any(not why_left_out(route, self._client) for route in host.routes):
            return routes
        what = "it has no route that gRPC takes" if routes else "it has no route"
        return (_hopeless(host.name or channel.authority, f"{what}: {ALL_FAIL}", routes),)

    def _virtual_hosts(self, scope: str, routes: RouteConfiguration) -> tuple[Node, ...]:
        hosts = routes.virtual_hosts
        if len(hosts) == 1:
            return self._routes(scope, hosts[0])
        return tuple(self._virtual_host(scope, host) for host in hosts)

    def _virtual_host(self, scope: str, host: VirtualHost) -> Node:
        children = self._routes(scope, host)
        return Node(
            slot=f"host {host.name}",
            kind=NodeKind.VIRTUAL_HOST,
            name=host.name,
            label=host.name or ", ".join(host.domains),
            health=Health.OK,
            worst=worst(*(child.worst for child in children)),
            facts=(plural(len(host.domains), "domain"),),
            children=children,
        )

    def _routes(self, scope: str, host: VirtualHost, channel: Channel | None = None) -> tuple[Node, ...]:
        lone = lone_route(host, self._client, channel)
        if lone is not None:
            return self._destinations(scope, lone, channel)
        return tuple(self._route(scope, index, route, channel) for index, route in enumerate(host.routes))

    def _route(self, scope: str, index: int, route: Route, channel: Channel | None) -> Node:
        """A route. One that no channel uses fails no call: an Envoy that serves CSDS has such, and acts on them all."""
        left_out = channel is not None and bool(why_left_out(route, self._client))
        children = () if left_out else self._destinations(scope, route, channel)
        faults = NOTHING if left_out else faults_met(route, self._client, channel)
        health, notes = Health.OK, ("", "")
        if channel is not None:
            health = worst(route_health(route), faults.health)
            notes = route_note(route, self._client, outbound=True), faults.note
        return Node(
            slot=f"route {index} {route.name}",
            kind=NodeKind.ROUTE,
            name=route.name,
            label=match_words(as_read(route.match, self._client)),
            health=health,
            worst=worst(health, *(child.worst for child in children)),
            facts=route_facts(route, self._client, channel),
            note="; ".join(words for words in notes if words),
            children=children,
        )

    def _destinations(self, scope: str, route: Route, channel: Channel | None) -> tuple[Node, ...]:
        return tuple([self._weighted(scope, weighted, channel) for weighted in route.action.clusters])

    def _weighted(self, scope: str, weighted: WeightedCluster, channel: Channel | None) -> Node:
        if not weighted.weight and not self._reading.asks_for_weightless:
            return _left_out(weighted)
        cluster = self._clusters.cluster(ResourceKey(scope, CDS, weighted.cluster))
        node = cluster.weighted(weighted.share, weighted.weight)
        if not weighted.overrides:
            return node
        own = override_facts(weighted.overrides, self._client, channel)
        return node._replace(facts=(*node.facts[:1], *own, *node.facts[1:]))


def _hosts_facts(routes: RouteConfiguration) -> tuple[str, ...]:
    """That there are virtual hosts of other services beside, which istiod sends together. Short: it stands in a row."""
    others = len(routes.virtual_hosts) - 1
    return (plural(others, "other host"),) if others > 0 else ()


def _no_host(authority: str) -> Node:
    """gRPC fails every call then. An app may override the authority of its channel, which nothing here shows."""
    return Node(
        slot=f"host {authority}",
        kind=NodeKind.VIRTUAL_HOST,
        name=authority,
        label=authority,
        health=Health.UNKNOWN,
        worst=Health.UNKNOWN,
        note=f"no virtual host is for {authority}: calls fail, unless the app sets another authority",
    )


ALL_FAIL: Final = "every call fails with UNAVAILABLE"


def _no_hosts(authority: str) -> Node:
    """Whatever authority an app sets, there is no host for it (gRFC A27; "could not find VirtualHost for …")."""
    return _hopeless(authority, f"the route configuration has no virtual host: {ALL_FAIL}")


def _hopeless(name: str, note: str, routes: tuple[Node, ...] = ()) -> Node:
    return Node(
        slot=f"host {name}",
        kind=NodeKind.VIRTUAL_HOST,
        name=name,
        label=name,
        health=Health.MISSING,
        worst=Health.MISSING,
        note=note,
        children=routes,
    )


def _left_out(weighted: WeightedCluster) -> Node:
    """A destination of weight 0 as gRPC reads it where it drops it: its cluster is not asked for."""
    name = weighted.cluster
    return Node(
        slot=f"CDS {name}",
        kind=NodeKind.CLUSTER,
        name=name,
        label=cluster_label(name),
        health=Health.OK,
        worst=Health.OK,
        share=0.0,
        weight=0,
        note="weight 0: gRPC leaves it out and does not ask for it",
    )
