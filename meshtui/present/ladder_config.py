"""The rungs of the ladder that the config tells: listener, route, cluster and endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from meshtui.model.phrases import ago_words, plural, share_words
from meshtui.model.xds.clients import Client, client_of
from meshtui.model.xds.config import RouteConfiguration
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.graph_aggregates import as_met
from meshtui.model.xds.matching import as_read
from meshtui.model.xds.names import cluster_label, is_inbound
from meshtui.model.xds.resource import EDS, Health, ResourceKey, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.virtual_hosts import in_use
from meshtui.model.xds.words import inbound_tls_words, is_catch_all, match_words
from meshtui.present.ladder import Rung, RungName

DESTINATIONS_SHOWN: Final = 4
"""Weighted clusters named on the route rung; more are counted."""


def config_rungs(snapshot: Snapshot, graph: Graph, now: datetime) -> tuple[Rung, ...]:
    """Listener, Route, Cluster and Endpoint."""
    by_kind: dict[NodeKind, list[Node]] = {kind: [] for kind in NodeKind}
    for node in as_met(graph):
        if node.key is not None or node.weight != 0:  # a destination that gRPC leaves out is no cluster of the client
            by_kind[node.kind].append(node)
    listeners = by_kind[NodeKind.LISTENER]
    outbound = [node for node in listeners if not _is_servers(node)]
    inbound = [node for node in listeners if _is_servers(node)]
    if not outbound:
        return (_listener_rung([], inbound), _no_outbound(RungName.ROUTE), _no_outbound(RungName.CLUSTER))
    return (
        _listener_rung(outbound, inbound, also=_inbound_words(inbound, by_kind[NodeKind.FILTER_CHAIN])),
        _route_rung(
            _without_servers(by_kind[NodeKind.ROUTE_CONFIGURATION], outbound, inbound), outbound, snapshot, now
        ),
        _rung(RungName.CLUSTER, by_kind[NodeKind.CLUSTER], "cluster"),
        _endpoint_rung(_by_address(by_kind[NodeKind.ENDPOINT]), by_kind[NodeKind.RESOURCE]),
    )


def _is_servers(listener: Node) -> bool:
    """Whether it is the app's own server side: by its client, its name, or its filter chains, whatever its name."""
    named = listener.key is not None and is_inbound(listener.key)
    return named or any(child.kind is NodeKind.FILTER_CHAIN for child in listener.children)


def _without_servers(tables: list[Node], outbound: list[Node], inbound: list[Node]) -> list[Node]:
    """The route configurations of channels; what is wrong with a server's is said of its listener."""
    asked = {table.key for listener in outbound for table in listener.children}
    served = {table.key for listener in inbound for chain in listener.children for table in chain.children}
    return [table for table in tables if table.key in asked or table.key not in served]


def _by_address(endpoints: Iterable[Node]) -> list[Node]:
    """Each address once, at its worst: services that share pods, and clusters that are subsets of them, name the same
    endpoints."""
    found: dict[str, Node] = {}
    for node in endpoints:
        known = found.get(node.label)
        if known is None or node.health.rank > known.health.rank:
            found[node.label] = node
    return list(found.values())


def _listener_rung(outbound: list[Node], inbound: list[Node], also: str = "") -> Rung:
    """The listeners of the app's channels, or of its servers where it has none; and what is wrong with a server's."""
    if not outbound and not inbound:
        return Rung(RungName.LISTENER, Health.WAITING, "this client holds no listener yet")
    rung = _rung(RungName.LISTENER, outbound or inbound, "listener")
    bad = max(inbound, key=lambda node: node.worst.rank, default=None)
    if bad is None or rung.health is None or bad.worst.rank <= rung.health.rank:
        return replace(rung, aside=rung.aside or also)
    return replace(rung, health=bad.worst, aside=_why_inbound(bad), key=bad.key)


def _why_inbound(listener: Node) -> str:
    """What is wrong with a server's listener: its chains and their routes have no rung of their own."""
    node, label = listener, listener.label
    while node.health is not listener.worst:
        node = next(child for child in node.children if child.worst is listener.worst)
        label = node.label
    return f"{label}: {node.note}"


