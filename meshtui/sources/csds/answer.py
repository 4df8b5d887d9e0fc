"""One answer to CSDS as a snapshot, given what the answers before it said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from meshtui.model.target import DEFAULT_MAX_MESSAGE
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.sources.csds.entries import distinct
from meshtui.sources.csds.memory import ResourceMemory
from meshtui.sources.csds.node import node_identity
from meshtui.sources.csds.response import read_response


class Known(NamedTuple):
    """What is kept of the answers so far: their resources, and the node with its bytes."""

    memory: ResourceMemory = ResourceMemory()
    node: NodeIdentity = NodeIdentity()
    node_bytes: bytes = b""


def read_answer(
    known: Known, data: bytes, taken_at: datetime, limit: int = DEFAULT_MAX_MESSAGE
) -> tuple[Snapshot, Known]:
    """The snapshot, and what is kept for the next answer. May be called in any thread: ``known`` stays as it was.

    Raises what :func:`~meshtui.sources.csds.response.read_response` raises.
    """
    response = read_response(data, limit)
    problems = list(response.problems)
    scopes = distinct(config.client_scope for config in response.configs)
    memory = known.memory.after(zip(scopes, response.configs, strict=True), problems)
    node, node_bytes = _node(known, response.configs)
    snapshot = Snapshot(
        taken_at=taken_at,
        node=node,
        resources=memory.resources,
        problems=tuple(problems),
    )
    return snapshot, Known(memory, node, node_bytes)


def _node(known: Known, configs: Iterable[Any]) -> tuple[NodeIdentity, bytes]:
    """Clients of one process share their node: the first that is given. It is read again when it differs."""
    node = next((config.node for config in configs if config.HasField("node")), None)
    data = node.SerializeToString(deterministic=True) if node is not None else b""
    return (known.node if data == known.node_bytes else node_identity(node)), data
