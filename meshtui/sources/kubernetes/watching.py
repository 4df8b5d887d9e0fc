"""A watch: what changes after a resource version, until the server ends it, it is cut, or it has fallen silent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
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

QUIET_S: Final = 10.0
"""Seconds without anything from the server after which it is asked something beside the watch. Silence alone tells
nothing, for bookmarks are a minute apart, and HTTP/1.1 has no ping of its own; TCP's keepalive reaches no further than
the kernel of whatever is next, of a proxy or of a process that hangs. Any answer, a refusal too, shows that the server
is there. It comes on another connection: whether the watch's own lives is left to TCP (``dial.py``), ``SILENCE_S``."""


class OutdatedError(Exception):
    """The server no longer knows what happened since that version (410 Gone, ``Expired``): list again."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One event: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``, with its object as the server sent it."""

    type: str
    object: Any

    @property
    def changes(self) -> bool:
        """Whether it tells of an object, and not only that the server is there."""
        return self.type not in ("BOOKMARK", STILL_THERE.type)


STILL_THERE: Final = Watched("", None)
"""Nothing has changed, and the server has just answered a question beside the watch."""


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
    ``OutdatedError`` when the version is too old; ``ApiRefused``, ``ApiUnreachable`` also where a silent server answers
    no question beside the watch, ``LoginFailed`` or ``BadAnswer``.
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
    async with aclosing(_while_alive(lines, api.check, wall)) as told:
        async for line in told:
            if line is None:
                yield STILL_THERE
            elif line.strip():
                yield _event(api, path, line)


async def _while_alive(
    lines: AsyncGenerator[bytes, None], check: Callable[[], Awaitable[None]], wall: Callable[[], float]
) -> AsyncGenerator[bytes | None, None]:
    """The lines, and None for each answer beside them, until no line has come for ``SILENCE_S``, or the clock shows
    that the machine has slept. Raises as ``check``."""
    waiting: asyncio.Future[bytes] | None = None
    checking: asyncio.Future[None] | None = None
    silent_for = unheard_for = 0.0
    try:
        while silent_for < SILENCE_S:
            waiting = waiting or asyncio.ensure_future(anext(lines))
            if checking is None and unheard_for >= QUIET_S:
                checking = asyncio.ensure_future(check())
            before = wall()
            both: set[asyncio.Future[Any]] = {waiting} if checking is None else {waiting, checking}
            await asyncio.wait(both, timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                silent_for = unheard_for = 0.0
                await _let_go(checking)
                finished, waiting, checking = waiting, None, None
                try:
                    yield finished.result()
                except StopAsyncIteration:
                    return
                continue
            if wall() - before > CHECK_S + SLEPT_S:
                return  # before the check is looked at: its time has passed in our sleep
            silent_for += CHECK_S
            unheard_for += CHECK_S
            if checking is not None and checking.done():
                checking.result()
                checking, unheard_for = None, 0.0
                yield None
    finally:
        await _let_go(waiting)
        await _let_go(checking)
        await lines.aclose()


async def _let_go(task: asyncio.Future[Any] | None) -> None:
    """End a task, whatever comes of it."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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
