"""An agent that serves one ADS stream, and an app that opens two (istio#53532, gRFC A71)."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc

from meshtui.demo.mesh import Mesh
from meshtui.model.address import parse_address
from meshtui.model.control_plane import Standing, control_planes
from meshtui.sources.channelz.source import ChannelzSource

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = pytest.mark.mesh


async def ads_calls(lab: Lab) -> list[tuple[int, int, int]]:
    """Calls started, ended well and failed of each of the client's channels to its agent."""
    async with lab.channel("client") as channel:
        stub: Any = channelz_pb2_grpc.ChannelzStub(channel)
        found = await stub.GetTopChannels(channelz_pb2.GetTopChannelsRequest())
    return [
        (one.data.calls_started, one.data.calls_succeeded, one.data.calls_failed)
        for one in found.channel
        if one.data.target.startswith("unix:")
    ]


async def seen_evicted(lab: Lab) -> bool:
    """Whether one look alone, as of a fresh attach, tells the eviction."""
    async with lab.channel("client") as channel:
        report = await ChannelzSource(channel, parse_address(lab.mesh.pods["client"].admin)).poll()
    worst = control_planes(report).worst
    return worst is not None and worst.standing is Standing.EVICTED


def terminations(mesh: Mesh, side: str) -> int:
    with urllib.request.urlopen(f"{mesh.pods['client'].agent}/stats/prometheus") as answer:
        text = answer.read().decode()
    found = re.search(rf'^istio_agent_{side}_connection_terminations{{type="cancelled"}} (\d+)$', text, re.MULTILINE)
    return int(found[1]) if found else 0


async def test_two_streams_evict_each_other_for_ever(make_lab: Callable[[Mesh], Lab]) -> None:
    """What tells it from an agent that is cut off: the calls of both channels ended well.

    So it was with grpc-go 1.78 at a real agent 1.29.1: started 12, ok 11, and started 11, ok 11.
    """
    async with Mesh("evicted") as mesh:
        lab = make_lab(mesh)

        async def both_evicted() -> list[tuple[int, int, int]] | None:
            found = await ads_calls(lab)
            return found if len(found) == 2 and all(ended >= 2 for _, ended, _ in found) else None

        found = await lab.eventually("both streams are evicted, and again", both_evicted)
        assert all(failed == 0 for _, _, failed in found)
        assert all(started - ended in (0, 1) for started, ended, _ in found)
        assert await lab.eventually("it is said at a look", lambda: seen_evicted(lab))

        async def counted() -> bool:
            """The agent counts a moment later than the app."""
            return min(terminations(mesh, "envoy"), terminations(mesh, "istiod")) >= 4

        assert await lab.eventually("the agent has counted them", counted)
