"""What an aggregate cluster makes of its members (gRFC A37)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from meshtui.model.xds.graph import Graph, Node, NodeKind, Serves
from meshtui.model.xds.resource import Health, worst

PassesOver: TypeAlias = Callable[[Node], bool | None]
"""Whether this gRPC goes on to the next member where one is not there; None where that is not known."""


def in_order(aggregate: Node, passes_over: PassesOver, language: str) -> Node:
    """An aggregate as its members let it serve: in their order, the first that can takes all calls (A37).

    Or drops them all (A32), which gRPC does not fail over from.

    gRPC knows where to send calls only once it knows of each member, so that one that is waited for holds up all (A37,
    A74). A member whose endpoints cannot be used, or whose EDS resource is not there, is gone over everywhere; of one
    that is not there itself, languages differ, and grpc-go then does not ask for the members behind it.
    """
    members = aggregate.children
    gone = lost_members(aggregate)
    readings = {passes_over(member) for member in gone}
    broken = any(member.health is Health.REFUSED and member.serves.able is None for member in members)
    able = _taker(members)
    if False in readings:
        note = f"{_labels(gone)} {_is_not(gone)} there, and {language} then fails all calls of the aggregate"
        return _cannot(aggregate, note)
    if any(_is_awaited(member) for member in members):
        return _as_served(aggregate, Health.WAITING)._replace(serves=Serves())
    if able is None:
        unclear = any(member.serves.able is None for member in members)
        return _not_known(aggregate, "") if unclear else _cannot(aggregate, "none of its clusters can serve")
    if broken:
        return _not_known(aggregate, "")
    if None in readings:
        note = f"{_labels(gone)} {_is_not(gone)} there; whether this gRPC then goes over to {able.label} is not known"
        return _not_known(aggregate, note)
    before = members[: members.index(able)]
    if any(member.serves.able is None for member in before):
        return _not_known(aggregate, "")
    if not able.serves.able:
        return _cannot(aggregate, f"its calls go to {able.label}, which drops them all")._replace(serves=able.serves)
    return _serving(aggregate, able, before)


def _taker(members: Sequence[Node]) -> Node | None:
    """The member that takes the calls. One that drops them all takes them: what it drops goes to no other (A32)."""
    return next((member for member in members if member.serves.able or member.serves.drops_all), None)


def _serving(aggregate: Node, able: Node, before: Sequence[Node]) -> Node:
    members = aggregate.children
    if not before:
        served = Health.OK if all(member.worst is Health.OK for member in members) else Health.DEGRADED
        return _as_served(aggregate, served)._replace(serves=able.serves)
    gone_over = _as_served(aggregate, Health.DEGRADED)
    return gone_over._replace(
        health=worst(aggregate.health, Health.DEGRADED),
        note=_also(aggregate, f"failed over to {able.label}: {_labels(before)} cannot serve"),
        serves=able.serves._replace(failed_over=able.label),
    )


def _as_served(aggregate: Node, served: Health) -> Node:
    """What is wrong below is no outage; a refusal is something to mend all the same."""
    refusals = [member.worst for member in aggregate.children if member.worst is Health.REFUSED]
    return aggregate._replace(worst=worst(aggregate.health, served, *refusals))


def _cannot(aggregate: Node, why: str) -> Node:
    health = worst(aggregate.health, Health.MISSING)
    below = worst(aggregate.worst, health)
    return aggregate._replace(health=health, worst=below, note=_also(aggregate, why), serves=Serves(able=False))


def _not_known(aggregate: Node, why: str) -> Node:
    health = worst(aggregate.health, Health.UNKNOWN)
    note = _also(aggregate, why or "whether it serves is not known: see its clusters")
    return _as_served(aggregate, Health.UNKNOWN)._replace(health=health, note=note, serves=Serves())


def _also(aggregate: Node, note: str) -> str:
    """The note of its own status before what is to be said of its members."""
    return f"{aggregate.note}; {note}" if aggregate.note else note


def _is_awaited(member: Node) -> bool:
    return member.serves.able is None and member.worst is Health.WAITING


def lost_members(cluster: Node) -> list[Node]:
    """The members of an aggregate that are not there themselves; of one that is there the TLS is known."""
    return [
        member
        for member in cluster.children
        if member.kind is NodeKind.CLUSTER and member.serves.able is False and member.tls is None
    ]


def _labels(members: Sequence[Node]) -> str:
    return ", ".join(member.label for member in members)


def _is_not(members: Sequence[Node]) -> str:
    return "is not" if len(members) == 1 else "are not"


def absorbed(way: Sequence[Node]) -> bool:
    """Whether calls are served though what stands at the end of the way is in trouble, or may be for all that is known.

    A cluster on the way serves by other endpoints, or an aggregate by another member.
    """
    return any(_absorbs(node, below) for node, below in pairwise(way))


def _absorbs(node: Node, below: Node) -> bool:
    if node.kind is not NodeKind.CLUSTER or node.serves.able is False:
        return False
    if node.serves.able:
        return True
    others = (member for member in node.children if member is not below)
    return below.kind is NodeKind.CLUSTER and any(member.serves.able is not False for member in others)


def takes_calls(way: Sequence[Node]) -> bool:
    """Whether each aggregate on the way sends its calls along it."""
    return all(
        below is _taker(node.children)
        for node, below in pairwise(way)
        if node.kind is NodeKind.CLUSTER and below.kind is NodeKind.CLUSTER
    )


def as_met(graph: Graph) -> Iterator[Node]:
    """Every node once, as :meth:`Graph.distinct` has them, with the health it has for calls.

    What no call needs, since an aggregate serves by other members or a weight is 0, is no outage: DEGRADED at most,
    but for what was refused.
    """
    needed: set[object] | None = None
    for node in graph.distinct():
        if node.health.serves or node.health is Health.REFUSED:
            yield node
            continue
        if needed is None:
            needed = _needed(graph)
        yield node if _mark(node) in needed else node._replace(health=Health.DEGRADED)


def _needed(graph: Graph) -> set[object]:
    """What some call meets."""
    found: set[object] = set()
    entered: set[int] = set()
    pending = list(graph.roots)
    while pending:
        node = pending.pop()
        if node.weight == 0:
            continue
        found.add(_mark(node))
        if node.children and id(node.children) not in entered:
            entered.add(id(node.children))
            pending += [child for child in node.children if _is_met(node, child)]
    return found


def _is_met(node: Node, below: Node) -> bool:
    """Whether calls of the node meet what hangs on it: an aggregate that waits is held up by the members it awaits."""
    held_up = node.serves.able is None and node.worst is Health.WAITING and _is_awaited(below)
    return held_up or bool(below.serves.able) or not _absorbs(node, below)


def _mark(node: Node) -> object:
    return node.key if node.key is not None else id(node)
