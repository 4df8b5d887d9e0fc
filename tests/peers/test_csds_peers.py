"""CSDS and channelz as grpc-go and grpc-js serve them."""

from __future__ import annotations

import shutil
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
"""A balancing policy that C-core and grpc-js refuse and grpc-go takes."""


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


async def test_grpc_go(go_peer: list[str], mesh: RunningMesh, tmp_path: Path) -> None:
    with client_of(mesh, go_peer, tmp_path) as address:
        await check(mesh, address, "gRPC Go", SERVICE)


async def test_grpc_js(js_peer: list[str], mesh: RunningMesh, tmp_path: Path) -> None:
    with client_of(mesh, js_peer, tmp_path) as address:
        await check(mesh, address, "gRPC Node Pure JS", "")


async def test_grpc_js_keeps_what_is_in_force_when_it_refuses(
    js_peer: list[str], mesh: RunningMesh, tmp_path: Path
) -> None:
    with client_of(mesh, js_peer, tmp_path) as address:
        async with attached(address) as source:
            before = await until(source.poll, whole)
            shutil.copy(REFUSED, mesh.manifests / "destination-rule.yaml")
            after = await until(
                source.poll,
                lambda found: (
                    isinstance(found, Snapshot)
                    and any(resource.status is Status.NACKED for resource in found.resources.values())
                ),
            )
    refused = [resource for resource in after.resources.values() if resource.status is Status.NACKED]
    assert {resource.key.type for resource in refused} == {CDS}
    for resource in refused:
        assert resource.error is not None
        assert "LEAST_REQUEST" in resource.error.details
        assert resource.error.version != resource.version
        assert resource.value == before.resources[resource.key].value
        assert isinstance(resource.body, Cluster)
        assert resource.body.old_policy == ROUND_ROBIN
