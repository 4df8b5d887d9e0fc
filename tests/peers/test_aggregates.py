"""Aggregates with a member that is not there: what a real client's call came to is what meshtui says.

gRFC A37 has the whole aggregate fail; grpc-java and C-core since A74 do otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from envoy.config.route.v3 import route_pb2

from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.graph_build import build
from tests.attaching import attached
from tests.peers.control_plane import HOLLOW, ODD, table_server
from tests.peers.conversation import Call, running

pytestmark = pytest.mark.peers

HERE, GONE = "here", "gone"
AGGREGATES = [(HERE, HOLLOW), (HOLLOW, HERE), (GONE, HERE), (HERE, GONE), (ODD, HERE), (HOLLOW,), (GONE,)]


def table(name: str) -> route_pb2.RouteConfiguration:
    message = route_pb2.RouteConfiguration(name=name)
    route = message.virtual_hosts.add(name=name, domains=["*"]).routes.add()
    route.match.prefix = ""
    route.route.cluster = f"all of {name}"
    return message


async def served(command: list[str], folder: Path) -> dict[tuple[str, ...], tuple[bool, bool | None]]:
    """Whether a call to each aggregate came back, and what meshtui says of it."""
    found: dict[tuple[str, ...], tuple[bool, bool | None]] = {}
    async with (
        table_server((HERE,)) as plane,
        running(command, plane.bootstrap, folder) as peer,
        attached(peer.address) as source,
    ):
        for number, members in enumerate(AGGREGATES):
            name = f"aggregate-{number}"
            plane.put(name, table(name), inline=True)
            plane.put_aggregate(f"all of {name}", members)
            (answer,) = await peer.order(f"xds:///{name}", [Call("/a/b")])
            graph = build(await source.poll())
            (root,) = (node for node in graph.roots if node.kind is NodeKind.LISTENER and node.name == name)
            found[members] = (answer.ok, _aggregate_under(root).serves.able)
    return found


def agree(found: dict[tuple[str, ...], tuple[bool, bool | None]]) -> None:
    """What really came back is what was said would."""
    assert {members for members, (really, said) in found.items() if said is not really} == set()


def _aggregate_under(root: Node) -> Node:
    node = root
    while node.kind is not NodeKind.CLUSTER:
        node = node.children[0]
    return node


@pytest.mark.skipif(not os.environ.get("MESHTUI_PEERS"), reason="gRPC waits 15 s for each that is not there")
async def test_c_core(core_peer: list[str], tmp_path: Path) -> None:
    agree(await served(core_peer, tmp_path))


async def test_grpc_go(go_peer: list[str], tmp_path: Path) -> None:
    agree(await served(go_peer, tmp_path))


async def test_grpc_java(java_peer: list[str], tmp_path: Path) -> None:
    agree(await served(java_peer, tmp_path))
