"""Follows a target's files and its agent beside the config: each at its own pace, none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from meshtui.model.errors import LOOKS_AGAIN, unforeseen
from meshtui.session.observation import AgentAnswered, FactLost, FilesRead, Observation
from meshtui.session.protocols import WorkloadSource
from meshtui.session.state import Fact, MissingFact

FILES_EVERY: Final = 1.0
"""Seconds between two looks at the files; a look at unchanged ones is a ``stat`` each."""

AGENT_EVERY: Final = 2.0
"""Seconds between two scrapes: its counters move slowly, and the scrape may carry the application's metrics."""


class IdentityMonitor:
    """Reads what ``source`` offers and hands each answer, or its lack, to ``observe``."""

    def __init__(
        self, source: WorkloadSource, observe: Callable[[Observation], None], now: Callable[[], datetime]
    ) -> None:
        self._source = source
        self._observe = observe
        self._now = now
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._anew = False
        """Whether what is read next must not be what was read before."""

    def start(self) -> None:
        """Begin to follow what the source offers, in the running loop. Does nothing when already begun."""
        if self._tasks:
            return
        if self._reads_files:
            self._tasks.append(asyncio.create_task(self._follow_files()))
        if self._source.offers.agent:
            self._tasks.append(asyncio.create_task(self._follow_agent()))

    def look_now(self) -> None:
        """Look at the files without waiting, at the workload itself. The agent keeps its pace: nobody can press it into
        scrape after scrape."""
        self._anew = True
        self._wake.set()

    async def stop(self) -> None:
        """End both tasks."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _reads_files(self) -> bool:
        return bool(self._source.offers.bootstrap or self._source.offers.certificates)

    async def _follow_files(self) -> None:
        while True:
            self._wake.clear()
            await self._try(self._look_at_files, Fact.FILES)
            with suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(FILES_EVERY):
                    await self._wake.wait()

    async def _follow_agent(self) -> None:
        while True:
            await self._try(self._look_at_agent, Fact.AGENT)
            await asyncio.sleep(AGENT_EVERY)

    async def _try(self, look: Callable[[], Awaitable[None]], fact: Fact) -> None:
        """Look once; a failure, a defect of ours among them, is a missing fact and costs this look alone."""
        try:
            await look()
        except Exception as error:
            said = unforeseen(error, f"The look at {fact}", LOOKS_AGAIN)
            with suppress(Exception):  # telling of it may meet the same defect; the loop goes on all the same
                self._observe(FactLost(at=self._now(), missing=MissingFact(fact, said.what, said.hint)))

    async def _look_at_files(self) -> None:
        anew, self._anew = self._anew, False
        files = await self._source.read(anew=anew)
        self._observe(FilesRead(at=self._now(), files=files))

    async def _look_at_agent(self) -> None:
        report = await self._source.ask_agent()
        if self._reads_files:  # looked at after the agent, so that a rotation between the two looks is no difference
            await self._try(self._look_at_files, Fact.FILES)
        self._observe(AgentAnswered(at=self._now(), report=report))
