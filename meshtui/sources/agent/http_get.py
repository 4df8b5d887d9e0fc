"""A GET and nothing else, over HTTP/1.1, on asyncio streams: bounded in time and size, no redirects, no proxies.

Small on purpose. The agent's port also takes requests that end the pod, so what this can send is limited by its
form: the method is a constant and the path must be one of those the caller declared read-only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from meshtui.model.address import host_port
from meshtui.model.size import size_words

MOST_HEADER_BYTES = 64 * 1024
"""Of one response's head; real ones have a few hundred."""

MOST_INTERIM = 8
"""1xx responses skipped before the real one."""


class HttpProblem(Exception):
    """The answer is no HTTP, too large, or cut; the text is a phrase that finishes "the answer …"."""


class HttpTooLarge(HttpProblem):
    """The answer is larger than the caller takes."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response; header names in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""Makes a connection to where requests go; the limit of its reader is ``MOST_HEADER_BYTES``."""


async def get(
    host: str,
    port: int,
    path: str,
    allowed: frozenset[str],
    *,
    timeout: float,
    most_bytes: int,
    connect: Connect | None = None,
) -> HttpResponse:
    """GET ``path``, which must be one of ``allowed``, from ``host``; with ``connect``, over a connection of its making.

    Raises ``ValueError`` for a path that is not allowed (a defect, never input), ``OSError`` when nothing answers,
    ``TimeoutError`` after ``timeout`` seconds in all, and ``HttpProblem`` when the answer cannot be used.
    """
    if path not in allowed:
        raise ValueError(f"{path!r} is not one of the read-only paths")
    async with asyncio.timeout(timeout):
        if connect is not None:
            reader, writer = await connect()
        else:
            reader, writer = await asyncio.open_connection(host, port, limit=MOST_HEADER_BYTES)
        try:
            writer.write(_request(host, port, path))
            await writer.drain()
            return await _response(reader, most_bytes)
        finally:
            writer.close()


def _request(host: str, port: int, path: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host_port(host, port)}",
        "User-Agent: meshtui",
        "Accept: text/plain, */*;q=0.1",
    )
    return "\r\n".join((*lines, "Accept-Encoding: identity", "Connection: close", "", "")).encode("ascii")


async def _response(reader: asyncio.StreamReader, most_bytes: int) -> HttpResponse:
    for _ in range(MOST_INTERIM):
        status, headers = await _head(reader)
        if status >= 200:
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise HttpProblem("is compressed, which was not asked for")
            return HttpResponse(status, headers, await _body(reader, status, headers, most_bytes))
    raise HttpProblem("never comes, only interim ones (1xx)")


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise HttpProblem("ends before its header does" if error.partial else "is empty") from None
    except asyncio.LimitOverrunError:
        raise HttpProblem(f"has a header of more than {MOST_HEADER_BYTES} bytes, or is no HTTP") from None
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not (parts[1].isdecimal() and len(parts[1]) == 3):
        raise HttpProblem("is no HTTP/1.1")
    pairs = (line.partition(":") for line in lines if line)
    return int(parts[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, status: int, headers: dict[str, str], most_bytes: int) -> bytes:
    if status in {204, 304}:
        return b""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader, most_bytes)
    length = headers.get("content-length")
    if length is None:
        return await _rest(reader, most_bytes)
    if not (length.isascii() and length.isdecimal() and len(length) < 16):
        raise HttpProblem("has a Content-Length that is no number")
    if int(length) > most_bytes:
        raise _too_large(most_bytes)
    return await _exactly(reader, int(length))


async def _exactly(reader: asyncio.StreamReader, length: int) -> bytes:
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        raise HttpProblem("is shorter than it says") from None


async def _rest(reader: asyncio.StreamReader, most_bytes: int) -> bytes:
    parts, size = [], 0
    while part := await reader.read(1 << 16):
        parts.append(part)
        size += len(part)
        if size > most_bytes:
            raise _too_large(most_bytes)
    return b"".join(parts)


async def _chunks(reader: asyncio.StreamReader, most_bytes: int) -> bytes:
    """RFC 9112 §7.1; trailers are not read, since the connection is closed anyway."""
    parts: list[bytes] = []
    left = most_bytes
    while True:
        size = await _chunk_size(reader)
        if size == 0:
            return b"".join(parts)
        if size > left:
            raise _too_large(most_bytes)
        parts.append(await _exactly(reader, size))
        left -= size
        if await _exactly(reader, 2) != b"\r\n":
            raise HttpProblem("has a chunk of another length than it says")


def _too_large(most_bytes: int) -> HttpTooLarge:
    return HttpTooLarge(f"is larger than {size_words(most_bytes)}")


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    try:
        line = await reader.readuntil(b"\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise HttpProblem("is cut between its chunks") from None
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
        raise HttpProblem("has a chunk without a size")
    return int(digits, 16)
