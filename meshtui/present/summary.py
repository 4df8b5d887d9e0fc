"""A resource, or a place in the tree, in words: what the detail pane says before anyone reads JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from meshtui.model.phrases import plural, share_words, size_words
from meshtui.model.xds import unread
from meshtui.model.xds.clients import Client, client_of
from meshtui.model.xds.config import (
    DEFAULT_MAX_REQUESTS,
    ActionKind,
    Cluster,
    ClusterLoadAssignment,
    Endpoint,
    FilterChain,
    Listener,
    Locality,
    Opaque,
    Route,
    RouteConfiguration,
    TlsContext,
    TlsMode,
    VirtualHost,
    WeightedCluster,
)
from meshtui.model.xds.filters import HttpFilter
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.graph_endpoints import SESSIONS_ONLY, Leaves, leaves_of
from meshtui.model.xds.graph_words import (
    filter_words,
    listener_facts,
    picks_by_plugin,
    route_facts,
)
from meshtui.model.xds.matching import as_read, why_left_out
from meshtui.model.xds.names import cluster_label
from meshtui.model.xds.readings import READINGS, drains_for_sessions, passed_over, policy_of
from meshtui.model.xds.references import References, endpoints_key
from meshtui.model.xds.refusal_text import own_reason, shown
from meshtui.model.xds.resource import CDS, EDS, RDS, Health, Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.status_words import status_note
from meshtui.model.xds.virtual_hosts import in_use
from meshtui.model.xds.words import inbound_tls_words, is_catch_all, match_words, pattern_words


@dataclass(frozen=True, slots=True)
class SummaryFact:
    """One line: ``label`` names it (empty for a line that continues), ``value`` says it, ``health`` how bad it is.

    A label without a value is a heading inside its section.
    """

    label: str
    value: str
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Some facts under a title; a paragraph where the title is empty."""

    title: str
    facts: tuple[SummaryFact, ...]


def summarize(
    snapshot: Snapshot, node: Node | None, resource: Resource | None, references: References
) -> tuple[Section, ...]:
    """What stands there: the trouble first, then what it does, then who names it."""
    sections: list[Section] = []
    if node is not None:
        sections += _trouble(node, resource)
    elif resource is not None and (note := status_note(resource)):
        sections.append(Section("", (SummaryFact("", note, resource.health),)))
    if resource is not None:
        sections += _body(snapshot, resource)
        sections += _references(references, resource.key)
    elif node is not None and not sections:
        sections.append(Section("", (SummaryFact("", "The client holds no resource for this."),)))
    return tuple(section for section in sections if section.facts)


def _trouble(node: Node, resource: Resource | None) -> Iterator[Section]:
    if node.note:
        yield Section("", (SummaryFact("", node.note, node.health),))
    elif resource is not None and node.key == resource.key and (note := status_note(resource)):
        yield Section("", (SummaryFact("", note, resource.health),))
    error = resource.error if resource is not None and not node.explained else None
    if resource is not None and error is not None and error.details:
        yield Section("", (SummaryFact("", shown(own_reason(error.details, resource.key.name)), resource.health),))
    if node.kind in (NodeKind.ROUTE, NodeKind.ENDPOINT, NodeKind.FILTER_CHAIN) and node.facts:
        title = {NodeKind.ROUTE: "this route", NodeKind.ENDPOINT: "this endpoint"}.get(node.kind, "this filter chain")
        yield Section(title, (SummaryFact(node.label, " · ".join(node.facts), node.health),))


def _body(snapshot: Snapshot, resource: Resource) -> Iterator[Section]:
    match resource.body:
        case Listener() as listener:
            yield from _listener(snapshot, resource.key, listener)
        case RouteConfiguration() as routes:
            yield from _routes(snapshot, resource.key, routes)
        case Cluster() as cluster:
            yield from _cluster(snapshot, resource.key, cluster)
        case ClusterLoadAssignment() as assignment:
            yield from _assignment(assignment, _leaves_alone(snapshot, resource.key, assignment))
        case Opaque() as opaque:
            unreadable = f"{opaque.type_url} ({size_words(opaque.size)}): {opaque.reason}"
            yield Section("cannot be read", (SummaryFact("", unreadable, Health.UNKNOWN),))
        case None:
            yield Section("", (SummaryFact("", "No config is in force for this resource."),))


