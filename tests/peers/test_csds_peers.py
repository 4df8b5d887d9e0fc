"""CSDS and channelz as grpc-go, grpc-js and grpc-java serve them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshtui.model.address import parse_address
from meshtui.model.channels import ChannelReport, ChannelState
from meshtui.model.xds.config import ROUND_ROBIN, Cluster
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, Health, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.channelz.source import ChannelzSource
from meshtui.sources.grpc.channel import open_channel
from tests.attaching import attached, until
from tests.meshes import RunningMesh
from tests.peers.mesh_client import SERVICE, client_of

pytestmark = [pytest.mark.peers, pytest.mark.mesh]

REFUSED = Path("meshtui/demo/scenarios/refused/step-1/destination-rule.yaml")
"""A balancing policy that C-core and grpc-js refuse and the others take; with maglev instead all refuse it."""

MAGLEV = "consistentHash: {httpHeaderName: x-user, maglev: {}}"


def whole(found: Any) -> bool:
    statuses = [resource.status for resource in found.resources.values()] if isinstance(found, Snapshot) else []
    return statuses == [Status.ACKED] * 6


def ready(found: Any) -> bool:
    return isinstance(found, ChannelReport) and any(
        channel.state is ChannelState.READY and len(channel.subchannels) == 2 for channel in found.mesh_channels
    )


async def check(mesh: RunningMesh, address: str, user_agent: str, scope: str) -> None:
    """A client that holds the whole config says so in our words."""
    async with attached(address) as source:
        snapshot = await until(source.poll, whole)
        again = await source.poll()
        assert again.resources is snapshot.resources
    assert snapshot.problems == ()
    assert {key.scope for key in snapshot.resources} == {scope}
    assert snapshot.node.user_agent == user_agent
    assert snapshot.node.workload[0] == "peer"
    assert {resource.status for resource in snapshot.resources.values()} == {Status.ACKED}
    (root,) = build(snapshot).roots
    assert root.worst is Health.OK
    (routes,) = root.children
    assert [(node.label, node.share) for node in routes.children] == [("v1", 0.2), ("v2", 0.8)]
    echo = {mesh.pods["echo-v1"]["echo"], mesh.pods["echo-v2"]["echo"]}
    assert {leaf.label for node in routes.children for leaf in node.children} == echo
    channel = open_channel(parse_address(address))
    report = await until(ChannelzSource(channel, parse_address(address)).poll, ready)
    await channel.close()
    (found,) = report.mesh_channels
    assert found.target == SERVICE
    assert {subchannel.address for subchannel in found.subchannels} == echo
    assert report.servers[0].listens == (address,)


PEERS = {
    "go": ("gRPC Go", SERVICE),
    "js": ("gRPC Node Pure JS", ""),
    "java": ("gRPC Java", SERVICE),
}
"""The user agent and the scope of each."""


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    """A peer's name and command."""
    command: list[str] = request.getfixturevalue(f"{request.param}_peer")
    return request.param, command


async def test_a_whole_config(peer: tuple[str, list[str]], mesh: RunningMesh, tmp_path: Path) -> None:
    name, command = peer
    async with client_of(mesh, command, tmp_path) as address:
        await check(mesh, address, *PEERS[name])


async def test_a_refusal_leaves_in_force_what_was(
    peer: tuple[str, list[str]], mesh: RunningMesh, tmp_path: Path
) -> None:
    async with client_of(mesh, peer[1], tmp_path) as address, attached(address) as source:
        before = await until(source.poll, whole)
        ask_for_maglev(mesh)
        after = await until(source.poll, lambda found: any_is(found, Status.NACKED))
    refused = [resource for resource in after.resources.values() if resource.status is Status.NACKED]
    assert {resource.key.type for resource in refused} == {CDS}
    for resource in refused:
        assert resource.error is not None
        assert "MAGLEV" in resource.error.details.upper()
        assert resource.error.version != resource.version
        assert resource.value == before.resources[resource.key].value
        assert isinstance(resource.body, Cluster)
        assert resource.body.old_policy == ROUND_ROBIN


async def test_a_cluster_that_is_taken_away(peer: tuple[str, list[str]], mesh: RunningMesh, tmp_path: Path) -> None:
    async with client_of(mesh, peer[1], tmp_path) as address, attached(address) as source:
        await until(source.poll, whole)
        (mesh.manifests / "destination-rule.yaml").unlink()
        after = await until(source.poll, lambda found: any_is(found, Status.DOES_NOT_EXIST))
    gone = {resource.key.type for resource in after.resources.values() if resource.status is Status.DOES_NOT_EXIST}
    assert gone == {CDS}


def ask_for_maglev(mesh: RunningMesh) -> None:
    rule = REFUSED.read_text(encoding="utf-8").replace("simple: LEAST_REQUEST", MAGLEV)
    (mesh.manifests / "destination-rule.yaml").write_text(rule, encoding="utf-8")


def any_is(found: Any, status: Status) -> bool:
    return isinstance(found, Snapshot) and any(resource.status is status for resource in found.resources.values())
