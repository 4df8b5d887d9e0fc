"""One poll of a target with 10 000 resources, against a bare parse of the same bytes.

The target is a process of its own that answers CSDS with the config of 1 667 Istio services. As with C-core,
``last_updated`` moves by some nanoseconds from answer to answer. All times are processor time of the polling process,
gRPC's threads included, so that other work on the machine does not show.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

from envoy.service.status.v3 import csds_pb2

from bench._held import watched
from meshtui.gc_pause import paused
from meshtui.model.address import parse_address
from meshtui.model.xds.diff import diff
from meshtui.model.xds.graph import Graph
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import RDS
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.source import REQUEST, STREAM, CsdsSource
from meshtui.sources.grpc.channel import open_channel
from meshtui.sources.grpc.peer import Peer

SERVICES = 1_667
"""Times six resources: a listener, a route configuration, two clusters, two endpoint lists each."""

ROUNDS = 30
"""Measurements for a median."""

LONG_RUN = 600
"""Polls before memory is read: ten minutes at one a second."""


def main() -> None:
    """Measure and print."""
    with csds_target(SERVICES) as address:
        asyncio.run(_measure(address))
    with csds_target(1) as address:
        asyncio.run(_measure_small(address))


@contextmanager
def csds_target(services: int) -> Iterator[str]:
    """A process that serves the config of this many services; its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench._csds_target", str(services)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().decode().strip()
    finally:
        server.communicate()


async def _measure_small(target: str) -> None:
    async with _source(target) as source:
        await source.poll()
        print(f"each later poll of a target with 6 resources: {await _median(source.poll) * 1000:.1f} ms")


async def _measure(target: str) -> None:
    address = parse_address(target)
    bare = open_channel(address)
    data = await Peer(bare, address, "CSDS").open_stream(STREAM).exchange(REQUEST)
    print(f"{SERVICES * 6} resources, {len(data) / 2**20:.1f} MiB")
    parse = await _median(lambda: _as_async(lambda: csds_pb2.ClientStatusResponse.FromString(data)))
    stream = Peer(bare, address, "CSDS").open_stream(STREAM)
    transfer = await _median(lambda: stream.exchange(REQUEST))
    _row("bare parse", parse, parse)
    _row("bare transfer over loopback, without parsing", transfer, parse)
    firsts = [await _first(target) for _ in range(5)]
    _row("first poll: transfer, parse, no body decoded", statistics.median(first for first, _, _ in firsts), parse)
    _row("first graph, every body decoded", statistics.median(graph for _, graph, _ in firsts), parse)
    await _steady(target, parse)
    stream.cancel()
    await bare.close()


async def _first(target: str) -> tuple[float, float, int]:
    """Seconds of the first poll and of the first graph, for a source that knows nothing; nodes of the graph."""
    async with _source(target) as source:
        gc.collect()
        began = time.process_time()
        snapshot = await source.poll()
        polled = time.process_time()
        with paused():
            graph = build(snapshot)
        built = time.process_time()
        return polled - began, built - polled, sum(1 for _ in graph.walk())


async def _steady(target: str, parse: float) -> None:
    async with _source(target) as source:
        lags: list[float] = []
        with watched(lags):
            before = await source.poll()
            first_lag = max(lags, default=0.0)
            lags.clear()
            poll = await _median(source.poll)
            lag = max(lags)
        after = await source.poll()
        assert after.resources is before.resources, "nothing changed, yet the snapshot did"
        _row("steady poll: transfer, parse, compare", poll, parse)
        graph = build(before)
        changed = _with_one_change(before)
        compared = await _median(lambda: _as_async(lambda: diff(before, changed)))
        _row("diff after one resource changed", compared, parse)
        rebuilt = await _median(lambda: _as_async(lambda: build(changed, graph)))
        _row("graph after one resource changed", rebuilt, parse)
        _row("longest hold of the event loop, first poll", first_lag, parse)
        _row("longest hold of the event loop, steady polls", lag, parse)
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await _long_run(source, before)
        end = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"peak memory: {start / 1024:.0f} MiB before, {end / 1024:.0f} MiB after {LONG_RUN} more polls")


def _with_one_change(snapshot: Snapshot) -> Snapshot:
    """The snapshot with one route configuration that is another object, as after an update."""
    key = next(key for key in snapshot.resources if key.type == RDS)
    return replace(snapshot, resources={**snapshot.resources, key: snapshot.resources[key]._replace(version="next")})


async def _long_run(source: CsdsSource, before: Snapshot) -> Graph:
    graph = build(before)
    for _ in range(LONG_RUN):
        after = await source.poll()
        if diff(before, after):
            graph = build(after, graph)
        before = after
    return graph


@asynccontextmanager
async def _source(target: str) -> AsyncIterator[CsdsSource]:
    address = parse_address(target)
    async with open_channel(address) as channel:
        yield CsdsSource(channel, address, timeout=60)


async def _as_async(work: Callable[[], object]) -> None:
    work()


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        await work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def _row(what: str, seconds: float, parse: float) -> None:
    print(f"{what:<48}{seconds * 1000:8.1f} ms   {seconds / parse:6.1f} × parse")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
