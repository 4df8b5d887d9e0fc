"""The screen on a target of 10 000 resources: until its tree can be used, and how long the event loop is held by what.

The real screen and real gRPC against the target of ``bench poll``; Textual's headless driver stands for the terminal.
The config view is open before the target is attached. A hold is processor time of the loop's thread between two turns
of a task that is always due, so that what threads do meanwhile, and other programs, does not count. That task takes
turns from the threads, so the time until the tree can be used is that of a program of its own without it.

Until the tree can be used is held against a bare parse of the same answer and of the body of each resource in it, with
protobuf and nothing else, measured before each round.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before the first import of grpc: its log goes to the screen

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.service.status.v3 import csds_pb2

from bench._held import watched
from bench.poll import SERVICES, csds_target
from meshtui.model.address import parse_address
from meshtui.model.target import TargetOptions
from meshtui.session.workspace import Workspace
from meshtui.sources.csds.source import REQUEST, STREAM
from meshtui.sources.grpc.channel import open_channel
from meshtui.sources.grpc.peer import Peer
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.screens.main import MainScreen
from meshtui.tui.views.config.tree import ConfigTree

SIZE = (160, 45)

ROUNDS = 5
"""Programs started, one after the other: what is measured happens once in each."""

POLLS_S = 6
"""Seconds of polling, once a second, whose holds and processor time are told."""

BARE_TRIES = 7
"""Bare parses before each round."""

BODIES: dict[str, Any] = {
    message.DESCRIPTOR.full_name: message
    for message in (
        listener_pb2.Listener,
        route_pb2.RouteConfiguration,
        cluster_pb2.Cluster,
        endpoint_pb2.ClusterLoadAssignment,
    )
}
"""What a body is, by its name."""


def main() -> None:
    """Measure and print."""
    with csds_target(2) as small, csds_target(SERVICES) as large:
        answer = asyncio.run(_answer(large))
        for _ in range(ROUNDS):
            bare = _bare(answer)
            asyncio.run(_usable(small, large, bare))
            asyncio.run(_held(small, large))


async def _answer(target: str) -> bytes:
    address = parse_address(target)
    async with open_channel(address) as channel:
        stream = Peer(channel, address, "CSDS").open_stream(STREAM)
        answer = await stream.exchange(REQUEST)
        stream.cancel()
        return answer


def _bare(answer: bytes) -> float:
    """Processor seconds of a bare parse of an answer and of every body in it, which are all kept until the end: the
    least of some tries, without the garbage collector.
    """
    tries: list[float] = []
    gc.disable()
    for _ in range(BARE_TRIES):
        began = time.process_time()
        parsed = csds_pb2.ClientStatusResponse.FromString(answer)
        bodies = [
            BODIES[entry.xds_config.type_url.rpartition("/")[2]].FromString(entry.xds_config.value)
            for entry in parsed.config[0].generic_xds_configs
        ]
        tries.append(time.process_time() - began)
        assert len(bodies) == SERVICES * 6
    gc.enable()
    return min(tries)


@asynccontextmanager
async def _config_view(small: str) -> AsyncIterator[tuple[MainScreen, ConfigTree]]:
    """The config view, painted, on a target of a few resources."""
    workspace = Workspace(lambda typed: open_session(typed, TargetOptions(timeout=30)))
    app = MeshtuiApp(workspace, target=small)
    async with app.run_test(size=SIZE) as pilot, asyncio.timeout(120):
        while workspace.front is None or workspace.front.state.snapshot is None:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.05)
        await pilot.press("2")
        while not app.screen.query(ConfigTree):  # noqa: ASYNC110 - the view is imported and mounted meanwhile
            await asyncio.sleep(0.05)
        tree = app.screen.query_one(ConfigTree)
        await asyncio.sleep(1)
        screen = app.screen
        assert isinstance(screen, MainScreen)
        yield screen, tree


async def _attach(screen: MainScreen, tree: ConfigTree, large: str) -> None:
    """Until the tree of the large target can be used."""
    screen.attach(large)
    while tree.count() < SERVICES:  # noqa: ASYNC110 - its rows come with a frame
        await asyncio.sleep(0.005)
    await asyncio.sleep(0)  # its paint was asked for


async def _usable(small: str, large: str, bare: float) -> None:
    async with _config_view(small) as (screen, tree):
        began, processor = time.perf_counter(), time.process_time()
        await _attach(screen, tree, large)
        wall, spent = time.perf_counter() - began, time.process_time() - processor
        print(f"tree usable after {wall * 1000:4.0f} ms, {spent * 1000:4.0f} of processor", end="")
        print(f", {spent / bare:.1f} × the bare parse of {bare * 1000:.0f} ms", end="")


async def _held(small: str, large: str) -> None:
    async with _config_view(small) as (screen, tree):
        holds: list[float] = []
        with watched(holds):
            await _attach(screen, tree, large)
        await asyncio.sleep(2)
        later: list[float] = []
        processor = time.process_time()
        with watched(later):
            await asyncio.sleep(POLLS_S)
        a_second = (time.process_time() - processor) / POLLS_S
        print(f"; loop held {max(holds) * 1000:3.0f} ms", end="")
        print(f"   later: {a_second * 1000:3.0f} ms of processor a second, loop held {max(later) * 1000:3.0f} ms")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
