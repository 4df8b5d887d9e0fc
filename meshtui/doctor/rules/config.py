"""Rules over the config a client holds: what is refused, missing, waiting or empty, and what that does to requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.kinds import config as kinds
from meshtui.doctor.rules import asked
from meshtui.doctor.rules.advice import NO_CHAIN, NO_ENDPOINTS, NO_HOST, NO_ROUTE_OF_GRPC, Advice
from meshtui.doctor.rules.config_words import short_name, type_word
from meshtui.doctor.rules.effects import Effect, Effects, calls_of, failing, host_words, reached
from meshtui.doctor.rules.refusals import absent_listeners, envoy_config, envoy_shaped, received_error, refused
from meshtui.doctor.rules.rule import Rule
from meshtui.doctor.rules.serving import dropped, failed_over
from meshtui.doctor.rules.ways_out import way_to_config, without_pods
from meshtui.model.finding import Finding, Severity
from meshtui.model.phrases import size_words, span_words
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.config import Opaque
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.graph_aggregates import absorbed, lost_members
from meshtui.model.xds.names import cluster_label, is_inbound
from meshtui.model.xds.references import endpoints_key
from meshtui.model.xds.resource import LDS, RDS, Health, Resource, ResourceKey, Status, resource_timer
from meshtui.model.xds.snapshot import Snapshot

GRACE: Final = timedelta(seconds=2)
"""A resource asked for a moment ago is no trouble: a healthy control plane answers within this."""


def missing(seen: ConfigEvidence) -> Iterator[Finding]:
    """A resource the control plane does not have or is too slow for, and the share of requests that ask for it.

    A config in the entry is still in use although the control plane deleted it or is late (gRFC A88).
    """
    all_effects, advice = Effects(seen.graph), Advice(seen)
    scopes = {refusal.resource.key.scope for refusal in envoy_shaped(seen)}
    reported = {resource.key for resource in absent_listeners(seen, scopes)}
    for resource in seen.snapshot.troubled:
        if resource.status not in (Status.DOES_NOT_EXIST, Status.TIMEOUT) or resource.key in reported:
            continue
        in_use = bool(resource.value)
        timed_out = resource.status is Status.TIMEOUT
        kind = kinds.TIMED_OUT if timed_out else kinds.DELETED_IN_USE if in_use else kinds.MISSING
        effects = all_effects.of(resource)
        spared = in_use or all_effects.is_spared(resource)
        what = "did not come in time" if timed_out else "does not exist"
        fate = f"fail: {type_word(resource)} {short_name(resource)} {what}"
        yield kind.finding(
            ResourceSubject(resource.key),
            severity=Severity.WARNING if spared else None,
            title="" if in_use else failing(effects, fate),
            type=type_word(resource),
            name=resource.key.name,
            short_name=short_name(resource),
            reached=reached(effects),
            as_asked=_as_asked(seen),
            consequence=_consequence(effects, all_effects.spared_by(resource), in_use=in_use),
            how_to_define=advice.how_to_define(resource),
            evidence=(f"{resource.key.type} {resource.key.name} is {resource.status.name}",),
        )


def _as_asked(seen: ConfigEvidence) -> str:
    """gRFC A53's feature, which A88 makes the rule."""
    asked = "ignore_resource_deletion" in seen.server_features
    return ", as ignore_resource_deletion of its bootstrap asks" if asked else ""


def _consequence(effects: tuple[Effect, ...], spared_by: str, *, in_use: bool) -> str:
    if in_use:
        return "; the config from before stays in force, and requests go by it"
    if not effects:
        return "; no call is known to fail for it" + (f": {spared_by}" if spared_by else "")
    because = next((f": {effect.because}" for effect in effects if effect.because), "")
    return f", so requests sent there fail with UNAVAILABLE{because}"


