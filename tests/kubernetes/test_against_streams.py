"""The double's websockets against those of a real API server: refusals with their bodies, frames and their ends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.kubernetes.double.running import Double, authority, running_double
from tests.kubernetes.recorded import recorded, recorded_cluster
from tests.kubernetes.stream_cases import STREAMS, Stream, outcome
from tests.loopback import hung_up, listening
from tests.waiting import until


@pytest.fixture(scope="module")
def real() -> Iterator[Double]:
    """A double that holds what the real one held."""
    with running_double(recorded_cluster()) as double:
        yield double


@pytest.fixture
async def served(real: Double) -> AsyncIterator[Double]:
    """With ports in which something listens that waits to be spoken to."""

    live: set[asyncio.StreamWriter] = set()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        live.add(writer)
        await reader.read()
        live.discard(writer)

    async with listening(silent) as address:
        for port in (15020, 17171):
            real.cluster.targets["echo-grpc", "echo-v1", port] = address
        yield real
        await until(lambda: not live, "the node has let go of the pod")


@pytest.mark.parametrize("number", range(len(STREAMS)), ids=lambda number: f"{STREAMS[number].rest} {number}")
async def test_a_websocket_is_that_of_a_real_server(served: Double, number: int) -> None:
    stream: Stream = STREAMS[number]
    tls = ssl.create_default_context(cadata=authority().pem.decode())
    connector = aiohttp.TCPConnector(ssl=tls)
    async with hung_up(served.url), aiohttp.ClientSession(served.url, connector=connector) as session:
        found = await outcome(session, stream, stream.user)
    assert found == recorded()["streams"][number]


def test_every_stream_was_recorded() -> None:
    assert len(recorded()["streams"]) == len(STREAMS)
