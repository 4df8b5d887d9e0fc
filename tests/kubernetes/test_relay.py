"""The relay in front of a double of the API server: bytes, reasons, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from meshtui.model.address import Address, AddressKind
from meshtui.model.errors import MeshtuiError, NoAnswer
from meshtui.model.kubernetes.forward import ForwardEndKind
from meshtui.sources.kubernetes import listener
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.over_relay import NO_PONG_S, Way
from meshtui.sources.kubernetes.pod_server import PodReplaced
from meshtui.sources.kubernetes.port_forward import ForwardStream, Patience, PodPort, open_forward
from meshtui.sources.kubernetes.port_forward_frames import SUBPROTOCOL
from meshtui.sources.kubernetes.relay import Relay, open_relay
from tests.kubernetes.double.cluster import Held
from tests.kubernetes.double.pods import proxyless
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import Says, plain
from tests.kubernetes.pod_server import NAMESPACE, PORT, asking, echoed, served
from tests.waiting import PATIENCE_S, until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

LARGE = 80 << 20
"""Bytes that no buffer on the way takes: queues hold one MiB, a socket some 6, and one that was read fast at first
up to 36 (Linux lets its buffers grow so far)."""


@asynccontextmanager
async def relayed(
    double: Double, pod: str = "echo-v1", port: int = PORT, *, uid: str = "", patience: Patience | None = None
) -> AsyncIterator[Relay]:
    async with asking(double) as api, open_relay(api, PodPort(NAMESPACE, pod, port, uid), patience) as relay:
        yield relay


async def connect(address: Address) -> Streams:
    if address.kind is AddressKind.UNIX:
        return await asyncio.open_unix_connection(address.path)
    return await asyncio.open_connection(address.host, address.port)


async def ends(streams: Streams) -> bytes:
    """What comes until the end; a connection that is broken off is an end too."""
    reader, writer = streams
    got = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_S):
            while data := await reader.read(1 << 16):
                got += data
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return got


async def say(streams: Streams, data: bytes, answer: int) -> bytes:
    reader, writer = streams
    writer.write(data)
    return await reader.readexactly(answer)


async def test_bytes_go_both_ways_whole(double: Double) -> None:
    async with served(double, echoed), relayed(double) as relay:
        streams = await connect(relay.address)
        sent = random.Random(1).randbytes(3 << 20)
        assert await say(streams, sent, len(sent)) == sent
        streams[1].close()
        await until(lambda: relay.live == 0, "the relay notices that the local end is closed")
        assert relay.newest_end is not None
        assert relay.newest_end.kind is ForwardEndKind.HERE
        assert not relay.newest_end.is_failure
        await until(lambda: double.streams("echo-v1") == 0, "the websocket is closed too")


async def test_two_hundred_at_once(double: Double) -> None:
    async with served(double, echoed), relayed(double) as relay:
        every = await asyncio.gather(*(connect(relay.address) for _ in range(200)))
        answers = await asyncio.gather(*(say(each, b"%6d" % at, 6) for at, each in enumerate(every)))
        assert answers == [b"%6d" % at for at in range(200)]
        assert relay.live == 200
        assert relay.reason == ""
        for _, writer in every:
            writer.close()
        await until(lambda: relay.live == 0)


async def test_what_is_not_read_here_is_not_taken_from_the_pod(double: Double) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < LARGE:
            writer.write(bytes(1 << 16))
            sent += 1 << 16
            await writer.drain()
        writer.write_eof()
        await reader.read()

    async with served(double, endless), relayed(double) as relay:
        reader, writer = await connect(relay.address)
        await until(_stands(lambda: sent), "the pod is held up")
        assert 0 < sent < LARGE
        total = 0
        while total < LARGE:
            total += len(await reader.read(1 << 16))
        writer.close()


async def test_what_the_pod_does_not_read_is_not_taken_here(double: Double) -> None:
    may_read = asyncio.Event()
    got = hashlib.sha256()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        await may_read.wait()
        for _ in range(LARGE >> 16):
            got.update(await reader.readexactly(1 << 16))
        writer.write(b"done")

    async with served(double, slow), relayed(double) as relay:
        reader, writer = await connect(relay.address)
        await reader.readexactly(1)
        part, passed = random.Random(2).randbytes(1 << 16), 0

        async def pass_all() -> None:
            nonlocal passed
            while passed < LARGE:
                writer.write(part)
                passed += len(part)
                await writer.drain()

        passing = asyncio.create_task(pass_all())
        await until(_stands(lambda: passed), "the sender is held up")
        assert 0 < passed < LARGE
        may_read.set()
        assert await reader.readexactly(4) == b"done"
        await passing
        assert got.digest() == hashlib.sha256(part * (LARGE >> 16)).digest()
        writer.close()


def _stands(count: Callable[[], int]) -> Callable[[], bool]:
    """Whether a count was the same in many looks one after the other, and not none."""
    last, same = -1, 0

    def stands() -> bool:
        nonlocal last, same
        now = count()
        same = same + 1 if now == last and now else 0
        last = now
        return same > 50

    return stands


async def test_an_answer_after_the_local_end_was_said_is_passed_on(double: Double) -> None:
    async def answers_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        writer.write(b"answer")

    async with served(double, answers_late), relayed(double, patience=Patience(linger=PATIENCE_S)) as relay:
        reader, writer = await connect(relay.address)
        writer.write(b"asks")
        writer.write_eof()
        assert await reader.read() == b"answer"
        writer.close()


async def test_a_port_nobody_serves_is_said(double: Double) -> None:
    async with relayed(double, port=9) as relay:
        assert await ends(await connect(relay.address)) == b""
        await until(lambda: relay.trouble)
        assert relay.trouble is not None
        assert relay.trouble.kind is ForwardEndKind.NOBODY_LISTENS
        assert relay.reason == "Nothing in the pod listens on localhost:9 (connection refused)."
        assert "--port" in relay.trouble.hint


async def test_a_cut_is_said_and_over_with_the_next_answer(double: Double) -> None:
    changes = 0

    def changed() -> None:
        nonlocal changes
        changes += 1

    async with served(double, echoed), relayed(double) as relay:
        stop = relay.subscribe(changed)
        streams = await connect(relay.address)
        await say(streams, b"hello", 5)
        assert double.cut("echo-v1") == 1
        assert await ends(streams) == b""
        await until(lambda: relay.trouble)
        assert relay.trouble is not None
        assert relay.trouble.kind is ForwardEndKind.CUT
        assert relay.trouble.served
        assert relay.reason == "The connection to the pod through the API server was cut, without a reason."
        streams = await connect(relay.address)
        await say(streams, b"hello", 5)
        assert relay.reason == ""
        assert changes > 2
        stop()
        before = changes
        streams[1].close()
        await until(lambda: relay.live == 0)
        assert changes == before


async def test_an_older_connection_that_answers_does_not_hide_a_newer_failure(double: Double) -> None:
    async with served(double, echoed), relayed(double) as relay:
        old = await connect(relay.address)
        await say(old, b"hello", 5)
        double.cluster.instead(plain(500, "no"), lambda asked: asked.subresource == "portforward")
        await ends(await connect(relay.address))
        await until(lambda: relay.reason)
        await say(old, b"hello", 5)
        assert "no" in relay.reason
        old[1].close()


async def test_a_message_cut_in_its_middle_is_a_cut(double: Double) -> None:
    async with served(double, echoed), relayed(double) as relay:
        streams = await connect(relay.address)
        await say(streams, b"hello", 5)
        double.cut("echo-v1", part=b"\x82\x7e\x10\x00\x00half a message")
        await ends(streams)
        await until(lambda: relay.trouble)
        assert relay.trouble is not None
        assert relay.trouble.kind is ForwardEndKind.CUT


@pytest.mark.parametrize(
    "part",
    [b"\x82\x02\x07x", b"\x81\x02hi", b"\x85\x00"],
    ids=["another channel", "text", "no websocket"],
)
async def test_what_is_no_port_forward_is_said(double: Double, part: bytes) -> None:
    async with served(double, echoed), relayed(double) as relay:
        streams = await connect(relay.address)
        await say(streams, b"hello", 5)
        double.cut("echo-v1", part=part)
        await ends(streams)
        await until(lambda: relay.trouble)
        assert relay.trouble is not None
        assert relay.trouble.kind in (ForwardEndKind.UNREADABLE, ForwardEndKind.CUT)
        assert relay.trouble.said


async def test_silence_ends_a_stream(double: Double) -> None:
    """A connection that is dead without a word: only the answers to pings are missing."""
    async with served(double, echoed), asking(double) as api:
        stream = await open_forward(api, PodPort(NAMESPACE, "echo-v1", PORT), Patience(ping_every=0.01, silent_after=0))
        await stream.send(b"x")
        assert await stream.receive() == b"x"
        end = await stream.keep()
        assert end is not None
        assert end.kind is ForwardEndKind.SILENT
        assert await stream.receive() == b""
        assert stream.end is end
        await stream.close()


async def nothing_to_do(_: MeshtuiError) -> str:
    return ""


async def test_a_call_that_brings_nothing_is_explained_by_a_ping_that_brings_nothing(double: Double) -> None:
    async with served(double, echoed), relayed(double, patience=Patience(ask_after=0.02)) as relay:
        way, silent = Way(relay, "pod/echo-v1", nothing_to_do), NoAnswer("CSDS did not answer")
        streams = await connect(relay.address)
        assert await say(streams, b"hello", 5) == b"hello"
        assert relay.unanswered_for == 0
        assert await way.explained(silent) is silent
        double.freeze("echo-v1")
        streams[1].write(b"still there?")
        await until(lambda: relay.unanswered_for >= NO_PONG_S, "a ping goes unanswered")
        assert "not even an answer to a ping" in (await way.explained(silent)).what
        assert relay.trouble is None  # it may still come back
        double.freeze("echo-v1", frozen=False)
        await until(lambda: relay.unanswered_for == 0, "the answer comes after all")
        assert await way.explained(silent) is silent
        streams[1].close()


async def test_silence_says_nothing_while_somebody_else_is_waited_for(double: Double) -> None:
    async with served(double, echoed), asking(double) as api:
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/echo-v1/portforward"
        socket = await api.websocket(path, [("ports", str(PORT))], [SUBPROTOCOL])
        stream = ForwardStream(socket, PORT, Patience(ping_every=0.001, silent_after=0))
        double.freeze("echo-v1")
        with stream.held():
            kept = asyncio.create_task(stream.keep())
            await stream.send(b"x")  # the double hears nothing from here on
            await until(lambda: len(socket.pending_pings) > 20, "pings go unanswered")
            assert not kept.done()
        end = await kept
        assert end is not None
        assert end.kind is ForwardEndKind.SILENT
        await stream.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Says(403, b'{"kind":"Status","message":"pods \\"echo-v1\\" is forbidden: ","reason":"Forbidden"}'), "forbid"),
        (plain(500, 'pod not found ("echo-v1_echo-grpc")'), "pod not found"),
        (Says(403, b"", None), "none of portforward's protocols"),
        (Says(401, b"Unauthorized"), "Unauthorized"),
    ],
)
async def test_a_handshake_that_is_refused_is_the_reason(double: Double, answer: Says, said: str) -> None:
    double.cluster.instead(answer, lambda asked: asked.subresource == "portforward")
    async with relayed(double) as relay:
        await ends(await connect(relay.address))
        await until(lambda: relay.trouble)
        assert relay.trouble is not None
        assert relay.trouble.kind is ForwardEndKind.REFUSED
        assert said in relay.reason


async def test_an_api_server_that_is_gone_is_the_reason_until_it_is_back(double: Double) -> None:
    async with served(double, echoed), relayed(double) as relay:
        double.stop()
        await ends(await connect(relay.address))
        await until(lambda: relay.reason)
        double.start_again()
        streams = await connect(relay.address)
        await say(streams, b"hello", 5)
        assert relay.reason == ""
        streams[1].close()


async def test_never_another_pod_of_the_same_name(double: Double) -> None:
    async with served(double, echoed):
        async with asking(double) as api:
            document = await api.get(f"/api/v1/namespaces/{NAMESPACE}/pods/echo-v1")
        uid = document["metadata"]["uid"]
        async with relayed(double, uid=uid) as relay:
            streams = await connect(relay.address)
            assert await say(streams, b"hello", 5) == b"hello"
            double.cluster.store.put(proxyless("echo-v1", uid="another"))
            assert await ends(await connect(relay.address)) == b""
            await until(lambda: relay.trouble)
            assert relay.trouble is not None
            assert isinstance(relay.trouble.error, PodReplaced)
            assert "another one has its name" in relay.reason
            streams[1].close()


async def test_who_may_not_read_the_pod_forwards_all_the_same(double: Double) -> None:
    double.cluster.instead(Says(403, b"no"), lambda asked: asked.verb == "get" and not asked.subresource)
    async with served(double, echoed), relayed(double, uid="unknown") as relay:
        streams = await connect(relay.address)
        assert await say(streams, b"hello", 5) == b"hello"
        streams[1].close()


async def test_what_was_refused_is_a_value(double: Double) -> None:
    async with asking(double, "readonly") as api, open_relay(api, PodPort(NAMESPACE, "echo-v1", PORT)) as relay:
        await ends(await connect(relay.address))
        await until(lambda: relay.trouble)
        assert relay.trouble is not None
        assert isinstance(relay.trouble.error, ApiRefused)
        assert relay.trouble.error.code == 403


async def test_closing_leaves_no_task_no_socket_and_no_file(
    double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with served(double, echoed), asking(double) as api:
        before = asyncio.all_tasks()
        async with open_relay(api, PodPort(NAMESPACE, "echo-v1", PORT)) as relay:
            every = [await connect(relay.address) for _ in range(5)]
            for each in every:
                await say(each, b"hello", 5)
        assert relay.live == 0
        # Those of what is served in the pod end as well, once the node has closed its connections.
        await until(lambda: asyncio.all_tasks() <= before, "every task ends")
        assert os.listdir(tmp_path) == []
        for each in every:
            assert await ends(each) == b""
        await until(lambda: double.streams("echo-v1") == 0)
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the kind of socket
            await connect(relay.address)
        await relay.close()


async def test_closing_while_it_dials(double: Double) -> None:
    held = Held()
    double.cluster.instead(held, lambda asked: asked.subresource == "portforward")
    async with relayed(double) as relay:
        streams = await connect(relay.address)
        await until(lambda: relay.opening)
    held.release()
    assert await ends(streams) == b""


async def test_without_unix_sockets_it_listens_on_loopback(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_parents", lambda: iter(()))
    async with served(double, echoed), relayed(double) as relay:
        assert relay.address.kind is AddressKind.TCP
        assert relay.address.host == "127.0.0.1"
        streams = await connect(relay.address)
        assert await say(streams, b"hello", 5) == b"hello"
        double.cut("echo-v1")
        with pytest.raises(ConnectionResetError):
            await streams[0].read()
        streams[1].close()
