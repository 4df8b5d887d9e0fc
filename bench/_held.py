"""How long the event loop is held: for benchmarks of any part, without importing any."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def watched(lags: list[float], clock: Callable[[], float] = time.thread_time) -> Iterator[None]:
    """Note what the event loop's thread does between two turns of a task that is always due."""

    async def watch() -> None:
        while True:
            began = clock()
            await asyncio.sleep(0.001)
            lags.append(clock() - began)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
