"""Builds the graph of a snapshot, taking over from the one before what did not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from meshtui.model.phrases import plural
from meshtui.model.xds.clients import language_of, policy_of, reading_of
from meshtui.model.xds.config import (
    Cluster,
    ClusterLoadAssignment,
    FilterChain,
    Listener,
    Locality,
    Opaque,
    Route,
    RouteConfiguration,
    TlsContext,
    VirtualHost,
    WeightedCluster,
)
from meshtui.model.xds.graph import EMPTY_GRAPH, Branch, Graph, Node, NodeKind, Serves
from meshtui.model.xds.graph_words import (
    chain_facts,
    cluster_facts,
    cluster_label,
    endpoints_problem,
    filter_facts,
    listener_facts,
    only_route_facts,
    route_facts,
    route_health,
    route_note,
)
from meshtui.model.xds.names import inbound_address, is_inbound, last_part
from meshtui.model.xds.resource import CDS, EDS, KNOWN_TYPES, LDS, RDS, Health, Resource, ResourceKey, worst
from meshtui.model.xds.serving import Serving, locality_fact, serving, serving_note
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.model.xds.status_words import status_note
from meshtui.model.xds.virtual_hosts import HostIndex, authority_of
from meshtui.model.xds.words import inbound_tls_words, is_catch_all, match_words

MAX_AGGREGATE_DEPTH: Final = 16
"""How deep aggregate clusters may nest: gRPC's own limit (gRFC A37)."""


def build(snapshot: Snapshot, before: Graph = EMPTY_GRAPH) -> Graph:
    """The graph of a snapshot. References stay inside one client scope, as they do in gRPC.

    A listener whose resources are all the same objects as in the graph ``before`` is taken over from it, unless
    another gRPC language reads them now.
    """
    branches = before.branches if before.language is language_of(snapshot.node) else {}
    return _Builder(snapshot.resources, snapshot.node, branches).graph()


@dataclass(frozen=True, slots=True)
class _Leaves:
    """The endpoints of an EDS resource: the worst of them, where calls go, and why nowhere (or empty)."""

    nodes: tuple[Node, ...]
    worst: Health
    serving: Serving
    problem: str

    @property
    def health(self) -> Health:
        """Of a cluster that reads them."""
        if self.problem or self.serving.dropped >= 1:
            return Health.MISSING
        return Health.DEGRADED if serving_note(self.serving) else Health.OK

    @property
    def serves(self) -> Serves:
        """What of it is not as it should be."""
        return Serves(self.serving.dropped, self.serving.place if self.serving.passed_over else "")


class _Channel(NamedTuple):
    """What decides how a channel reads its routes: its authority, and the timeout where a route has none."""

    authority: str
    timeout: float


