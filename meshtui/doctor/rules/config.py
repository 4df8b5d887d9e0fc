"""Rules over the config a client holds: what is refused, missing, waiting or empty, and what that does to requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.explain.catalogue import known_refusal
from meshtui.doctor.kinds import config as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.phrases import plural, plural_noun, share_words, size_words
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.config import Opaque
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.graph_words import cluster_label
from meshtui.model.xds.names import parse_service_name, short_host
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Health, Resource, ResourceKey

RESOURCE_TIMEOUT: Final = timedelta(seconds=15)
"""How long gRPC waits for a resource it asked for before it takes it for missing (gRFC A40)."""

GRACE: Final = timedelta(seconds=2)
"""A resource asked for a moment ago is no trouble: a healthy control plane answers within this."""

WAYS_SHOWN: Final = 3
"""Ways to a missing resource named in one finding; more are counted."""

TYPE_NAMES: Final = {LDS: "listener", RDS: "route configuration", CDS: "cluster", EDS: "endpoints"}
"""What each type is called in a sentence."""

TYPE_PLURALS: Final = {EDS: "endpoints"}
"""What several of a type are called, where that is no ``s`` more."""

DEFINED_BY: Final = {
    LDS: "a Kubernetes Service with this host and port",
    RDS: "a Service or VirtualService for this host and port",
    CDS: "a Service, or a DestinationRule that defines this subset",
    EDS: "running pods behind this Service",
}
"""What makes istiod generate a resource of each type."""

CHANGED_BY: Final = {
    LDS: "the AuthorizationPolicies, PeerAuthentication or EnvoyFilters",
    RDS: "the VirtualService",
    CDS: "the DestinationRule",
    EDS: "the Service and its pods",
}
"""What a person changes so that istiod generates another resource of each type."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one troubled node does to requests: which host they are for, and what part of them goes that way."""

    host: str
    share: float
    through: str


def refused(seen: ConfigEvidence) -> Iterator[Finding]:
    """A NACK: the client will not take the newest version (gRFC A27). One cause for several resources is said once."""
    together: dict[tuple[str, str], list[Resource]] = {}
    for resource in seen.snapshot.resources.values():
        if resource.health is Health.REFUSED:
            together.setdefault((resource.key.type, _reason(resource)), []).append(resource)
    for (_, reason), resources in together.items():
        yield _refusal(reason, resources)


def _refusal(reason: str, resources: list[Resource]) -> Finding:
    first = resources[0]
    known = known_refusal(reason, first.key.type)
    statuses = (
        f"{resource.key.type} {resource.key.name} is {resource.status.name}" for resource in resources[:WAYS_SHOWN]
    )
    version = first.error.version if first.error else ""
    return kinds.REFUSED.finding(
        ResourceSubject(first.key),
        fix=known.fix if known else "",
        names=_several(resources),
        reason_known=f"The client refused it because {known.title}. " if known else "",
        kept=_kept(first) if any(resource.value for resource in resources) else NOTHING_KEPT,
        reason=reason,
        origin=_origin(first),
        evidence=(*statuses, *((f"refused version {version}",) if version else ()), reason),
    )


NOTHING_KEPT: Final = "Nothing was accepted before it, so requests that need it fail."


def _kept(resource: Resource) -> str:
    return (
        f"The version before it ({resource.version or 'unnamed'}) stays in force: requests are served by the OLD "
        "config, and no change to it arrives until the cause is mended."
    )


def _reason(resource: Resource) -> str:
    return resource.error.details if resource.error and resource.error.details else "(none given)"


def _several(resources: list[Resource]) -> str:
    """``cluster echo:7070 subset v1``, or ``clusters echo:7070 subset v1, echo:7070 subset v2 and 3 more``."""
    noun = plural_noun(len(resources), _type(resources[0]), TYPE_PLURALS.get(resources[0].key.type, ""))
    shown = ", ".join(_short(resource) for resource in resources[:WAYS_SHOWN])
    more = f" and {len(resources) - WAYS_SHOWN} more" if len(resources) > WAYS_SHOWN else ""
    return f"{noun} {shown}{more}"