def _listener(snapshot: Snapshot, key: ResourceKey, listener: Listener) -> Iterator[Section]:
    if listener.inbound:
        yield Section("serves", (SummaryFact("address", listener.address or "–"),))
        for chain in listener.chains:
            yield Section(f"filter chain {chain.name}".rstrip(), tuple(_chain(chain, client_of(snapshot.node))))
        return
    facts = [
        SummaryFact(
            "routes from", listener.route_name or "itself", _held(snapshot, key.scope, RDS, listener.route_name)
        )
    ]
    facts += [SummaryFact("", fact) for fact in listener_facts(listener)]
    yield Section("a channel to this name", tuple(facts))
    yield Section("HTTP filters", tuple(_filters(listener.filters, client_of(snapshot.node))))
    if listener.inline_routes is not None:
        yield from _routes(snapshot, key, listener.inline_routes)


def _chain(chain: FilterChain, client: Client) -> Iterator[SummaryFact]:
    yield SummaryFact("TLS", inbound_tls_words(chain.tls))
    yield from _tls(chain.tls)
    yield from _filters(chain.filters, client)
    if chain.problem:
        yield SummaryFact("problem", chain.problem, Health.REFUSED)


def _filters(filters: Sequence[HttpFilter], client: Client) -> Iterator[SummaryFact]:
    for filter_ in filters:
        yield SummaryFact(filter_.kind, filter_words(filter_, client) or filter_.name)


def _routes(snapshot: Snapshot, key: ResourceKey, routes: RouteConfiguration) -> Iterator[Section]:
    """The virtual hosts that are used, then the names of the others, whose clusters no channel asks for."""
    used = in_use(snapshot, key, routes).virtual_hosts
    for host in used:
        yield Section(f"requests to {_domains(host)}", tuple(_host(snapshot, key.scope, host)))
    known = {id(host) for host in used}
    others = [SummaryFact("", _domains(host)) for host in routes.virtual_hosts if id(host) not in known]
    yield Section("not used by this client's channels", tuple(others))


def _domains(host: VirtualHost) -> str:
    """Istio lists every spelling of a host, the whole name first."""
    first = host.domains[0] if host.domains else host.name
    more = len(host.domains) - 1
    return f"{first} and {plural(more, 'other name')}" if more > 0 else first


def _host(snapshot: Snapshot, scope: str, host: VirtualHost) -> Iterator[SummaryFact]:
    lone = len(host.routes) == 1
    for route in host.routes:
        yield SummaryFact(
            "all"
            if lone and is_catch_all(route.match)
            else match_words(as_read(route.match, client_of(snapshot.node))),
            "",
        )
        yield from _route(snapshot, scope, route)
    for origin in dict.fromkeys(route.origin for route in host.routes if route.origin):
        yield SummaryFact("", f"from {origin}")


def _route(snapshot: Snapshot, scope: str, route: Route) -> Iterator[SummaryFact]:
    for weighted in route.action.clusters:
        held = snapshot.resources.get(ResourceKey(scope, CDS, weighted.cluster))
        note = status_note(held) if held else _not_held(snapshot, route, weighted)
        text = f"{share_words(weighted.share):>6} → {cluster_label(weighted.cluster)}"
        expected = weighted.weight and not why_left_out(route, client_of(snapshot.node))
        health = held.health if held else Health.WAITING if expected else Health.OK
        yield SummaryFact("", f"{text}   {note}".rstrip(), health)
    if not route.action.clusters and not picks_by_plugin(route):
        words = "served by this app" if route.action.kind is ActionKind.NON_FORWARDING else route.action.detail
        yield SummaryFact("", words or route.action.kind.value)
    for fact in route_facts(route, client_of(snapshot.node)):
        yield SummaryFact("", fact)


def _not_held(snapshot: Snapshot, route: Route, weighted: WeightedCluster) -> str:
    asked = weighted.weight or READINGS[client_of(snapshot.node).language].asks_for_weightless
    held_if_there = asked and not why_left_out(route, client_of(snapshot.node))
    return "the client does not hold this cluster" if held_if_there else "not asked for"


