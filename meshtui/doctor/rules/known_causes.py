"""What config is already known to do to the calls of a channel, so that no other advice leads away from it."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.graph_aggregates import absorbed
from meshtui.model.xds.names import is_inbound, split_target
from meshtui.model.xds.resource import Health
from meshtui.model.xds.virtual_hosts import authority_of

LOST: Final = frozenset({Health.MISSING, Health.WAITING, Health.UNKNOWN})
"""Healths of what is no cluster or endpoint by which its calls fail, wait, or may fail."""

MOST: Final = 3
"""Causes that are named."""


def known_causes(seen: ConfigEvidence, target: str) -> tuple[str, ...]:
    """Why calls to a target fail or wait by its config, as the tree says it; empty where config is known of nothing."""
    name = split_target(target)[1]
    causes: dict[str, None] = {}
    for way in seen.graph.troubled():
        root, end = way[0], way[-1]
        if root.kind is not NodeKind.LISTENER or root.key is None or is_inbound(root.key):
            continue
        if authority_of(root.key) == name and _costs(seen, end) and not _spared(way):
            causes.setdefault(f"{end.kind.words} {end.label}: {end.note or end.health.name.lower()}")
        if len(causes) >= MOST:
            break
    return tuple(causes)


def _spared(way: tuple[Node, ...]) -> bool:
    return absorbed(way) or any(node.share == 0 for node in way)


def _costs(seen: ConfigEvidence, node: Node) -> bool:
    if node.kind is NodeKind.CLUSTER:
        return node.serves.able is False or node.serves.dropped > 0 or node.health is Health.WAITING
    if node.kind is NodeKind.ROUTE:
        return node.health is not Health.OK and bool(node.note)  # faults and actions that gRPC does not have
    held = seen.snapshot.resources.get(node.key) if node.key is not None else None
    refused_first = node.health is Health.REFUSED and held is not None and not held.serves
    return node.kind is not NodeKind.ENDPOINT and (node.health in LOST or refused_first)