def missing(seen: ConfigEvidence) -> Iterator[Finding]:
    """A resource the control plane does not have, and the share of requests that ask for it."""
    all_effects = _Effects(seen.graph)
    for resource in seen.snapshot.resources.values():
        if resource.health is not Health.MISSING:
            continue
        effects = all_effects.of(resource)
        yield kinds.MISSING.finding(
            ResourceSubject(resource.key),
            title=_failing(effects, "fail"),
            type=_type(resource),
            name=resource.key.name,
            short_name=_short(resource),
            reached=_reached(effects),
            how_to_define=_how_to_define(resource),
            evidence=(f"{resource.key.type} {resource.key.name} is {resource.status.name}",),
        )


def waiting(seen: ConfigEvidence) -> Iterator[Finding]:
    """A resource asked for and not there yet: the route is accepted, but the old split holds meanwhile."""
    all_effects = _Effects(seen.graph)
    for resource in seen.snapshot.resources.values():
        if resource.health is not Health.WAITING:
            continue
        since = seen.first_seen.get(resource.key) or resource.last_updated
        waited = max(seen.now - since, timedelta()) if since else None
        if waited is not None and waited < GRACE:
            continue
        left = max(RESOURCE_TIMEOUT - waited, timedelta()) if waited is not None else None
        effects = all_effects.of(resource)
        so_long = f" for {int(waited.total_seconds())} s" if waited is not None else ""
        yield kinds.WAITING.finding(
            ResourceSubject(resource.key),
            title=_failing(effects, f"will fail in {int(left.total_seconds())} s" if left else "will fail soon"),
            type=_type(resource),
            name=resource.key.name,
            short_name=_short(resource),
            reached=_reached(effects),
            timeout=int(RESOURCE_TIMEOUT.total_seconds()),
            how_to_define=_how_to_define(resource),
            evidence=(f"{resource.key.type} {resource.key.name} is {resource.status.name}{so_long}",),
        )


def without_endpoints(seen: ConfigEvidence) -> Iterator[Finding]:
    """A cluster that is there, with no address a request could go to."""
    done: set[str] = set()
    all_effects = _Effects(seen.graph)
    for way in seen.graph.troubled():
        node = way[-1]
        own = node.key is not None and node.key in seen.snapshot.resources
        if node.kind is not NodeKind.CLUSTER or not own or node.key is None or node.name in done:
            continue
        if seen.snapshot.resources[node.key].health is not Health.OK:
            continue
        done.add(node.name)
        effects = all_effects.of(seen.snapshot.resources[node.key])
        yield kinds.WITHOUT_ENDPOINTS.finding(
            ResourceSubject(node.key),
            title=_failing(effects, "fail"),
            label=cluster_label(node.name),
            name=node.name,
            problem=node.note,
            reached=_reached(effects),
            evidence=(f"{node.name}: {node.note}",),
        )


def unreadable(seen: ConfigEvidence) -> Iterator[Finding]:
    """A config whose bytes or type meshtui does not know."""
    for resource in seen.snapshot.resources.values():
        body = resource.body
        if isinstance(body, Opaque):
            yield kinds.UNREADABLE.finding(
                ResourceSubject(resource.key),
                short_name=_short(resource),
                type_url=body.type_url or "a config without a type",
                size=size_words(body.size),
                reason=body.reason,
                evidence=(f"{resource.key.type} {resource.key.name}: {body.reason}",),
            )


def listener_problems(seen: ConfigEvidence) -> Iterator[Finding]:
    """An inbound filter chain that gRPC cannot use."""
    for listener in seen.graph.roots:  # chains hang on nothing else
        for chain in listener.children:
            if chain.kind is NodeKind.FILTER_CHAIN and chain.note and listener.key is not None:
                yield kinds.FILTER_CHAIN_UNUSABLE.finding(
                    ResourceSubject(listener.key, chain.name),
                    chain=chain.label,
                    problem=chain.note,
                    evidence=(chain.note,),
                )


