"""What a resource in trouble does to requests: which hosts they are for, and what share of them meets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from meshtui.doctor.rules.config_words import WAYS_SHOWN
from meshtui.model.phrases import plural, share_words
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.graph_aggregates import absorbed
from meshtui.model.xds.names import inbound_address, is_inbound, short_host
from meshtui.model.xds.resource import Health, Resource, ResourceKey
from meshtui.model.xds.words import EVERYTHING_ELSE


@dataclass(frozen=True, slots=True)
class Effect:
    """What one troubled node does to requests: which host they are for, and what part of them goes that way.

    ``route`` is the route they match, empty where all calls take it; ``routes`` how many there are. ``because`` is what
    an aggregate on the way makes of it.
    """

    host: str
    share: float
    through: str
    route: str = ""
    routes: int = 1
    because: str = ""


class Effects:
    """What requests meet which resource: the graph is walked once, however many resources are in trouble."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._found: dict[ResourceKey | str, list[Effect]] | None = None
        self._spared_by: dict[ResourceKey | str, str] = {}
        """What is in trouble while an aggregate serves by others, or may: what that says of it."""

    def of(self, resource: Resource) -> tuple[Effect, ...]:
        """Through which listeners and routes requests meet this resource."""
        if self._found is None:
            self._found = self._walked()
        return (*self._found.get(resource.key, ()), *self._found.get(resource.key.name, ()))

    def is_spared(self, resource: Resource) -> bool:
        """Whether no call is known to fail for it: nothing names it, its weight is 0, or others serve."""
        return not self.of(resource)

    def spared_by(self, resource: Resource) -> str:
        """What an aggregate that names it makes of it where calls do not fail for it; empty where there is none."""
        return self._spared_by.get(resource.key, "") if self.is_spared(resource) else ""

    def _walked(self) -> dict[ResourceKey | str, list[Effect]]:
        """By key; by name where a node has no line of its own in CSDS."""
        found: dict[ResourceKey | str, list[Effect]] = {}
        for way in self._graph.troubled():
            end = way[-1].key or way[-1].name
            found.setdefault(end, []).extend(effect_of(way))
            if absorbed(way):
                self._spared_by.setdefault(end, _because(way))
        return found


def effect_of(way: Sequence[Node]) -> Iterator[Effect]:
    """What part of a host's calls goes the whole way; none where its end does not matter."""
    if not absorbed(way):
        yield from effect_along(way)


def effect_along(way: Sequence[Node]) -> Iterator[Effect]:
    """What part of a host's calls goes along the way; none where it begins at no listener."""
    root = way[0]
    if root.kind is not NodeKind.LISTENER:
        return
    share = 1.0
    for node in way:
        share *= node.share if node.share is not None else 1.0
    table = next((node.name for node in way[:-1] if node.kind is NodeKind.ROUTE_CONFIGURATION), "")
    effect = Effect(host_words(root), share, table, because=_because(way))
    place = next((index for index, node in enumerate(way) if node.kind is NodeKind.ROUTE), None)
    if place is not None:
        live = sum(bool(child.children) or child.health is not Health.OK for child in way[place - 1].children)
        effect = replace(effect, route=way[place].label, routes=live)
    yield effect


def _because(way: Sequence[Node]) -> str:
    """What the first aggregate on the way says of its members."""
    return next((node.note for node, below in pairwise(way) if node.kind is below.kind is NodeKind.CLUSTER), "")


def host_words(listener: Node) -> str:
    """The name that calls go to; for what the app serves itself its address."""
    chains = any(child.kind is NodeKind.FILTER_CHAIN for child in listener.children)
    inbound = chains or (listener.key is not None and is_inbound(listener.key))
    return f"this server's {inbound_address(listener.name)}" if inbound else short_host(listener.label)


def failing(effects: tuple[Effect, ...], what_happens: str) -> str:
    """``20 % of calls to echo.echo-grpc:7070 fail``, for the calls hit the hardest; empty when none is."""
    if not effects:
        return ""
    shares: dict[str, dict[str, float]] = {}
    for effect in effects:
        routes = shares.setdefault(effect.host, {})
        routes[effect.route] = min(1.0, routes.get(effect.route, 0.0) + effect.share)
    counts = {effect.host: effect.routes for effect in effects}
    host = max(shares, key=lambda name: max(shares[name].values()))
    routes = shares[host]
    route, share = max(routes.items(), key=lambda item: item[1])
    others = f" (and {plural(len(shares) - 1, 'more host')})" if len(shares) > 1 else ""
    if len(routes) == counts[host] and len(set(routes.values())) == 1:
        route = ""  # whatever route a call takes
    elif len(routes) > 1:
        others += f" (and of {plural(len(routes) - 1, 'more route')})"
    subject = f"{share_words(share)} of calls" if share < 1.0 else "All calls"
    return f"{subject} to {host}{_of_route(route)}{others} {what_happens}"


def calls_of(route: Node, host: str, *, lone: bool) -> str:
    """``All calls to echo:7070``, or those of a route."""
    return f"All calls to {host}{'' if lone else _of_route(route.label)}"


def _of_route(label: str) -> str:
    if not label:
        return ""
    return " that match no other route" if label == EVERYTHING_ELSE else f" that match {label}"


def reached(effects: Iterable[Effect]) -> str:
    """The begin of a sentence that goes on with what is wrong: which route configurations lead there."""
    through = list(dict.fromkeys(effect.through for effect in effects if effect.through))
    if not through:
        return "Here "
    shown = ", ".join(through[:WAYS_SHOWN])
    more = f" and {len(through) - WAYS_SHOWN} more" if len(through) > WAYS_SHOWN else ""
    return f"Route configuration {shown}{more} sends requests this way, but "
