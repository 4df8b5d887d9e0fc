"""Aggregates with a member that is not there: what a real client's call came to is what meshtui says.

gRFC A37 has the whole aggregate fail; grpc-java and C-core since A74 do otherwise. No two here share a member: C-core
1.85 finds no leaf of an aggregate all of whose members another one of the same channel has.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from envoy.config.route.v3 import route_pb2

from meshtui.model.xds.graph import NodeKind
from meshtui.model.xds.graph_build import build
from tests.attaching import attached
from tests.peers.control_plane import HOLLOW, ODD, SHUT, table_server
from tests.peers.conversation import Call, running

pytestmark = pytest.mark.peers

HERE, GONE = "here", "gone"
AGGREGATES = [(HERE, HOLLOW), (HOLLOW, HERE), (GONE, HERE), (HERE, GONE), (ODD, HERE), (HOLLOW,), (GONE,), (SHUT, HERE)]


ALL = "all"
"""The listener whose routes lead to the aggregates, so that a client waits for what is not there of all at once."""


def aggregate(number: int) -> str:
    """The name of an aggregate, which is also the service whose calls go there."""
    return f"aggregate-{number}"


def own_members(number: int) -> tuple[str, ...]:
    """The members of an aggregate, under names that no other has."""
    return tuple(f"{member} {number}" for member in AGGREGATES[number])


def table() -> route_pb2.RouteConfiguration:
    message = route_pb2.RouteConfiguration(name=ALL)
    host = message.virtual_hosts.add(name=ALL, domains=["*"])
    for number in range(len(AGGREGATES)):
        route = host.routes.add()
        route.match.prefix = f"/{aggregate(number)}/"
        route.route.cluster = aggregate(number)
    return message


async def served(command: list[str], folder: Path) -> dict[tuple[str, ...], tuple[bool, bool | None]]:
    """Whether a call to each aggregate came back, and what meshtui says of it."""
    own = {aggregate(number): own_members(number) for number in range(len(AGGREGATES))}
    async with (
        table_server(
            tuple(member for members in own.values() for member in members if member.startswith((HERE, SHUT)))
        ) as plane,
        running(command, plane.bootstrap, folder) as peer,
        attached(peer.address) as source,
    ):
        plane.put(ALL, table(), inline=True)
        for name, members in own.items():
            plane.put_aggregate(name, members)
        calls = [Call(f"/{name}/b") for name in own]
        answers = await peer.order(f"xds:///{ALL}", calls)
        graph = build(await source.poll())
    said = {node.name: node.serves.able for _, node in graph.walk() if node.kind is NodeKind.CLUSTER}
    return {members: (answer.ok, said[name]) for name, members, answer in zip(own, AGGREGATES, answers, strict=True)}


def agree(found: dict[tuple[str, ...], tuple[bool, bool | None]]) -> None:
    """What really came back is what was said would."""
    assert {members: told for members, told in found.items() if told[0] is not told[1]} == {}


@pytest.mark.skipif(not os.environ.get("MESHTUI_PEERS"), reason="gRPC waits 15 s for what is not there")
async def test_c_core(core_peer: list[str], tmp_path: Path) -> None:
    agree(await served(core_peer, tmp_path))


async def test_grpc_go(go_peer: list[str], tmp_path: Path) -> None:
    agree(await served(go_peer, tmp_path))


async def test_grpc_java(java_peer: list[str], tmp_path: Path) -> None:
    agree(await served(java_peer, tmp_path))
