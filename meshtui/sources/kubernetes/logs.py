"""A container's log: its newest lines, and those that come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC
from typing import Final

from meshtui.model.kubernetes.log_lines import LogLine, parse_line
from meshtui.model.kubernetes.log_pod import LogPlace
from meshtui.model.kubernetes.pod import PROXY
from meshtui.sources.kubernetes.api import Api, Query
from meshtui.sources.kubernetes.paths import api_path

TAIL: Final = 500
"""Lines read at first: some days of an agent at its usual level."""

MOST_WAITING: Final = 2_000
"""Lines that wait to be handed on; then the cluster waits."""

GATHERED_S: Final = 0.05
"""Seconds in which lines that come are handed on together: a busy log then costs one step for hundreds of lines."""


async def read_log(
    api: Api, namespace: str, pod: str, container: str = PROXY, *, tail: int = TAIL, previous: bool = False
) -> tuple[LogLine, ...]:
    """The newest lines, the oldest of them first; with ``previous`` those of the process before the last restart.

    Raises as ``Api.get``: ``ApiRefused`` with code 403 without ``get pods/log``, 400 for a container that is not there,
    has not started, or has no previous process.
    """
    query = [*_query(container, tail), *([("previous", "true")] if previous else [])]
    newest: deque[LogLine] = deque(maxlen=tail)
    async with aclosing(api.lines(_path(namespace, pod), query, silent_after=api.timeout)) as lines:
        async for line in lines:
            newest.append(parse_line(line))
    return tuple(newest)


async def follow_log(
    api: Api,
    namespace: str,
    pod: str,
    container: str = PROXY,
    *,
    tail: int = TAIL,
    after: LogPlace | None = None,
) -> AsyncGenerator[tuple[LogLine, ...], None]:
    """The newest lines and then those that come, some at a time, until the container ends.

    With ``after`` it goes on behind that place, as after a cut, and asks for no ``tail``. Raises as :func:`read_log`,
    and ``ApiUnreachable`` when the connection is cut.
    """
    query: Query = [*_query(container, tail if after is None else None), ("follow", "true")]
    if after is not None:  # whole seconds: the rest is left out here
        query = [*query, ("sinceTime", after.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))]
    known = after.taken if after is not None else 0
    async with aclosing(_gathered(api, _path(namespace, pod), query)) as batches:
        async for batch in batches:
            fresh = []
            for line in batch:
                is_known = after is not None and line.at is not None and line.at < after.at
                if after is not None and line.at == after.at and known:
                    is_known, known = True, known - 1
                fresh += [] if is_known else [line]
            if fresh:
                yield tuple(fresh)


def _path(namespace: str, pod: str) -> str:
    return api_path("", "v1", "pods", pod, "log", namespace=namespace)


def _query(container: str, tail: int | None) -> list[tuple[str, str]]:
    asked = [("container", container), ("timestamps", "true")]
    return [*asked, ("tailLines", str(tail))] if tail is not None else asked


async def _gathered(api: Api, path: str, query: Query) -> AsyncGenerator[list[LogLine], None]:
    """The lines in batches: those that come within a moment of the first."""
    waiting: asyncio.Queue[LogLine | None] = asyncio.Queue(MOST_WAITING)

    async def read() -> None:
        try:
            async with aclosing(api.lines(path, query)) as lines:
                async for line in lines:
                    await waiting.put(parse_line(line))
        except asyncio.CancelledError:
            raise  # nobody waits for the end any more
        except BaseException:
            await waiting.put(None)
            raise
        await waiting.put(None)

    reader = asyncio.create_task(read())
    try:
        while (first := await waiting.get()) is not None:
            await asyncio.sleep(GATHERED_S)
            batch, ended = [first], False
            while not (waiting.empty() or ended):
                line = waiting.get_nowait()
                ended = line is None
                batch += [line] if line is not None else []
            yield batch
            if ended:
                break
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
