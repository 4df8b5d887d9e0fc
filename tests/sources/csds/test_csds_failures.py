"""CSDS against peers that are not there, refuse, hang, die and come back."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from meshtui.model.errors import ServiceMissing, TargetUnreachable
from meshtui.model.xds.snapshot import Snapshot
from tests import xds_messages as xds
from tests.attaching import SHORT, TIMEOUT, attached, until
from tests.csds_server import CsdsServer, never, serving

import grpc  # isort: skip


async def test_nobody_there(unused_tcp_port: int) -> None:
    async with attached(f"127.0.0.1:{unused_tcp_port}") as source:
        with pytest.raises(TargetUnreachable, match=f"127.0.0.1:{unused_tcp_port}.*refused") as caught:
            await source.poll()
        assert "port-forward" in caught.value.hint
        assert not isinstance(caught.value, ServiceMissing)


async def test_no_admin_services() -> None:
    async with serving(stream=False, fetch=False) as server, attached(server.address) as source:
        with pytest.raises(ServiceMissing, match="does not serve CSDS") as caught:
            await source.poll()
        for word in ("Go", "C++", "Java", "Python", "EXPOSE_GRPC_ADMIN=true"):
            assert word in caught.value.hint


async def test_admin_services_that_appear_later_are_found(unused_tcp_port: int) -> None:
    target = f"127.0.0.1:{unused_tcp_port}"
    async with attached(target) as source:
        async with serving(port=unused_tcp_port, stream=False, fetch=False):
            with pytest.raises(ServiceMissing):
                await source.poll()
        async with serving(xds.canary_answer().SerializeToString(), port=unused_tcp_port) as server:
            await until(source.poll, lambda found: isinstance(found, Snapshot))
            assert server.fetches == 1


async def test_a_peer_that_never_answers_is_given_up_and_comes_back() -> None:
    async with serving(never) as server, attached(server.address, SHORT) as source:
        with pytest.raises(TargetUnreachable, match=r"did not answer within 0.3 s"):
            await source.poll()
        server.reply = xds.canary_answer().SerializeToString()
        found = await until(source.poll, lambda found: isinstance(found, Snapshot))
        assert len(found.resources) == 6


async def test_a_peer_that_accepts_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with attached(f"127.0.0.1:{server.getsockname()[1]}", SHORT) as source:
            with pytest.raises(TargetUnreachable, match=r"no gRPC connection came about within 0.3 s"):
                await source.poll()


async def test_a_stream_the_peer_ends_is_opened_anew_without_a_word() -> None:
    async def too_old(context: Any) -> bytes:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "max_age")
        raise AssertionError

    reply = xds.canary_answer().SerializeToString()
    async with serving(reply) as server, attached(server.address) as source:
        for _ in range(2):  # the first look is a call of its own, the second opens the stream
            await source.poll()
        tries = 0

        async def first_fails(context: Any) -> bytes:
            nonlocal tries
            tries += 1
            return await too_old(context) if tries == 1 else reply

        server.reply = first_fails
        assert len((await source.poll()).resources) == 6
        assert server.streams == 2


async def test_a_peer_that_dies_and_comes_back(unused_tcp_port: int) -> None:
    reply = xds.canary_answer().SerializeToString()
    async with attached(f"127.0.0.1:{unused_tcp_port}") as source:
        async with serving(reply, port=unused_tcp_port):
            before = await source.poll()
        with pytest.raises(TargetUnreachable):
            await source.poll()
        async with serving(reply, port=unused_tcp_port):
            after = await until(source.poll, lambda found: isinstance(found, Snapshot))
    assert after.resources is before.resources


async def test_a_peer_that_dies_in_the_middle_of_an_answer() -> None:
    asked = asyncio.Event()

    async def hang(context: Any) -> bytes:
        asked.set()
        return await never(context)

    server = CsdsServer(hang)
    await server.start()
    async with attached(server.address) as source:
        poll = asyncio.create_task(source.poll())
        await asyncio.wait_for(asked.wait(), TIMEOUT)
        await server.stop()
        with pytest.raises(TargetUnreachable):
            await poll


async def test_a_peer_that_refuses_the_caller() -> None:
    async def refuse(context: Any) -> bytes:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "Unauthorized RPC\x1b[31m rejected")
        raise AssertionError

    async with serving(refuse) as server, attached(server.address) as source:
        with pytest.raises(TargetUnreachable, match="refuses CSDS to this caller") as caught:
            await source.poll()
        assert "\x1b" not in str(caught.value)


async def test_a_poll_that_is_cancelled_leaves_the_source_usable() -> None:
    asked = asyncio.Event()

    async def hang(context: Any) -> bytes:
        asked.set()
        return await never(context)

    async with serving(hang) as server, attached(server.address) as source:
        poll = asyncio.create_task(source.poll())
        await asyncio.wait_for(asked.wait(), TIMEOUT)
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        server.reply = xds.canary_answer().SerializeToString()
        assert len((await source.poll()).resources) == 6


async def test_polls_at_the_same_time_do_not_mix() -> None:
    async with serving(xds.canary_answer().SerializeToString()) as server, attached(server.address) as source:
        snapshots = await asyncio.gather(*(source.poll() for _ in range(8)))
    assert {len(snapshot.resources) for snapshot in snapshots} == {6}


SCRIPT = """
import asyncio, sys
from meshtui.model.address import parse_address
from meshtui.model.errors import MeshtuiError
from meshtui.sources.grpc.channel import open_channel
from meshtui.sources.csds.source import CsdsSource

async def main():
    address = parse_address(sys.argv[1])
    channel = open_channel(address)
    source = CsdsSource(channel, address)
    await source.poll()
    print("polled", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    try:
        await source.poll()
    except MeshtuiError:
        print("lost", flush=True)
    await channel.close()

asyncio.run(main())
"""


async def test_nothing_is_written_to_the_screen_when_the_peer_dies() -> None:
    """gRPC's C core writes its log to standard error, which is the screen."""
    server = CsdsServer(xds.canary_answer().SerializeToString())
    await server.start()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRPC_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, server.address),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"polled\n"
    await server.stop()
    out, err = await process.communicate(b"\n")
    assert (out, err, process.returncode) == (b"lost\n", b"", 0)


async def test_a_stream_that_ends_with_an_internal_error_is_asked_otherwise_once() -> None:
    """grpc.aio says INTERNAL for whatever ended a call before it was written to; a unary call tells the truth."""
    reply = xds.canary_answer().SerializeToString()

    class Broken(CsdsServer):
        async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            if self.streams:
                async for answer in super()._stream(requests, context):
                    yield answer
            self.streams += 1
            await context.abort(grpc.StatusCode.INTERNAL, "Internal error from Core.")

    server = Broken(reply)
    await server.start()
    async with attached(server.address) as source:
        for _ in range(3):
            assert len((await source.poll()).resources) == 6
    assert (server.fetches, server.requests) == (2, 1)
    await server.stop()