def _cluster(snapshot: Snapshot, key: ResourceKey, cluster: Cluster) -> Iterator[Section]:
    facts = [SummaryFact("subset", cluster.subset)] if cluster.subset else []
    client = client_of(snapshot.node)
    policy = policy_of(cluster, client)
    facts += [SummaryFact("policy", policy.name), SummaryFact("discovery", cluster.discovery)]
    left_out = passed_over(cluster, client)
    facts += [SummaryFact("", f"{other.name} is passed over: {client.words} does not have it") for other in left_out]
    facts += [SummaryFact("name", cluster.dns_name)] if cluster.dns_name else []
    facts += [SummaryFact("clusters", ", ".join(cluster.children))] if cluster.children else []
    facts += [SummaryFact("limit", _limit(cluster.max_requests))] if cluster.max_requests is not None else []
    asked = unread.of_cluster(cluster, client)
    facts += [SummaryFact("asks for", unread.words(one, client)) for one in asked]
    facts += [SummaryFact("from", cluster.origin)] if cluster.origin else []
    yield Section("cluster", tuple(facts))
    yield Section("connections", (SummaryFact("security", cluster.tls.mode.value), *_tls(cluster.tls)))
    named = endpoints_key(snapshot, key)
    assignment = snapshot.resources.get(named) if named else None
    if assignment is not None and isinstance(assignment.body, ClusterLoadAssignment):
        leaves = leaves_of(assignment.body, client, drains_for_sessions(cluster, client))
        yield from _assignment(assignment.body, leaves)
    elif named is not None:
        note = status_note(assignment) if assignment else "the client does not hold them"
        yield Section(
            "endpoints", (SummaryFact(named.name, note, assignment.health if assignment else Health.WAITING),)
        )


def _limit(most: int) -> str:
    """gRFC A32: where the cluster says nothing, it is gRPC's own."""
    return f"{most} requests at a time" + (", where config sets no other" if most == DEFAULT_MAX_REQUESTS else "")


def _tls(tls: TlsContext) -> Iterator[SummaryFact]:
    if tls.mode is TlsMode.PLAINTEXT:
        return
    if tls.identity:
        yield SummaryFact("own certificate", f"provider {tls.identity}")
    if tls.roots:
        yield SummaryFact("trusted roots", f"provider {tls.roots}")
    label = "peer's SAN"
    for san in tls.sans:
        yield SummaryFact(label, pattern_words(san))
        label = ""


def _leaves_alone(snapshot: Snapshot, key: ResourceKey, assignment: ClusterLoadAssignment) -> Leaves:
    """The endpoints as the clusters that read them use them: where one keeps sessions, what drains serves those."""
    client = client_of(snapshot.node)
    readers = (
        resource.body
        for other, resource in snapshot.resources.items()
        if other.type == CDS and other.scope == key.scope and isinstance(resource.body, Cluster)
    )
    named = (cluster for cluster in readers if (cluster.endpoints_name or cluster.name) == key.name)
    return leaves_of(assignment, client, any(drains_for_sessions(cluster, client) for cluster in named))


def _assignment(assignment: ClusterLoadAssignment, leaves: Leaves) -> Iterator[Section]:
    if not leaves.health.serves:
        yield Section("endpoints", (SummaryFact("", leaves.note, leaves.health),))
    nodes = iter(leaves.nodes)  # in the order of the endpoints
    for locality in assignment.localities:
        found = islice(nodes, len(locality.endpoints))
        yield Section(_place(locality), tuple(map(_endpoint, locality.endpoints, found)))
    yield Section(
        "dropped by the client", tuple(SummaryFact(drop.category, share_words(drop.share)) for drop in assignment.drops)
    )


def _place(locality: Locality) -> str:
    words = [f"endpoints in {locality.label}" if locality.label else "endpoints"]
    words += [f"priority {locality.priority}"] if locality.priority else []
    words += [f"locality weight {locality.weight}"] if locality.weight != 1 else []
    return " · ".join(words)


def _endpoint(endpoint: Endpoint, node: Node) -> SummaryFact:
    words = [endpoint.health.value]
    words += [f"weight {endpoint.weight}"] if endpoint.weight != 1 else []
    words += [endpoint.workload] if endpoint.workload else []
    words += [f"also {', '.join(endpoint.more)}"] if endpoint.more else []
    words += [node.note] if node.note == SESSIONS_ONLY else []
    return SummaryFact(endpoint.address, " · ".join(words), node.health)


SHOWN_USERS = 8
"""A cluster of a large mesh is named by many routes; the first few, and how many more, say enough."""


def _references(references: References, key: ResourceKey) -> Iterator[Section]:
    if key.type not in (RDS, CDS, EDS):
        return
    names = references.users(key)
    facts = [SummaryFact("", name) for name in names[:SHOWN_USERS]]
    if len(names) > SHOWN_USERS:
        facts.append(SummaryFact("", f"and {plural(len(names) - SHOWN_USERS, 'more', 'more')}"))
    yield Section("named by", tuple(facts or [SummaryFact("", "nothing in this client")]))


def _held(snapshot: Snapshot, scope: str, type_: str, name: str) -> Health | None:
    """The health of what is named; WAITING when the client does not hold it; ``None`` when nothing is named."""
    if not name:
        return None
    resource = snapshot.resources.get(ResourceKey(scope, type_, name))
    return resource.health if resource else Health.WAITING
