"""The agent's HTTP port: readiness and metrics, GET only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from http import HTTPStatus

_LARGEST_REQUEST = 16 * 1024
"""Bytes of request line and headers that are read at most."""

_PATIENCE_SECONDS = 5.0
"""How long a client may take to send its request."""

HttpAnswer = tuple[HTTPStatus, str, str]
"""Status, content type, body."""


async def serve(host: str, port: int, routes: dict[str, Callable[[], HttpAnswer]]) -> asyncio.Server:
    """Serve the routes by path; a connection answers one request."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(head, routes))
                await writer.drain()
        writer.close()

    return await asyncio.start_server(connection, host, port, limit=_LARGEST_REQUEST)


def _response(head: bytes, routes: dict[str, Callable[[], HttpAnswer]]) -> bytes:
    method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    route = routes.get(path)
    status, kind, body = HTTPStatus.NOT_FOUND, "text/plain", "404 page not found\n"
    if route and method in ("GET", "HEAD"):
        status, kind, body = route()
    elif route:
        status, body = HTTPStatus.METHOD_NOT_ALLOWED, ""
    content = body.encode()
    header = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return header.encode("latin-1") + (b"" if method == "HEAD" else content)
