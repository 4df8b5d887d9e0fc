"""The content of an answer as it comes: all of it, its start, or line by line, each with a bound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Final

from meshtui.model.errors import BadAnswer, MeshtuiError

if TYPE_CHECKING:
    from aiohttp import ClientResponse

LONGEST_LINE: Final = 16 << 20
"""Bytes of one event of a watch: etcd holds objects of up to 1.5 MiB, whose JSON is some times as long."""

NO_SERVER: Final = "Is the server of the kubeconfig an API server?"
"""What to ask oneself of an answer that none gives."""

Failed = Callable[[BaseException], MeshtuiError]
"""What an error of the connection means."""


async def read_whole(response: ClientResponse, limit: int, failed: Failed) -> bytes:
    """All of it. Raises ``BadAnswer`` beyond ``limit`` bytes, unpacked, and what ``failed`` makes of a cut."""
    content = await read_start(response, limit, failed)
    if len(content) > limit:
        response.close()
        raise BadAnswer(f"An answer of {response.url.host} has more than {limit >> 20} MiB.", NO_SERVER)
    return content


async def read_start(response: ClientResponse, limit: int, failed: Failed) -> bytes:
    """At least the first ``limit`` bytes of it, or all there are."""
    from aiohttp import ClientError

    parts: list[bytes] = []
    size = 0
    try:
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > limit:
                break
    except (ClientError, OSError) as error:
        raise failed(error) from None
    return b"".join(parts)


async def read_lines(response: ClientResponse, failed: Failed) -> AsyncGenerator[bytes, None]:
    """Its lines as they come, with their line feeds. Raises ``BadAnswer`` for one of more than ``LONGEST_LINE``."""
    from aiohttp import ClientError

    parts: list[bytes] = []  # of a line whose end has not come: joined once, so that a long one costs no squares
    size = 0
    chunks = response.content.iter_any()
    while True:
        try:
            chunk = await anext(chunks)
        except StopAsyncIteration:
            break
        except (ClientError, OSError) as error:
            raise failed(error) from None
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            yield b"".join((*parts, end, b"\n"))
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        if size > LONGEST_LINE:
            raise BadAnswer(f"{response.url.host} sends a line of more than {LONGEST_LINE >> 20} MiB.", NO_SERVER)
    if size:
        yield b"".join(parts)