def waiting(seen: ConfigEvidence) -> Iterator[Finding]:
    """A resource asked for and not there yet: the route is accepted, but the old split holds meanwhile.

    gRPC's timer runs only while it is connected to the control plane (gRFC A57), so that something can be waited for
    longer: then it is the way there that is broken.
    """
    all_effects, advice = Effects(seen.graph), Advice(seen)
    timer = resource_timer(seen.server_features)
    for resource in seen.snapshot.troubled:
        if resource.health is not Health.WAITING:
            continue
        since = seen.first_seen.get(resource.key) or resource.last_updated
        waited = max(seen.now - since, timedelta()) if since else None
        if waited is not None and waited < GRACE:
            continue
        overdue = waited is not None and waited >= timer
        left = timer - waited if waited is not None else None
        effects = all_effects.of(resource)
        so_long = f" for {span_words(waited)}" if waited is not None else ""
        name, type_ = short_name(resource), type_word(resource)
        fate = f"will fail in {int(left.total_seconds())} s" if left is not None else "will fail soon"
        late = f"The {type_} {name} has not arrived{so_long}, longer than gRPC waits ({span_words(timer)})"
        yield kinds.WAITING.finding(
            ResourceSubject(resource.key),
            severity=Severity.ERROR if overdue else None,
            title=late if overdue else failing(effects, fate),
            type=type_,
            name=resource.key.name,
            short_name=name,
            reached=reached(effects),
            meanwhile=_meanwhile(resource),
            timeout=int(timer.total_seconds()),
            fix=way_to_config(seen) if overdue else "",
            how_to_define=advice.how_to_define(resource),
            evidence=(f"{resource.key.type} {resource.key.name} is {resource.status.name}{so_long}",),
        )


def _meanwhile(resource: Resource) -> str:
    """A server is not serving before it has its listener and its routes (gRFC A36)."""
    if is_inbound(resource.key):
        return "this server's port takes no call, unless it had a config before"
    if resource.key.type in (LDS, RDS):
        return "calls go by the config from before, or wait where there was none"
    return "a route that names it is accepted, but the split from before holds, or calls wait where there was none"


def without_endpoints(seen: ConfigEvidence) -> Iterator[Finding]:
    """A cluster that is there, with no address a request could go to. Where no route leads to it, no call fails."""
    done: set[str] = set()
    all_effects, advice = Effects(seen.graph), Advice(seen)
    for way in seen.graph.troubled():
        node = way[-1]
        own = node.key is not None and node.key in seen.snapshot.resources
        if node.kind is not NodeKind.CLUSTER or not own or node.key is None or node.name in done:
            continue
        sessions = node.serves.sessions_only
        if (node.serves.able is not False and not sessions) or node.serves.dropped >= 1 or absorbed(way):
            continue
        if not _is_held(seen.snapshot, node.key) or lost_members(node) or _told_with_its_aggregate(way):
            continue
        done.add(node.name)
        effects = all_effects.of(seen.snapshot.resources[node.key])
        yield kinds.WITHOUT_ENDPOINTS.finding(
            ResourceSubject(node.key),
            severity=Severity.WARNING if sessions or not effects else None,
            title=failing(effects, f"{'without a session ' if sessions else ''}fail: {_unserved(node)}"),
            fix=without_pods(node) or advice.instead(node.key, NO_ENDPOINTS),
            label=cluster_label(node.name),
            name=node.name,
            problem=node.note,
            reached=reached(effects),
            evidence=tuple(f"{part.name}: {part.note}" for part in (node, *_unable_members(node))),
        )


def _unserved(node: Node) -> str:
    """Which cluster it is: several may fail a share of the same calls each."""
    inside = "member" if any(child.kind is NodeKind.CLUSTER for child in node.children) else "endpoint"
    return f"no {inside} of cluster {cluster_label(node.name)} can serve"


def _told_with_its_aggregate(way: Sequence[Node]) -> bool:
    """Whether the aggregate it is a member of is told of: no member of that can serve, which is one cause."""
    aggregate = way[-2] if len(way) > 1 else None
    return (
        aggregate is not None
        and aggregate.kind is NodeKind.CLUSTER
        and aggregate.serves.able is False
        and not lost_members(aggregate)
    )


def _unable_members(node: Node) -> Iterator[Node]:
    """The clusters below an aggregate that cannot serve, each with its own reason."""
    for member in node.children:
        if member.kind is NodeKind.CLUSTER:
            yield member
            yield from _unable_members(member)


def _is_held(snapshot: Snapshot, cluster: ResourceKey) -> bool:
    """Whether the cluster and its endpoints are in force; what is not is told by other rules."""
    named = endpoints_key(snapshot, cluster)
    needed = (cluster, named) if named is not None else (cluster,)
    held = [snapshot.resources.get(key) for key in needed]
    return all(resource is not None and resource.serves for resource in held)


