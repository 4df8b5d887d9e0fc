"""A TCP server of a test's own that leaves nothing behind: no task, no open connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.waiting import until

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve each connection on a free port of 127.0.0.1, over TLS if given; yields ``host:port``.

    At the end all are closed.
    """
    tasks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(lambda _: writer.close())  # also of one that is cancelled before its first step

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def hung_up(url: str) -> AsyncIterator[None]:
    """After the block, wait until this loop has no open connection to the server of ``url``. aiohttp ends a session
    while TLS still says goodbye, and a loop that ends before leaves sockets that nobody closes."""
    yield
    port = int(url.rpartition(":")[2])
    mine = vars(asyncio.get_running_loop())["_transports"]  # asyncio lists them nowhere else

    def are_closed() -> bool:
        there = [each for each in mine.values() if (each.get_extra_info("peername") or ("", 0))[1] == port]
        return all(each.get_extra_info("socket").fileno() < 0 for each in there)

    await until(are_closed, f"connections to {url} are closed")