class _Builder:
    def __init__(
        self,
        resources: Mapping[ResourceKey, Resource],
        node: NodeIdentity,
        before: Mapping[ResourceKey, Branch],
    ) -> None:
        self._resources = resources
        self._language = language_of(node)
        self._reading = reading_of(node)
        self._before = before
        self._branches: dict[ResourceKey, Branch] = {}
        self._clusters: dict[tuple[str, str], Branch] = {}
        self._tables: dict[tuple[ResourceKey, tuple[int, float] | None], Branch] = {}
        """Route configurations by what a channel takes of them: the virtual host, by identity, and the timeout of its
        listener; ``None`` for all of it."""
        self._hosts: dict[ResourceKey, HostIndex] = {}
        self._leaves: dict[ResourceKey, _Leaves] = {}
        """The endpoints of each EDS resource, made once however many clusters read it."""
        self._referenced: set[ResourceKey] = set()
        self._taken: dict[ResourceKey, Resource | None] = {}
        """What the branch in the making was made from so far."""
        self._parts: dict[int, Branch] = {}
        """The finished branches that hang on the branch in the making, by identity: many routes lead to one."""
        self._current: dict[int, bool] = {}
        """Whether a branch of the graph before still stands, by identity."""
        self._unfolded: set[str] = set()
        """The members of the aggregate in the making that were shown so far."""
        self._unfolding: list[str] = []
        """The aggregates the one in the making hangs under."""

    def graph(self) -> Graph:
        outbound: list[Node] = []
        inbound: list[Node] = []
        for key, resource in self._resources.items():
            if key.type == LDS:
                (inbound if is_inbound(key) else outbound).append(self._branch(resource))
        orphans = tuple(self._orphans())
        return Graph((*outbound, *inbound, *orphans), self._language, self._branches)

    def _branch(self, listener: Resource) -> Node:
        """The tree of a listener, taken over from the graph before while nothing of it changed."""
        branch = self._before.get(listener.key)
        if branch is None or not self._stands(branch):
            branch = self._made(lambda: self._listener(listener))
        self._branches[listener.key] = branch
        return branch.root

    def _stands(self, branch: Branch) -> bool:
        """Whether all that a branch was made from is as it was; what it refers to then counts as referred to."""
        known = self._current.get(id(branch))
        if known is None:
            resources = self._resources
            known = all(resources.get(key) is was for key, was in branch.made_from.items())
            known = self._current[id(branch)] = known and all(self._stands(part) for part in branch.parts)
            if known:
                self._referenced.update(branch.made_from)
        return known

    def _made(self, make: Callable[[], Node]) -> Branch:
        """A branch with what it is made from, beside the one in the making."""
        outer, self._taken, self._parts = (self._taken, self._parts), {}, {}
        branch = Branch(make(), self._taken, tuple(self._parts.values()))
        self._taken, self._parts = outer
        return branch

    def _join(self, branch: Branch) -> Node:
        """Hang a finished branch on the one in the making."""
        self._parts[id(branch)] = branch
        return branch.root

    def _orphans(self) -> Iterator[Node]:
        for key, resource in self._resources.items():
            if key.type == LDS or key in self._referenced:
                continue
            if key.type == RDS:
                yield self._route_configuration(key.scope, key.name)
            elif key.type == CDS:
                yield self._cluster(key.scope, key.name)
            elif key.type == EDS:
                yield self._assignment(resource)
            elif key.type not in KNOWN_TYPES:
                yield _node(resource, NodeKind.RESOURCE, _slot(key), key.name, facts=(key.type,))

    # listeners

    def _listener(self, resource: Resource) -> Node:
        key, body = resource.key, resource.body
        self._taken[key] = resource
        children: tuple[Node, ...] = ()
        facts: tuple[str, ...] = ()
        if isinstance(body, Listener):
            children = (
                *(self._chain(key.scope, chain) for chain in body.chains),
                *self._routes_of(resource, body),
            )
            facts = (*listener_facts(body), *filter_facts(body.filters))
        label = last_part(inbound_address(key.name))
        if is_inbound(key):
            label = f"inbound {label}"
        return _node(resource, NodeKind.LISTENER, _slot(key), label, facts=facts, children=children)

    def _chain(self, scope: str, chain: FilterChain) -> Node:
        children = (self._route_configuration(scope, chain.route_name),) if chain.route_name else ()
        health = Health.REFUSED if chain.problem else Health.OK
        return Node(
            slot=f"chain {chain.name}",
            kind=NodeKind.FILTER_CHAIN,
            name=chain.name,
            label=chain.name or "filter chain",
            health=health,
            worst=worst(health, *(child.worst for child in children)),
            tls=chain.tls,
            facts=(*chain_facts(chain), inbound_tls_words(chain.tls), *filter_facts(chain.filters)),
            note=chain.problem,
            children=children,
        )

    # routes

    def _routes_of(self, resource: Resource, listener: Listener) -> tuple[Node, ...]:
        """The routes that calls of the listener's channel meet."""
        channel = _Channel(authority_of(resource.key), listener.timeout)
        if listener.inline_routes is not None:
            return self._host_of(resource.key, listener.inline_routes, channel)
        if not listener.route_name:
            return ()
        return (self._route_configuration(resource.key.scope, listener.route_name, channel),)

    def _route_configuration(self, scope: str, name: str, channel: _Channel | None = None) -> Node:
        """The table as a channel uses it; whole for servers, and where no channel names it."""
        key = ResourceKey(scope, RDS, name)
        mark = key, self._mark(key, channel)
        known = self._tables.get(mark)
        if known is None:
            known = self._tables[mark] = self._made(lambda: self._new_route_configuration(key, channel))
        return self._join(known)

    def _mark(self, key: ResourceKey, channel: _Channel | None) -> tuple[int, float] | None:
        resource = self._resources.get(key)
        if channel is None or resource is None or not isinstance(resource.body, RouteConfiguration):
            return None
        return id(self._find_host(key, resource.body, channel.authority)), channel.timeout

    def _find_host(self, key: ResourceKey, routes: RouteConfiguration, authority: str) -> VirtualHost | None:
        if key not in self._hosts:
            self._hosts[key] = HostIndex(routes.virtual_hosts)
        return self._hosts[key].find(authority)

    def _new_route_configuration(self, key: ResourceKey, channel: _Channel | None) -> Node:
        resource = self._take(key.scope, RDS, key.name)
        slot = f"RDS {key.name}"
        if resource is None:
            return _absent(slot, NodeKind.ROUTE_CONFIGURATION, key.name)
        routes = resource.body
        if not isinstance(routes, RouteConfiguration):
            return _node(resource, NodeKind.ROUTE_CONFIGURATION, slot, key.name)
        if channel is None:
            facts, children = only_route_facts(routes.virtual_hosts), self._virtual_hosts(key.scope, routes)
        else:
            host = self._find_host(key, routes, channel.authority)
            lone = only_route_facts((host,), channel.timeout) if host else ()
            facts = (*_hosts_facts(routes, channel.authority), *lone)
            children = self._host_of(key, routes, channel)
        label = last_part(key.name)
        return _node(resource, NodeKind.ROUTE_CONFIGURATION, slot, label, facts=facts, children=children)

    def _host_of(self, key: ResourceKey, routes: RouteConfiguration, channel: _Channel) -> tuple[Node, ...]:
        """The routes of the one virtual host that a channel uses."""
        host = self._find_host(key, routes, channel.authority)
        return self._routes(key.scope, host, channel) if host is not None else (_no_host(channel.authority),)

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

    def _routes(self, scope: str, host: VirtualHost, channel: _Channel | None = None) -> tuple[Node, ...]:
        if len(host.routes) == 1 and is_catch_all(host.routes[0].match) and host.routes[0].action.clusters:
            return self._destinations(scope, host.routes[0])
        return tuple(self._route(scope, index, route, channel) for index, route in enumerate(host.routes))

    def _route(self, scope: str, index: int, route: Route, channel: _Channel | None) -> Node:
        children = () if route.left_out else self._destinations(scope, route)
        outbound = channel is not None
        health = route_health(route, outbound=outbound)
        return Node(
            slot=f"route {index} {route.name}",
            kind=NodeKind.ROUTE,
            name=route.name,
            label=match_words(route.match),
            health=health,
            worst=worst(health, *(child.worst for child in children)),
            facts=route_facts(route, channel.timeout if channel is not None else 0.0),
            note=route_note(route, self._language, outbound=outbound),
            children=children,
        )

    def _destinations(self, scope: str, route: Route) -> tuple[Node, ...]:
        return tuple(self._weighted(scope, weighted) for weighted in route.action.clusters)

    def _weighted(self, scope: str, weighted: WeightedCluster) -> Node:
        if not weighted.weight and not self._reading.asks_for_weightless:
            return _left_out(weighted)
        return self._cluster(scope, weighted.cluster).weighted(weighted.share, weighted.weight)

    # clusters and endpoints

    def _cluster(self, scope: str, name: str) -> Node:
        known = self._clusters.get((scope, name))
        if known is None:
            self._unfolded = {name}
            known = self._clusters[scope, name] = self._made(lambda: self._new_cluster(scope, name, 0))
        return self._join(known)

    def _new_cluster(self, scope: str, name: str, depth: int) -> Node:
        resource = self._take(scope, CDS, name)
        slot = f"CDS {name}"
        label = cluster_label(name)
        if resource is None:
            return _absent(slot, NodeKind.CLUSTER, name)._replace(label=label)
        body = resource.body
        if not isinstance(body, Cluster):
            return _node(resource, NodeKind.CLUSTER, slot, label)
        if depth >= MAX_AGGREGATE_DEPTH:
            too_deep = f"aggregates nest deeper than {MAX_AGGREGATE_DEPTH}, which gRPC refuses"
            refused = Health.REFUSED
            return _node(resource, NodeKind.CLUSTER, slot, label)._replace(health=refused, worst=refused, note=too_deep)
        if body.children:
            self._unfolding.append(name)
            children = tuple(self._nested(scope, child, depth + 1) for child in dict.fromkeys(body.children))
            self._unfolding.pop()
            return _in_order(self._readable_cluster(resource, body, slot, label, children=children))
        if body.discovery == EDS:
            return self._eds_cluster(resource, body, slot, label)
        more = (body.dns_name,) if body.dns_name else ()
        return self._readable_cluster(resource, body, slot, label, more=more)

    def _nested(self, scope: str, name: str, depth: int) -> Node:
        """A cluster under an aggregate. An aggregate that was shown already is not unfolded again.

        Aggregates that share members would otherwise have as many paths as ten to the power of their depth.
        """
        if name not in self._unfolded:
            self._unfolded.add(name)
            return self._new_cluster(scope, name, depth)
        resource = self._take(scope, CDS, name)
        if resource is not None and isinstance(resource.body, Cluster) and resource.body.children:
            body, slot = resource.body, f"CDS {name}"
            node = self._readable_cluster(resource, body, slot, cluster_label(name), more=("shown above",))
            if name in self._unfolding:
                refused = Health.REFUSED
                return node._replace(health=refused, worst=refused, note="it contains itself, which gRPC refuses")
            return node
        return self._new_cluster(scope, name, depth)

    def _eds_cluster(self, resource: Resource, body: Cluster, slot: str, label: str) -> Node:
        """A cluster with its endpoints under it: the EDS resource has no line of its own while it is fine."""
        name = body.endpoints_name or body.name
        assignment = self._take(resource.key.scope, EDS, name)
        if assignment is None:
            waiting = _absent(f"EDS {name}", NodeKind.RESOURCE, name)
            return self._readable_cluster(resource, body, slot, label, children=(waiting,))
        if assignment.health is not Health.OK or not isinstance(assignment.body, ClusterLoadAssignment):
            return self._readable_cluster(resource, body, slot, label, children=(self._assignment(assignment),))
        leaves = self._endpoints(assignment.key, assignment.body)
        return self._readable_cluster(resource, body, slot, label, leaves=leaves)

    def _readable_cluster(
        self,
        resource: Resource,
        body: Cluster,
        slot: str,
        label: str,
        *,
        more: tuple[str, ...] = (),
        children: tuple[Node, ...] = (),
        leaves: _Leaves | None = None,
    ) -> Node:
        """A cluster with its TLS and its facts, ``more`` after them, and what hangs on it: ``children`` or leaves."""
        policy = policy_of(body, self._language)
        facts = (*cluster_facts(body, policy), *more)
        if leaves is None:
            return _node(resource, NodeKind.CLUSTER, slot, label, tls=body.tls, facts=facts, children=children)
        health, note = resource.health, status_note(resource)
        if health is Health.OK:
            health, note = leaves.health, leaves.problem or serving_note(leaves.serving)
        by_locality = locality_fact(leaves.serving, policy)
        facts = (*facts, by_locality) if by_locality else facts
        return Node(
            slot=slot,
            kind=NodeKind.CLUSTER,
            name=resource.key.name,
            label=label,
            health=health,
            worst=worst(health, leaves.worst),
            key=resource.key,
            tls=body.tls,
            facts=facts,
            note=note,
            children=leaves.nodes,
            serves=leaves.serves,
        )

    def _endpoints(self, key: ResourceKey, assignment: ClusterLoadAssignment) -> _Leaves:
        if key not in self._leaves:
            found = serving(assignment)
            nodes = _endpoints(assignment, found.can_serve)
            below = worst(*(node.worst for node in nodes))
            self._leaves[key] = _Leaves(nodes, below, found, endpoints_problem(assignment))
        return self._leaves[key]

    def _assignment(self, resource: Resource) -> Node:
        label = f"endpoints {resource.key.name}"
        node = _node(resource, NodeKind.RESOURCE, _slot(resource.key), label)
        if not isinstance(resource.body, ClusterLoadAssignment):
            return node
        leaves = self._endpoints(resource.key, resource.body)
        return node._replace(worst=worst(node.health, leaves.worst), children=leaves.nodes)

    def _take(self, scope: str, type_: str, name: str) -> Resource | None:
        key = ResourceKey(scope, type_, name)
        found = self._resources.get(key)
        self._referenced.add(key)
        self._taken[key] = found
        return found