def unreadable(seen: ConfigEvidence) -> Iterator[Finding]:
    """A config whose bytes or type meshtui does not know."""
    for resource in seen.snapshot.resources.values():
        body = resource.body
        if isinstance(body, Opaque):
            yield kinds.UNREADABLE.finding(
                ResourceSubject(resource.key),
                short_name=short_name(resource),
                type_url=body.type_url or "a config without a type",
                size=size_words(body.size),
                reason=body.reason,
                evidence=(f"{resource.key.type} {resource.key.name}: {body.reason}",),
            )


def listener_problems(seen: ConfigEvidence) -> Iterator[Finding]:
    """An inbound filter chain that gRPC cannot use."""
    advice = Advice(seen)
    for listener in seen.graph.roots:  # chains hang on nothing else
        for chain in listener.children:
            if chain.kind is NodeKind.FILTER_CHAIN and chain.health is Health.REFUSED and listener.key is not None:
                yield kinds.FILTER_CHAIN_UNUSABLE.finding(
                    ResourceSubject(listener.key, chain.name),
                    fix=advice.instead(listener.key, NO_CHAIN),
                    chain=chain.label,
                    problem=chain.note,
                    evidence=(chain.note,),
                )


def failing_routes(seen: ConfigEvidence) -> Iterator[Finding]:
    """A route whose action gRPC does not have there, so that calls which match it fail in the client or at a server."""
    said: set[tuple[str, Node]] = set()
    advice = Advice(seen)
    for way in seen.graph.troubled():
        route = way[-1]
        owner = next((node.key for node in reversed(way) if node.key is not None), None)
        if route.kind is not NodeKind.ROUTE or owner is None or (way[0].label, route) in said:
            continue
        if route.health is not Health.MISSING or route.children:
            continue  # one that forwards: what config does to its calls on the way is told of by another rule
        said.add((way[0].label, route))
        chain = next((node for node in way if node.kind is NodeKind.FILTER_CHAIN), None)
        host = host_words(way[0])
        if chain is not None and len(way[0].children) > 1:
            host += f" by filter chain {chain.label}"
        only = len(way[-2].children) == 1 and (chain is None or way[-2].kind is not NodeKind.VIRTUAL_HOST)
        yield (kinds.ROUTE_FAILS if chain is None else kinds.SERVER_ROUTE_FAILS).finding(
            ResourceSubject(owner, route.label),
            fix=advice.instead(owner, NO_ROUTE_OF_GRPC),
            calls=calls_of(route, host, lone=only),
            problem=route.note,
            evidence=(f"{owner.type} {owner.name}: {route.note}",),
        )


def no_virtual_host(seen: ConfigEvidence) -> Iterator[Finding]:
    """Routes of which none is for the channel that reads them."""
    advice = Advice(seen)
    for way in seen.graph.troubled():
        host = way[-1]
        owner = next((node.key for node in reversed(way) if node.key is not None), None)
        if host.kind is NodeKind.VIRTUAL_HOST and host.health is Health.UNKNOWN and owner is not None:
            yield kinds.NO_VIRTUAL_HOST.finding(
                ResourceSubject(owner, host.name),
                fix=advice.instead(owner, NO_HOST),
                authority=host.name,
                name=owner.name,
                evidence=(f"{owner.type} {owner.name}: {host.note}",),
            )


def no_route(seen: ConfigEvidence) -> Iterator[Finding]:
    """Routes in force of which none is there for any call of a channel."""
    for way in seen.graph.troubled():
        host = way[-1]
        owner = next((node.key for node in reversed(way) if node.key is not None), None)
        if host.kind is NodeKind.VIRTUAL_HOST and host.health is Health.MISSING and owner is not None:
            yield kinds.NO_ROUTE.finding(
                ResourceSubject(owner, host.name),
                host=host_words(way[0]),
                name=owner.name,
                problem=host.note,
                evidence=(f"{owner.type} {owner.name}: {host.note}",),
            )


STANDING_RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (
    envoy_config,
    refused,
    received_error,
    missing,
    without_endpoints,
    failing_routes,
    no_virtual_host,
    no_route,
    dropped,
    failed_over,
    unreadable,
    listener_problems,
    *asked.RULES,
)
"""The rules over config that need nothing else: they say the same while it stays the same."""

TIMED_RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (waiting,)
"""The rules of this module that need the clock as well, about resources that are waited for."""
