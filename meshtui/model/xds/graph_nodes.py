"""The nodes that every part of the graph makes: a resource's, and that of one that is not there."""

from __future__ import annotations

from meshtui.model.xds.config import Opaque, TlsContext
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.resource import KNOWN_TYPES, Health, Resource, ResourceKey, worst
from meshtui.model.xds.status_words import is_explained, status_note


def slot_of(key: ResourceKey) -> str:
    """The slot of a resource that hangs on nothing: other clients may hold one of its name."""
    return f"{key.scope} {key.type} {key.name}"


def resource_node(
    resource: Resource,
    kind: NodeKind,
    slot: str,
    label: str,
    *,
    tls: TlsContext | None = None,
    facts: tuple[str, ...] = (),
    children: tuple[Node, ...] = (),
) -> Node:
    """A resource with its own status, and what hangs on it."""
    health = resource.health
    note = status_note(resource) if health is not Health.OK else ""
    if isinstance(resource.body, Opaque):
        note = note or f"cannot be read: {resource.body.reason}"
        if resource.key.type in KNOWN_TYPES:  # what calls meet is not known then; other types lead to nothing
            health = worst(health, Health.UNKNOWN)
    return Node(
        slot=slot,
        kind=kind,
        name=resource.key.name,
        label=label,
        health=health,
        worst=worst(health, *[child.worst for child in children]),
        key=resource.key,
        tls=tls,
        facts=facts,
        note=note,
        children=children,
        explained=health is not Health.OK and is_explained(resource),
    )


def absent(slot: str, kind: NodeKind, name: str) -> Node:
    """What the config names and the client does not hold."""
    note = "named here, but the client does not hold it"
    return Node(slot=slot, kind=kind, name=name, label=name, health=Health.WAITING, worst=Health.WAITING, note=note)