def _inbound_words(listeners: list[Node], chains: list[Node]) -> str:
    modes = sorted({inbound_tls_words(chain.tls) for chain in chains if chain.tls is not None})
    return f"and {plural(len(listeners), 'inbound listener')}: {', '.join(modes) or 'no chain'}" if listeners else ""


def _no_outbound(name: RungName) -> Rung:
    return Rung(name, None, "no outbound channel is open in this app")


def _route_rung(nodes: list[Node], listeners: list[Node], snapshot: Snapshot, now: datetime) -> Rung:
    held = [node for node in listeners if node.key is not None and _holds_config(snapshot, node.key)]
    if not nodes and not held:
        return _rung(RungName.ROUTE, [], "route configuration")
    below = (_trouble_below(node, snapshot) for node in (*nodes, *held))  # a listener's own routes stand under it
    health, why = max(below, key=lambda trouble: trouble[0].rank)
    if not nodes:
        return Rung(RungName.ROUTE, health, "inside the listener", aside=why)
    rung = _rung(RungName.ROUTE, nodes, "route configuration")
    if rung.health is not None and health.rank > rung.health.rank:
        rung = replace(rung, health=health, aside=why)
    if len(nodes) == 1 and nodes[0].key is not None:
        resource = snapshot.resources.get(nodes[0].key)
        if resource is not None and isinstance(resource.body, RouteConfiguration):
            age = f"changed {ago_words(now - resource.last_updated)}" if resource.last_updated else ""
            words = route_words(in_use(snapshot, resource.key, resource.body), client_of(snapshot.node))
            bad = rung.health is not Health.OK
            return replace(rung, text=words, names=(), aside=(rung.aside or why) if bad else age)
    return rung


def _trouble_below(node: Node, snapshot: Snapshot) -> tuple[Health, str]:
    """What the routes lead to that serves no call, or may not, and why; what serves somehow is no trouble of theirs."""
    trouble = Health.OK, ""
    failing = max(_routes_under(node), key=lambda child: child.health.rank, default=None)
    if failing is not None and failing.health is not Health.OK:
        route = failing.kind is NodeKind.ROUTE
        trouble = failing.health, f"{failing.label}: {failing.note}" if route else failing.note
    if trouble[0].rank > Health.DEGRADED.rank:
        return trouble
    below = [cluster for cluster in _clusters_under(node) if cluster.weight != 0 and not cluster.serves.able]
    absent = [cluster.label for cluster in below if _is_absent(cluster, snapshot)]
    unable = next((cluster for cluster in below if cluster.serves.able is False and cluster.label not in absent), None)
    if unable is not None:
        return Health.MISSING, f"{unable.label}: {unable.note or 'its endpoints are not there'}"
    if absent:
        return Health.MISSING, f"names {', '.join(dict.fromkeys(absent))}, which is not there"
    awaited = [cluster.label for cluster in below if cluster.worst is Health.WAITING]
    if awaited:
        return Health.WAITING, f"waits for {', '.join(dict.fromkeys(awaited))}"
    return next(((Health.UNKNOWN, f"{cluster.label}: {cluster.note}") for cluster in below), trouble)


def _holds_config(snapshot: Snapshot, key: ResourceKey) -> bool:
    resource = snapshot.resources.get(key)
    return resource is not None and bool(resource.value)


def _is_absent(cluster: Node, snapshot: Snapshot) -> bool:
    """Whether the control plane does not have it, as far as the client says."""
    held = snapshot.resources.get(cluster.key) if cluster.key is not None else None
    return held is not None and held.status is Status.DOES_NOT_EXIST and not held.value


def _routes_under(node: Node) -> Iterable[Node]:
    for child in node.children:
        if child.kind is NodeKind.ROUTE:
            yield child
        elif child.kind is NodeKind.VIRTUAL_HOST:
            yield child
            yield from _routes_under(child)