def failing_routes(seen: ConfigEvidence) -> Iterator[Finding]:
    """A route whose action gRPC does not have, so that calls which match it fail in the client."""
    said: set[tuple[str, Node]] = set()
    for way in seen.graph.troubled():
        route = way[-1]
        owner = next((node.key for node in reversed(way) if node.key is not None), None)
        if route.kind is not NodeKind.ROUTE or owner is None or (way[0].label, route) in said:
            continue
        said.add((way[0].label, route))
        yield kinds.ROUTE_FAILS.finding(
            ResourceSubject(owner, route.label),
            host=short_host(way[0].label),
            which="All calls" if len(way[-2].children) == 1 else f"Calls with {route.label}",
            problem=route.note,
            evidence=(f"{owner.type} {owner.name}: {route.note}",),
        )


STANDING_RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (
    refused,
    missing,
    without_endpoints,
    failing_routes,
    unreadable,
    listener_problems,
)
"""The rules of this module that need the config and nothing else: they say the same while it stays the same."""

TIMED_RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (waiting,)
"""The rules of this module that need the clock as well, about resources that are waited for."""


def _type(resource: Resource) -> str:
    return TYPE_NAMES.get(resource.key.type, resource.key.type)


def _short(resource: Resource) -> str:
    service = parse_service_name(resource.key.name)
    if service is None:
        return short_host(resource.key.name)
    return f"{service.service}:{service.port}" + (f" subset {service.subset}" if service.subset else "")


def _origin(resource: Resource) -> str:
    service = parse_service_name(resource.key.name)
    host = f" for {short_host(service.host)}" if service else ""
    return CHANGED_BY.get(resource.key.type, "its source") + host


def _how_to_define(resource: Resource) -> str:
    service = parse_service_name(resource.key.name)
    if resource.key.type == CDS and service and service.subset:
        return (
            f"define subset {service.subset} in the DestinationRule of {short_host(service.host)}, or take it out of "
            "the VirtualService that names it"
        )
    return f"istiod makes it from {DEFINED_BY.get(resource.key.type, 'config that is not there')}: see that it exists"


class _Effects:
    """What requests meet which resource: the graph is walked once, however many resources are in trouble."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._found: dict[ResourceKey | str, list[Effect]] | None = None

    def of(self, resource: Resource) -> tuple[Effect, ...]:
        """Through which listeners and routes requests meet this resource."""
        if self._found is None:
            self._found = self._walked()
        return (*self._found.get(resource.key, ()), *self._found.get(resource.key.name, ()))

    def _walked(self) -> dict[ResourceKey | str, list[Effect]]:
        """By key; by name where a node has no line of its own in CSDS."""
        found: dict[ResourceKey | str, list[Effect]] = {}
        for way in self._graph.troubled():
            found.setdefault(way[-1].key or way[-1].name, []).extend(_effect(way))
        return found


def _effect(way: Sequence[Node]) -> Iterator[Effect]:
    root = way[0]
    if root.kind is not NodeKind.LISTENER:
        return
    share = 1.0
    for node in way:
        share *= node.share if node.share is not None else 1.0
    route = next((node.name for node in way if node.kind is NodeKind.ROUTE_CONFIGURATION), "")
    yield Effect(short_host(root.label), share, route)


def _failing(effects: tuple[Effect, ...], what_happens: str) -> str:
    """``20 % of calls to echo.echo-grpc:7070 fail``, for the listener hit the hardest; empty when none is."""
    if not effects:
        return ""
    shares: dict[str, float] = {}
    for effect in effects:
        shares[effect.host] = min(1.0, shares.get(effect.host, 0.0) + effect.share)
    host, share = max(shares.items(), key=lambda item: item[1])
    more = f" (and {plural(len(shares) - 1, 'more host')})" if len(shares) > 1 else ""
    subject = f"{share_words(share)} of calls" if share < 1.0 else "All calls"
    return f"{subject} to {host}{more} {what_happens}"


def _reached(effects: Iterable[Effect]) -> str:
    through = list(dict.fromkeys(effect.through for effect in effects if effect.through))
    if not through:
        return "Here "
    shown = ", ".join(through[:WAYS_SHOWN])
    more = f" and {len(through) - WAYS_SHOWN} more" if len(through) > WAYS_SHOWN else ""
    return f"Route configuration {shown}{more} sends requests this way, but "
