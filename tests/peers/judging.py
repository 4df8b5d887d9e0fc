"""What came of a call, and what meshtui says may come of it, in the same words."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.model.xds.config import ActionKind, Route
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, Health
from meshtui.model.xds.routing import Decision
from meshtui.model.xds.snapshot import Snapshot
from tests.peers.conversation import Answer

REFUSED, NO_HOST, NO_ROUTE, NO_ACTION = "nothing accepted", "no host", "no route", "no action"

FAILURES = {
    "could not find VirtualHost for": NO_HOST,
    "Failed to find virtual host": NO_HOST,
    "produced zero addresses": NO_HOST,  # grpc-go, of a call that comes upon the resolver's error early
    "No matching route found in xDS route config": NO_ROUTE,
    "no matched route was found": NO_ROUTE,
    "Could not find xDS route matching RPC": NO_ROUTE,
    "No child policy provided for cluster_manager": NO_ROUTE,  # grpc-java, of a host all of whose routes are left out
    "Matching route has inappropriate action": NO_ACTION,
    "matched route does not have a supported route action type": NO_ACTION,
    "Could not route RPC to Route with non-forwarding action": NO_ACTION,
}
"""What the languages say when a call goes nowhere."""

PANIC = "Panic! This is a bug!"
"""What calls of a grpc-java channel fail with after an exception of its own; its CSDS then holds nothing more."""


def happened(answer: Answer) -> str:
    """The cluster that answered, what the call failed for, or empty for another failure."""
    return answer.text if answer.ok else next((said for text, said in FAILURES.items() if text in answer.text), "")


def foreseen(decision: Decision) -> frozenset[str]:
    """What meshtui says may come of a call."""
    if decision.routes is None:
        return frozenset({REFUSED})
    outcomes = [_outcomes(candidate.route) for candidate in decision.candidates]
    if not outcomes or decision.candidates[-1].doubt:
        outcomes.append(frozenset({NO_HOST if decision.host is None else NO_ROUTE}))
    return frozenset().union(*outcomes)


def _outcomes(route: Route) -> frozenset[str]:
    if route.action.kind is not ActionKind.FORWARD:
        return frozenset({NO_ACTION})
    return frozenset(destination.cluster for destination in route.action.clusters if destination.weight)


def asked_for(seen: Snapshot) -> set[str]:
    """The clusters that a client asks for as the tree shows it; one it leaves out stands there without a resource."""
    listeners = [root for root in build(seen).roots if root.kind is NodeKind.LISTENER]
    clusters = [node for root in listeners for node in _below(root) if node.kind is NodeKind.CLUSTER]
    return {node.name for node in clusters if node.key is not None or node.health is not Health.OK}


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _below(child)


def held(seen: Snapshot) -> set[str]:
    """The clusters that a client did ask for."""
    return {key.name for key in seen.resources if key.type == CDS}
