"""The client of ForwardEcho against a real server: whatever it does is one clear reply."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc.aio
import pytest

from meshtui.model.address import Address, parse_address
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.output import parse_output
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.sources.echo import EchoClient
from meshtui.sources.grpc.channel import open_channel
from tests.echo_server import EchoServer, Manner, serving
from tests.waiting import until

SPEC = EchoRequestSpec("xds:///echo:7070", headers=(("x-canary", "1"),), message="hi", authority="echo.example")


@asynccontextmanager
async def client_of(address: Address) -> AsyncIterator[EchoClient]:
    async with open_channel(address) as channel:
        yield EchoClient(channel, address)


async def reply_of(echo: EchoServer, count: int = 10, timeout: float = 5.0) -> BatchReply:
    async with serving(echo) as server, client_of(server.address) as client:
        return await client.forward(SPEC, Batch(number=1, count=count, qps=0, timeout_s=timeout))


async def test_a_good_set_comes_back_whole_and_was_asked_as_meant() -> None:
    echo = EchoServer()
    reply = await reply_of(echo, 30)
    assert reply.kind is ReplyKind.OUTPUTS
    assert len(reply.outputs) == 30
    assert {parse_output(text).version for text in reply.outputs} == {"v1", "v2"}
    asked = echo.batches[0]
    assert (asked.url, asked.count, asked.qps, asked.timeout_micros) == ("xds:///echo:7070", 30, 0, 5_000_000)
    assert [(header.key, header.value) for header in asked.headers] == [("x-canary", "1"), ("Host", "echo.example")]
    assert (asked.message, asked.newConnectionPerRequest) == ("hi", False)


async def test_one_failed_request_takes_its_set_with_it() -> None:
    echo = EchoServer(fails=lambda version: version == "v1")
    reply = await reply_of(echo, 50)
    assert reply.kind is ReplyKind.REFUSED
    result = account(Batch(number=1, count=50, qps=0, timeout_s=5.0), reply)
    assert (result.failed, result.unknown) == (echo.drawn["v1"], echo.drawn["v2"])


async def test_a_set_that_times_out_tells_how_many_answered() -> None:
    echo = EchoServer(latency_s=0.2)
    reply = await reply_of(echo, 50, timeout=0.3)
    assert reply.kind is ReplyKind.REFUSED
    result = account(Batch(number=1, count=50, qps=0, timeout_s=0.3), reply)
    assert result.unknown + result.failed == 50
    assert result.failures[0].text.startswith("no answer within")


async def test_an_old_release_that_tells_no_numbers() -> None:
    old = EchoServer(
        manner=Manner.RAW_ERROR, error="rpc error: code = Unavailable desc = all SubConns are in TransientFailure"
    )
    result = account(Batch(number=1, count=10, qps=0, timeout_s=5.0), await reply_of(old))
    assert (result.failed, result.lost) == (1, 9)
    assert "all SubConns" in result.failures[0].text


@pytest.mark.parametrize(
    "met",
    [
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: "
        "Connection refused",
        "errors resolving echo.test:80: Domain name not found",
        "Received http2 header with status: 502",
        "Failed parsing HTTP/2 (Trying to connect an http1.x server (HTTP status 404))",
        "message larger than max (5 vs. 4)",
    ],
)
async def test_what_a_request_met_is_not_taken_for_trouble_with_the_echo_server(met: str) -> None:
    reply = await reply_of(EchoServer(fails=lambda _: True, error=f"rpc error: code = Unavailable desc = {met}"))
    assert reply.kind is ReplyKind.REFUSED
    result = account(Batch(number=1, count=10, qps=0, timeout_s=5.0), reply)
    assert (result.failed, result.lost) == (10, 0)
    assert met in result.failures[0].text
    old = await reply_of(EchoServer(manner=Manner.RAW_ERROR, error=f"rpc error: code = Unavailable desc = {met}"))
    assert old.kind is ReplyKind.REFUSED


async def test_too_many_outputs_are_not_counted() -> None:
    result = account(
        Batch(number=1, count=10, qps=0, timeout_s=5.0), await reply_of(EchoServer(manner=Manner.TOO_MANY))
    )
    assert (len(result.answers), result.surplus) == (10, 3)


async def test_too_few_outputs_leave_the_rest_lost() -> None:
    result = account(Batch(number=1, count=10, qps=0, timeout_s=5.0), await reply_of(EchoServer(manner=Manner.TOO_FEW)))
    assert (len(result.answers), result.lost) == (5, 5)


async def test_garbage() -> None:
    reply = await reply_of(EchoServer(manner=Manner.GARBAGE))
    assert reply.kind is ReplyKind.BROKEN
    assert "cannot be read as a ForwardEchoResponse" in reply.error


async def test_a_panic_in_the_server() -> None:
    reply = await reply_of(EchoServer(manner=Manner.INTERNAL))
    assert reply.kind is ReplyKind.BROKEN
    assert "panic: oh no" in reply.error


async def test_no_answer_at_all() -> None:
    reply = await reply_of(EchoServer(manner=Manner.NEVER), timeout=-1.5)
    assert reply.kind is ReplyKind.SILENT
    assert reply.error.startswith("The echo server did not answer within 0.5 s")


async def test_the_server_dies_in_the_middle() -> None:
    async with serving() as server, client_of(server.address) as client:
        server.echo.latency_s = 600
        call = asyncio.create_task(client.forward(SPEC, Batch(number=1, count=10, qps=0, timeout_s=600.0)))
        await server.kill()
        reply = await call
    assert reply.kind is ReplyKind.BROKEN
    assert account(Batch(number=1, count=10, qps=0, timeout_s=5.0), reply).lost == 10


async def test_cancelling_takes_the_call_back_from_the_server() -> None:
    echo = EchoServer(latency_s=600)
    async with serving(echo) as server, client_of(server.address) as client:
        call = asyncio.create_task(client.forward(SPEC, Batch(number=1, count=10, qps=0, timeout_s=600.0)))
        await until(lambda: echo.flying)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: echo.taken_back == 1)


async def test_nothing_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with client_of(parse_address(f"127.0.0.1:{port}")) as client:
        reply = await client.forward(SPEC, Batch(number=1, count=10, qps=0, timeout_s=5.0))
    assert reply.kind is ReplyKind.UNREACHED
    assert "connection refused" in reply.error
    assert account(Batch(number=1, count=10, qps=0, timeout_s=5.0), reply).sent == 0


async def test_something_listens_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        async with client_of(parse_address(f"127.0.0.1:{port}")) as client:
            reply = await client.forward(SPEC, Batch(number=1, count=10, qps=0, timeout_s=-1.5))
    assert reply.kind is ReplyKind.UNREACHED
    assert "no gRPC connection came about within 0.5 s" in reply.error


async def test_a_server_without_forward_echo() -> None:
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with client_of(parse_address(f"127.0.0.1:{port}")) as client:
            reply = await client.forward(SPEC, Batch(number=1, count=10, qps=0, timeout_s=5.0))
    finally:
        await server.stop(None)
    assert reply.kind is ReplyKind.MISSING
    assert "does not offer EchoTestService/ForwardEcho" in reply.error


async def test_answers_beyond_the_default_limit_of_four_mebibytes() -> None:
    big = "[0 body] ServiceVersion=v1\n" + "x" * 20_000

    class Talkative(EchoServer):
        async def forward(self, raw: bytes, context: object) -> bytes:
            from meshtui.protos import echo_pb2

            answer: bytes = echo_pb2.ForwardEchoResponse(output=[big] * 400).SerializeToString()
            return answer

    reply = await reply_of(Talkative(), 400)
    assert len(reply.outputs) == 400
