"""A watch: what changes after a resource version, until the server ends it, it is cut, or it has fallen silent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from meshtui.model.errors import BadAnswer
from meshtui.model.kubernetes.fields import at, mapping, number, text
from meshtui.sources.kubernetes.api import JSON, Api, Query
from meshtui.sources.kubernetes.failures import ApiRefused, refusal_of, refused

SERVER_ENDS_S: Final = 300
"""Seconds after which the server ends a watch, so that a change of rights or of servers is noticed; kubectl's libraries
ask for five to ten minutes."""

SILENCE_S: Final = 90.0
"""Seconds without a byte after which the connection counts as dead: an API server sends a bookmark about every minute.
To watch again from the same version costs one request and loses nothing."""

SLEPT_S: Final = 15.0
"""Seconds by which the clock on the wall may run ahead of our timer; more means that the machine has slept, and that
every connection of before is dead whether it knows or not."""

CHECK_S: Final = 5.0
"""Seconds between looks at the clock."""


class OutdatedError(Exception):
    """The server no longer knows what happened since that version (410 Gone, ``Expired``): list again."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One event: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``, with its object as the server sent it."""

    type: str
    object: Any


@asynccontextmanager
async def watching(
    api: Api,
    path: str,
    query: Query,
    version: str,
    accept: str = JSON,
    *,
    wall: Callable[[], float] = time.time,
) -> AsyncIterator[AsyncGenerator[Watched, None]]:
    """The events after ``version``, once the server has agreed to tell them.

    They end when the server ends them, or when silence or sleep have made the connection worthless. Raises
    ``OutdatedError`` when the version is too old; ``ApiRefused``, ``ApiUnreachable``, ``LoginFailed`` or ``BadAnswer``.
    """
    asked = [
        *query,
        ("watch", "1"),
        ("allowWatchBookmarks", "true"),
        ("timeoutSeconds", str(SERVER_ENDS_S)),
        ("resourceVersion", version),
    ]
    try:
        async with (
            api.stream(path, asked, accept, answered_within=api.timeout) as lines,
            aclosing(_events(api, path, lines, wall)) as events,
        ):
            yield events
    except ApiRefused as error:
        if error.code == 410:
            raise OutdatedError from None
        raise


async def _events(
    api: Api, path: str, lines: AsyncGenerator[bytes, None], wall: Callable[[], float]
) -> AsyncGenerator[Watched, None]:
    async with aclosing(_while_awake(lines, wall)) as told:
        async for line in told:
            if line.strip():
                yield _event(api, path, line)


async def _while_awake(lines: AsyncGenerator[bytes, None], wall: Callable[[], float]) -> AsyncGenerator[bytes, None]:
    """The lines until nothing has come for ``SILENCE_S``, or the clock shows that the machine has slept."""
    waiting: asyncio.Task[bytes] | None = None
    silent_for = 0.0
    try:
        while silent_for < SILENCE_S:
            if waiting is None:
                waiting = asyncio.ensure_future(anext(lines))
            before = wall()
            done, _ = await asyncio.wait({waiting}, timeout=CHECK_S)
            if done:
                silent_for = 0.0
                finished, waiting = waiting, None
                try:
                    yield finished.result()
                except StopAsyncIteration:
                    return
                continue
            silent_for += CHECK_S
            if wall() - before > CHECK_S + SLEPT_S:
                return
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait({waiting})
        await lines.aclose()


def _event(api: Api, path: str, line: bytes) -> Watched:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        raise BadAnswer(f"{api.context.server} sends an event that is no JSON, watching {path}.") from None
    kind = text(event, "type")
    if kind != "ERROR":
        return Watched(kind, mapping(event, "object"))
    code = number(event, "object", "code")
    refusal = refusal_of(code, json.dumps(at(event, "object")).encode())
    raise refused(refusal, f"WATCH {path}", api.context.user)
