"""grpc-go with two targets at an agent that serves one ADS stream (istio#53532), as the scenario ``evicted`` has it.

Seen so at a real agent 1.29.1 with grpc-go 1.78 and 1.82: the streams' calls end well, again and again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.address import parse_address
from meshtui.model.channels import ChannelReport
from meshtui.model.control_plane import Standing, control_planes
from meshtui.model.finding import Severity
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import Health
from meshtui.present.ladder import control_plane_rung
from meshtui.sources.channelz.source import ChannelzSource
from meshtui.sources.grpc.channel import open_channel
from tests.attaching import attached, until
from tests.meshes import headless_mesh
from tests.peers.conversation import running
from tests.peers.mesh_client import SERVICE, bootstrap_of

pytestmark = [pytest.mark.peers, pytest.mark.mesh]

OTHER = SERVICE.replace("echo.", "greeter.", 1)


def evicted(found: object) -> bool:
    """Whether one look alone tells it, with an end of each of its streams seen."""
    if not isinstance(found, ChannelReport):
        return False
    worst = control_planes(found).worst
    ended = worst is not None and len(worst.channels) == 2 and all(one.calls.succeeded for one in worst.channels)
    return ended and worst is not None and worst.standing is Standing.EVICTED


async def test_grpc_go_is_evicted_and_it_is_said(go_peer: list[str], tmp_path: Path) -> None:
    with headless_mesh("evicted") as mesh:
        bootstrap = bootstrap_of(mesh, by_agent=True)
        async with running(go_peer, bootstrap, tmp_path) as peer:
            await peer.order(SERVICE)
            await peer.order(OTHER, beside=True)
            async with open_channel(parse_address(peer.address)) as channel, attached(peer.address) as csds:
                report = await until(ChannelzSource(channel, parse_address(peer.address)).poll, evicted)
                snapshot = await csds.poll()
    uris = tuple(server["server_uri"] for server in bootstrap["xds_servers"])
    seen = ConfigEvidence(
        now=report.taken_at, snapshot=snapshot, graph=build(snapshot), channels=report, server_uris=uris
    )
    (finding,) = [found for found in diagnose(Evidence(config=seen)) if found.code == "agent-streams-evicted"]
    assert finding.severity is Severity.ERROR
    rung = control_plane_rung(report, uris, findings=(finding,))
    assert (rung.health, rung.aside) == (Health.REFUSED, "the app's config streams push each other out at the agent")
