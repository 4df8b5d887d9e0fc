"""What a resource in trouble does to requests: which hosts they are for, and what share of them meets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshtui.doctor.rules.config_words import WAYS_SHOWN
from meshtui.model.phrases import plural, share_words
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.names import short_host
from meshtui.model.xds.resource import Health, Resource, ResourceKey


@dataclass(frozen=True, slots=True)
class Effect:
    """What one troubled node does to requests: which host they are for, and what part of them goes that way."""

    host: str
    share: float
    through: str


class Effects:
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
            found.setdefault(way[-1].key or way[-1].name, []).extend(effect_of(way))
        return found


def absorbed(way: Sequence[Node]) -> bool:
    """Whether an aggregate on the way serves by another member, so that no call fails for what stands at its end."""
    return any(node.kind is NodeKind.CLUSTER and node.worst in (Health.OK, Health.DEGRADED) for node in way[:-1])


def effect_of(way: Sequence[Node]) -> Iterator[Effect]:
    """What part of a host's calls goes the whole way; none where its end does not matter."""
    root = way[0]
    if root.kind is not NodeKind.LISTENER or absorbed(way):
        return
    share = 1.0
    for node in way:
        share *= node.share if node.share is not None else 1.0
    route = next((node.name for node in way if node.kind is NodeKind.ROUTE_CONFIGURATION), "")
    yield Effect(short_host(root.label), share, route)


def failing(effects: tuple[Effect, ...], what_happens: str) -> str:
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


def reached(effects: Iterable[Effect]) -> str:
    """The begin of a sentence that goes on with what is wrong: which route configurations lead there."""
    through = list(dict.fromkeys(effect.through for effect in effects if effect.through))
    if not through:
        return "Here "
    shown = ", ".join(through[:WAYS_SHOWN])
    more = f" and {len(through) - WAYS_SHOWN} more" if len(through) > WAYS_SHOWN else ""
    return f"Route configuration {shown}{more} sends requests this way, but "
