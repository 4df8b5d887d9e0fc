"""A process that answers CSDS with the config of many Istio services, until its standard input ends."""

from __future__ import annotations

import asyncio
import itertools
import sys
from typing import Any

from tests import xds_messages as xds
from tests.csds_server import serving

DUMPS = 4
"""Answers that differ in ``last_updated`` only, given in turn."""


def dump(services: int) -> Any:
    """The answer of a client that calls this many services."""
    entries = []
    for number in range(services):
        host = f"service-{number:04}.namespace-{number % 40:02}.svc.cluster.local"
        port = 1_024 + number
        messages = (
            xds.listener(host),
            xds.routes(xds.route({"v1": 80, "v2": 20}, host), host=host),
            xds.cluster("v1", host),
            xds.cluster("v2", host),
            xds.endpoints("v1", ("10.0.0.1", port), ("10.0.0.2", port), host=host),
            xds.endpoints("v2", ("10.0.1.1", port), ("10.0.1.2", port), host=host),
        )
        entries += [xds.generic(message, version=f"2026-11-22T22:00:00Z/{number}") for message in messages]
    return xds.answer(xds.client(entries, scope=""))  # as from a client older than gRPC 1.66: one for all its channels


def jittered(message: Any, nanoseconds: int) -> bytes:
    """The answer as C-core would give it a moment later."""
    for entry in message.config[0].generic_xds_configs:
        entry.last_updated.nanos = 500_000_000 + nanoseconds
    data = message.SerializeToString()
    assert isinstance(data, bytes)
    return data


async def run(services: int) -> None:
    """Serve, say where, and wait for the end of standard input."""
    message = dump(services)
    dumps = itertools.cycle([jittered(message, 137 * number) for number in range(DUMPS)])

    async def reply(_: Any) -> bytes:
        return next(dumps)

    async with serving(reply) as server:
        print(server.address, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
