"""The part of the graph below a server's listener: its filter chains, and the routes of each (gRFC A36)."""

from __future__ import annotations

from typing import Final

from meshtui.model.phrases import plural
from meshtui.model.xds.clients import Client, Language
from meshtui.model.xds.config import ActionKind, FilterChain, Route, RouteConfiguration, VirtualHost
from meshtui.model.xds.graph import Branch, Node, NodeKind
from meshtui.model.xds.graph_branches import Branches
from meshtui.model.xds.graph_nodes import absent, resource_node
from meshtui.model.xds.graph_words import chain_facts, filter_facts, route_note, table_facts
from meshtui.model.xds.matching import as_read, why_left_out
from meshtui.model.xds.names import last_part
from meshtui.model.xds.resource import RDS, Health, ResourceKey, worst
from meshtui.model.xds.words import inbound_tls_words, match_words

FORWARDS: Final = (
    "it forwards, and a gRPC server serves non_forwarding_action only: every call that matches fails with UNAVAILABLE"
)
"""gRFC A36. grpc-go ``internal/xds/server/conn_wrapper.go`` and ``routing.go`` ("matched to a route that was not of
action type non forwarding"), C-core ``xds_server_config_fetcher.cc`` (``unsupported_action``: "Matching route has
inappropriate action"), grpc-java ``XdsServerWrapper.java`` ("only Route.non_forwarding_action should be allowed"),
grpc-js-xds ``src/server.ts`` ("Routing error")."""


class Servers:
    """Makes the nodes of filter chains. A server asks for no cluster, whatever its routes name."""

    def __init__(self, branches: Branches, client: Client) -> None:
        self._branches = branches
        self._client = client
        self._judged = client.language is not Language.OTHER
        """Envoy, as a CSDS server, forwards what it takes in, and has filters that gRPC refuses."""
        self._tables: dict[ResourceKey, Branch] = {}

    def chain(self, scope: str, chain: FilterChain) -> Node:
        """A filter chain with its route configuration, or with its own routes where some of them fail calls."""
        unusable = Health.REFUSED if self._judged else Health.UNKNOWN
        health = unusable if chain.problem else Health.OK
        children = () if chain.match.ignored_for and self._judged else self._routes_of(scope, chain)
        return Node(
            slot=f"chain {chain.name}",
            kind=NodeKind.FILTER_CHAIN,
            name=chain.name,
            label=chain.name or "filter chain",
            health=health,
            worst=worst(health, *(child.worst for child in children)),
            tls=chain.tls,
            facts=(
                *chain_facts(chain, self._client),
                inbound_tls_words(chain.tls),
                *filter_facts(chain.filters, self._client),
            ),
            note=chain.problem,
            children=children,
        )

    def _routes_of(self, scope: str, chain: FilterChain) -> tuple[Node, ...]:
        if chain.route_name:
            key = ResourceKey(scope, RDS, chain.route_name)
            known = self._tables.get(key)
            if known is None:
                known = self._tables[key] = self._branches.made(self._configuration, key)
            return (self._branches.join(known),)
        if chain.inline_routes is None:
            return ()
        nodes = self._hosts(chain.inline_routes)
        return nodes if any(node.worst is not Health.OK for node in nodes) else ()

    def _configuration(self, key: ResourceKey) -> Node:
        resource = self._branches.take(key)
        slot = f"RDS {key.name}"
        if resource is None:
            return absent(slot, NodeKind.ROUTE_CONFIGURATION, key.name)
        routes = resource.body
        if not isinstance(routes, RouteConfiguration):
            return resource_node(resource, NodeKind.ROUTE_CONFIGURATION, slot, key.name)
        return resource_node(
            resource,
            NodeKind.ROUTE_CONFIGURATION,
            slot,
            last_part(key.name),
            facts=table_facts(routes, self._client),
            children=self._hosts(routes),
        )

    def _hosts(self, routes: RouteConfiguration) -> tuple[Node, ...]:
        """Each call finds its own virtual host by its authority, so that all of them count."""
        hosts = routes.virtual_hosts
        return self._routes(hosts[0]) if len(hosts) == 1 else tuple(self._host(host) for host in hosts)

    def _host(self, host: VirtualHost) -> Node:
        children = self._routes(host)
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

    def _routes(self, host: VirtualHost) -> tuple[Node, ...]:
        return tuple(self._route(index, route) for index, route in enumerate(host.routes))

    def _route(self, index: int, route: Route) -> Node:
        health, note = self._judge(route)
        return Node(
            slot=f"route {index} {route.name}",
            kind=NodeKind.ROUTE,
            name=route.name,
            label=match_words(as_read(route.match, self._client)),
            health=health,
            worst=health,
            facts=tuple(filter_.summary for filter_ in route.faults if filter_.summary),
            note=note,
        )

    def _judge(self, route: Route) -> tuple[Health, str]:
        if not self._judged or route.action.kind is ActionKind.NON_FORWARDING or why_left_out(route, self._client):
            return Health.OK, route_note(route, self._client, outbound=False) if self._judged else ""
        words = route_note(route, self._client, outbound=False) if route.action.kind is ActionKind.FAILING else ""
        return Health.MISSING, words or FORWARDS
