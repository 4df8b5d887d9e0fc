"""Asking the double as meshtui does: an API of a user, a list or a pod that is followed, without long pauses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import Api, open_api
from meshtui.sources.kubernetes.pacing import Pacing
from tests.kubernetes.double.running import Double
from tests.waiting import until

T = TypeVar("T")

TIMEOUT_S = 30.0
"""Seconds for an answer: enough for a busy machine."""


async def _soon(_: float) -> None:
    await asyncio.sleep(0.01)


SOON = Pacing(sleep=_soon, chance=lambda: 0.0)
"""Tries again at once, as far as the double lets it."""


@asynccontextmanager
async def api_of(double: Double, token: str = "full", *, timeout: float = TIMEOUT_S) -> AsyncIterator[Api]:
    """The double's API as a user of it."""
    async with open_api(ClusterOptions(kubeconfig=str(double.kubeconfig(token))), timeout, environ={}) as api:
        yield api


@dataclass
class Heard(Generic[T]):
    """What was told so far."""

    events: list[T] = field(default_factory=list)

    async def until(self, holds: Callable[[T], object], what: str) -> T:
        """Wait for an event of which this holds, and return the newest one."""
        await until(lambda: any(map(holds, self.events)), what)
        return next(event for event in reversed(self.events) if holds(event))

    def of(self, kind: type[T]) -> list[T]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def heard(told: AsyncGenerator[T, None]) -> AsyncIterator[Heard[T]]:
    """Keep what is told for the length of the block; a failure of it is raised at the end."""
    kept: Heard[T] = Heard()

    async def keep() -> None:
        async for each in told:
            kept.events.append(each)

    task = asyncio.create_task(keep())
    try:
        yield kept
    finally:
        task.cancel()
        done, _ = await asyncio.wait({task})
        await told.aclose()
        for each in done:
            if not each.cancelled():
                each.result()