def _slot(key: ResourceKey) -> str:
    return f"{key.scope} {key.type} {key.name}"


def _node(
    resource: Resource,
    kind: NodeKind,
    slot: str,
    label: str,
    *,
    tls: TlsContext | None = None,
    facts: tuple[str, ...] = (),
    children: tuple[Node, ...] = (),
) -> Node:
    health, note = resource.health, status_note(resource)
    if isinstance(resource.body, Opaque):
        note = note or f"cannot be read: {resource.body.reason}"
    return Node(
        slot=slot,
        kind=kind,
        name=resource.key.name,
        label=label,
        health=health,
        worst=worst(health, *[child.worst for child in children]),
        key=resource.key,
        tls=tls,
        facts=facts,
        note=note,
        children=children,
    )


def _hosts_facts(routes: RouteConfiguration, authority: str) -> tuple[str, ...]:
    """That there are virtual hosts of other services beside, which istiod sends together."""
    others = len(routes.virtual_hosts) - 1
    return (f"{plural(others, 'more virtual host')} not for {authority}",) if others > 0 else ()


def _no_host(authority: str) -> Node:
    """gRPC fails every call then. An app may override the authority of its channel, which nothing here shows."""
    return Node(
        slot=f"host {authority}",
        kind=NodeKind.VIRTUAL_HOST,
        name=authority,
        label=authority,
        health=Health.WAITING,
        worst=Health.WAITING,
        note=f"no virtual host is for {authority}: calls fail, unless the app sets another authority",
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


SERVING: Final = (Health.OK, Health.DEGRADED)
"""What a cluster is, with all that hangs on it, whose calls are served."""


def _in_order(aggregate: Node) -> Node:
    """An aggregate tries its members in order, and goes over to the next when one cannot serve (gRFC A37).

    Of a member that is not there, refused or waited for, versions differ in what they make: the marks stay.
    """
    members = aggregate.children
    if aggregate.health is not Health.OK or not all(_is_known(member) for member in members):
        return aggregate
    first = next((member for member in members if member.worst in SERVING), None)
    if first is None:
        return aggregate._replace(health=Health.MISSING, note="none of its clusters can serve")
    if first is members[0]:
        whole = all(member.worst is Health.OK for member in members)
        return aggregate._replace(worst=Health.OK if whole else Health.DEGRADED, serves=first.serves)
    out = ", ".join(member.label for member in members[: members.index(first)])
    return aggregate._replace(
        health=Health.DEGRADED,
        worst=Health.DEGRADED,
        note=f"failed over to {first.label}: {out} cannot serve",
        serves=Serves(first.serves.dropped, first.label),
    )


def _is_known(member: Node) -> bool:
    """Whether it is certain that a member serves, or that it does not: a readable cluster without endpoints."""
    return member.worst in SERVING or (member.worst is Health.MISSING and member.tls is not None)


def _absent(slot: str, kind: NodeKind, name: str) -> Node:
    note = "named here, but the client does not hold it"
    return Node(slot=slot, kind=kind, name=name, label=name, health=Health.WAITING, worst=Health.WAITING, note=note)


def _endpoints(assignment: ClusterLoadAssignment, others_serve: bool) -> tuple[Node, ...]:
    """One that gets nothing is an outage only where none gets anything."""
    unused = Health.DEGRADED if others_serve else Health.MISSING
    return tuple(node for locality in assignment.localities for node in _endpoints_in(locality, unused))


def _endpoints_in(locality: Locality, unused_health: Health) -> Iterator[Node]:
    label = locality.label
    facts: tuple[str, ...] = (label,) if label else ()
    facts += (f"priority {locality.priority}",) if locality.priority else ()
    place = f"{locality.priority} {label}"
    unused = "its locality has weight 0: gRPC sends nothing here" if locality.weight == 0 else ""
    for endpoint in locality.endpoints:
        note = unused or ("" if endpoint.health.usable else "gRPC sends nothing here")
        health = unused_health if note else Health.OK
        weight = (f"weight {endpoint.weight}",) if endpoint.weight != 1 else ()
        address = endpoint.address
        yield Node(
            slot=f"{place} {address}",
            kind=NodeKind.ENDPOINT,
            name=address,
            label=address,
            health=health,
            worst=health,
            facts=(endpoint.health.value, *facts, *weight),
            note=note,
        )
