"""What other attached targets tell about one: who shows them its certificate, and which node ids are taken."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.model.identity.comparison import Side
from meshtui.model.identity.peers import Neighbour
from meshtui.session.identity_memory import Peers
from meshtui.session.state import SessionState


def peers_of(own: SessionState, others: Iterable[SessionState]) -> Peers:
    """The others as ``own`` needs them. A pod attached twice shares its bootstrap file, and is no other node."""
    neighbours: list[Neighbour] = []
    nodes: list[tuple[str, str]] = []
    for other in others:
        name = _name(other)
        if other.workload is not None:
            leaf = other.workload.files.own.leaf if other.workload.files.own is not None else None
            seen = tuple(used for used in other.workload.identity.in_use if used.side is Side.REMOTE)
            neighbours.append(Neighbour(name, leaf.spiffe if leaf is not None else None, seen))
        if _has_bootstrap_of_its_own(own, other) and other.snapshot is not None:
            nodes.append((name, other.snapshot.node.id))
    return Peers(tuple(neighbours), tuple(nodes))


def _name(state: SessionState) -> str:
    pod = state.snapshot.node.workload[0] if state.snapshot is not None else ""
    return pod or state.target


def _has_bootstrap_of_its_own(own: SessionState, other: SessionState) -> bool:
    mine = own.workload.offers.bootstrap if own.workload is not None else ""
    theirs = other.workload.offers.bootstrap if other.workload is not None else ""
    return bool(mine and theirs) and mine != theirs