def _clusters_under(node: Node) -> Iterable[Node]:
    for child in node.children:
        if child.kind is NodeKind.CLUSTER:
            yield child
        elif child.kind in (NodeKind.ROUTE, NodeKind.VIRTUAL_HOST):
            yield from _clusters_under(child)


def route_words(routes: RouteConfiguration, client: Client) -> str:
    """A whole route configuration in a line: ``v1 80 % · v2 20 %``, with matches where there are several."""
    if not routes.virtual_hosts:
        return "no virtual host for this channel"
    all_routes = [route for host in routes.virtual_hosts for route in host.routes if not route.left_out]
    if not all_routes:
        return "no routes: every request fails"
    parts = []
    for route in all_routes:
        clusters = route.action.clusters
        where = "" if is_catch_all(route.match) else f"{match_words(as_read(route.match, client))} → "
        all_to_one = bool(where) and len(clusters) == 1
        named = " · ".join(
            cluster_label(item.cluster) + ("" if all_to_one else f" {share_words(item.share)}")
            for item in clusters[:DESTINATIONS_SHOWN]
        )
        more = f" · {len(clusters) - DESTINATIONS_SHOWN} more" if len(clusters) > DESTINATIONS_SHOWN else ""
        parts.append(f"{where}{named or route.action.detail or route.action.kind.value}{more}")
    return parts[0] if len(parts) == 1 else f"{parts[0]}, {plural(len(parts) - 1, 'more route')}"


def _rung(name: RungName, nodes: list[Node], noun: str) -> Rung:
    """One line for all nodes of a kind: the one there is, or how many are in which state; the worst one's reason."""
    if not nodes:
        return Rung(name, None, f"no {noun}")
    bad = max(nodes, key=lambda node: node.health.rank)
    names: tuple[str, ...] = ()
    if len(nodes) == 1:
        text = "   ".join((bad.label, *bad.facts))
    else:
        text = plural(len(nodes), noun)
        if len(nodes) <= DESTINATIONS_SHOWN:
            names = tuple(dict.fromkeys(node.label for node in nodes))
        else:
            text += f", {sum(node.health is Health.OK for node in nodes)} fine"
    aside = "" if bad.health is Health.OK else bad.note if len(nodes) == 1 else _same_trouble(bad, nodes)
    alike = len(nodes) > 1 and bad.facts and len({node.facts[:1] for node in nodes}) == 1
    if bad.health is Health.OK and alike and bad.kind is not NodeKind.ROUTE_CONFIGURATION:
        aside = f"all {bad.facts[0]}"
    return Rung(name, bad.health, text, names=names, aside=aside, key=bad.key)


def _endpoint_rung(endpoints: list[Node], resources: list[Node]) -> Rung:
    """The endpoints, or the EDS resource of some of them, which stands in the tree by itself where it is in trouble."""
    rung = _rung(RungName.ENDPOINT, endpoints, "endpoint")
    bad = max((node for node in resources if _is_of_endpoints(node)), key=lambda node: node.health.rank, default=None)
    if bad is None or bad.health is Health.OK or (rung.health is not None and rung.health.rank >= bad.health.rank):
        return rung
    return replace(rung, health=bad.health, aside=f"of {cluster_label(bad.name)}: {bad.note}", key=bad.key)


def _is_of_endpoints(node: Node) -> bool:
    """Whether it is an EDS resource, or the name of one that the client does not hold."""
    return node.key is None or node.key.type == EDS


def _same_trouble(bad: Node, nodes: Sequence[Node]) -> str:
    """``v1, v3: refused …`` or ``all: refused …``: those that are as bad for the same reason."""
    alike = [node for node in nodes if (node.health, node.note) == (bad.health, bad.note)]
    if len(alike) == len(nodes):
        return f"all: {bad.note}"
    labels = list(dict.fromkeys(node.label for node in alike))
    more = f" and {len(labels) - DESTINATIONS_SHOWN} more" if len(labels) > DESTINATIONS_SHOWN else ""
    return f"{', '.join(labels[:DESTINATIONS_SHOWN])}{more}: {bad.note}"
