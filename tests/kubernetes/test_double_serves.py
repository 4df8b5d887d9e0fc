"""The double itself: it starts, answers over TLS and can be stopped and started again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.kubernetes.double.running import Double, authority, running_double
from tests.loopback import hung_up, listening
from tests.waiting import until


@asynccontextmanager
async def session(double: Double, token: str = "full") -> AsyncIterator[aiohttp.ClientSession]:
    """A client that trusts the double's CA."""
    tls = ssl.create_default_context(cadata=authority().pem.decode())
    connector, headers = aiohttp.TCPConnector(ssl=tls), {"Authorization": f"Bearer {token}"}
    async with hung_up(double.url), aiohttp.ClientSession(double.url, connector=connector, headers=headers) as client:
        yield client


async def test_lists_pods_and_logs_what_was_asked(double: Double) -> None:
    async with session(double) as client, client.get("/api/v1/namespaces/echo-grpc/pods") as response:
        document = await response.json()
    assert [item["metadata"]["name"] for item in document["items"]] == ["echo-v1", "echo-v2"]
    assert double.verbs() == {("list", "pods")}


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("DELETE", "/api/v1/namespaces/echo-grpc/pods/echo-v1"),
        ("PATCH", "/api/v1/namespaces/echo-grpc/pods/echo-v1"),
        ("POST", "/api/v1/namespaces/echo-grpc/pods"),
        ("GET", "/api/v1/namespaces/echo-grpc/pods/echo-v1/exec?command=cat&command=/var/lib/istio/data/key.pem"),
    ],
)
async def test_no_test_goes_well_that_changes_something(verb: str, path: str) -> None:
    with pytest.raises(AssertionError, match="was to be changed"), running_double() as double:
        async with session(double) as client, client.request(verb, path):
            pass


async def test_is_gone_and_back_at_the_same_port(double: Double) -> None:
    async with session(double) as client:
        double.stop()
        try:
            async with client.get("/version"):
                raise AssertionError("it still listens")
        except aiohttp.ClientConnectorError:
            pass
        double.start_again()
        async with client.get("/version") as response:
            assert response.status == 200


async def test_a_port_is_forwarded_both_ways(double: Double) -> None:
    ended = asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        ended.set()

    path = "/api/v1/namespaces/echo-grpc/pods/echo-v1/portforward?ports=17171"
    async with listening(echo) as address, session(double) as client:
        double.cluster.targets["echo-grpc", "echo-v1", 17171] = address
        async with client.ws_connect(path, protocols=["v4.channel.k8s.io"]) as socket:
            assert [await socket.receive_bytes() for _ in range(2)] == [b"\x00\x13\x43", b"\x01\x13\x43"]
            await socket.send_bytes(b"\x00" + b"hello")
            assert await socket.receive_bytes() == b"\x00hello"
        await until(ended.is_set, "the node has let go of the pod")
