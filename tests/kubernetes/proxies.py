"""Real proxies for tests: HTTP by CONNECT and SOCKS 5, with a login if wanted; both lead everything to one port."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

USER, PASSWORD = "jane", "s3cret"


@dataclass
class RunningProxy:
    """A proxy that listens on ``port``; ``asked`` is what it was asked to connect to."""

    port: int = 0
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def http_proxy(
    leads_to: int, *, login: bool = False, refuses: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RunningProxy]:
    """A proxy that answers CONNECT; with ``refuses`` it answers that status instead."""
    proxy = RunningProxy()
    wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        proxy.asked.append(" ".join(head.split(" ", 2)[:2]))
        status = refuses or (407 if login and wanted not in head else 200)
        writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n".encode() if status != 200 else _CONNECTED)
        if status == 200:
            await _join(reader, writer, leads_to)

    async with _serving(proxy, serve, tls):
        yield proxy


_CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@asynccontextmanager
async def socks_proxy(leads_to: int) -> AsyncIterator[RunningProxy]:
    """A SOCKS 5 proxy that wants a login (RFC 1928, RFC 1929); names are looked up by it, so by nobody."""
    proxy = RunningProxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        if (user.decode(), password.decode()) != (USER, PASSWORD):
            writer.write(b"\x01\x01")
            return
        writer.write(b"\x01\x00")
        kind = (await reader.readexactly(4))[3]
        host = await reader.readexactly((await reader.readexactly(1))[0] if kind == 3 else 4)
        port = int.from_bytes(await reader.readexactly(2))
        proxy.asked.append(f"{host.decode() if kind == 3 else host.hex()}:{port}")
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await _join(reader, writer, leads_to)

    async with _serving(proxy, serve, None):
        yield proxy


@asynccontextmanager
async def _serving(proxy: RunningProxy, serve: object, tls: ssl.SSLContext | None) -> AsyncIterator[None]:
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert callable(serve)
        handlers.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.close()
            handlers.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        open_ones = list(handlers)
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    inner, out = await asyncio.open_connection("127.0.0.1", port)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()

    both = [asyncio.ensure_future(copy(reader, out)), asyncio.ensure_future(copy(inner, writer))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        out.close()
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
