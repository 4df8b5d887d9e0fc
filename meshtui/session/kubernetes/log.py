"""Follows one container's log for as long as a session lives, from when somebody first looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, unforeseen
from meshtui.model.kubernetes.log_lines import LogLine
from meshtui.model.kubernetes.log_pod import LogPlace, place_after
from meshtui.model.kubernetes.pod import ContainerStatus, Ended
from meshtui.session.log_state import LogPhase, LogState
from meshtui.session.protocols import LogSource

STILL_S: Final = 1.0
"""Seconds without a refusal after which a log without a line counts as followed: an API server sends nothing of its
answer before the first line."""

SILENCE_S: Final = 60.0
"""Seconds without a line after which the pod is looked at and the log followed anew from where it was. Silence is usual
in a log, and is all that a dead connection shows; nothing is lost or told twice by it."""

PAUSES_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds until the next try, after the first, second, … that failed; the last repeats."""

ENDED_PAUSES_S: Final = (1.0, 2.0, 5.0)
"""Seconds between looks at a container that does not run: its next process is to be seen soon."""


class LogFollower:
    """Hands each state to ``observe``. Does nothing until :meth:`start`."""

    def __init__(
        self,
        source: LogSource,
        observe: Callable[[LogState], None],
        now: Callable[[], datetime],
        *,
        still_s: float = STILL_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._source, self._observe, self._now = source, observe, now
        self._still_s, self._silence_s = still_s, silence_s
        self._state = LogState(since=now())
        self._place: LogPlace | None = None
        self._chosen = ""
        self._restarts: int | None = None
        self._read_of: int | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> LogState:
        """The newest state."""
        return self._state

    def start(self) -> None:
        """Begin, in the running loop. Does nothing when already begun."""
        if self._task is None:
            self._publish(self._state)
            self._task = asyncio.create_task(self._run(), name="log")

    def show(self, container: str, *, previous: bool = False) -> None:
        """Begin another log, and let go of the lines of this one."""
        self._cancel()
        self._chosen = container
        self._begin_anew(replace(self._state, container=container, previous=previous))
        self.start()

    def look_now(self) -> None:
        """Do not wait for the next try."""
        self._wake.set()

    async def stop(self) -> None:
        """End; returns when nothing of it runs."""
        task = self._cancel()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        await self._source.close()

    def _cancel(self) -> asyncio.Task[None] | None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task

    def _begin_anew(self, state: LogState) -> None:
        self._place = self._restarts = self._read_of = None
        fresh = LogState(since=self._now(), begun=state.begun + 1, pod=state.pod, container=state.container)
        self._state = replace(fresh, previous=state.previous)

    # the loop

    async def _run(self) -> None:
        failures = idle = 0
        while True:
            self._wake.clear()
            read = self._place
            try:
                goes_on = await self._look()
            except Exception as error:  # the edge: an error nobody expected must not end the following
                pause, failures = _pause(PAUSES_S, failures), failures + 1
                self._lost(unforeseen(error, "The reading of the log", LOOKS_AGAIN), pause)
            else:
                failures = 0
                idle = 0 if goes_on or self._place != read else idle + 1
                if goes_on:
                    continue
                pause = _pause(ENDED_PAUSES_S, idle)
            with suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(None if self._state.phase is LogPhase.READ else pause):
                    await self._wake.wait()

    async def _look(self) -> bool:
        """The pod, and its log until that ends or has long been silent, which returns whether it is to be followed on
        at once. What raises is why it cannot be read."""
        await self._see_pod()
        if self._state.previous:
            lines = await self._source.previous(self._state.container)
            self._begin_anew(self._state)  # what is read again takes the place of what was read before
            self._take(lines, LogPhase.READ)
            return False
        if self._may_have_lines():
            self._read_of = self._restarts
            if not await self._follow():
                return True
            await self._see_pod()
        runs = self._status is not None and self._status.is_running
        self._go_to(LogPhase.LIVE if runs else LogPhase.ENDED)
        return False

    @property
    def _status(self) -> ContainerStatus | None:
        return self._state.pod.status(self._state.container) if self._state.pod is not None else None

    def _may_have_lines(self) -> bool:
        """Whether there may be lines that were not read: of a process that runs, or ran since the last reading."""
        status = self._status
        return status is None or status.is_running or self._place is None or self._read_of != self._restarts

    async def _see_pod(self) -> None:
        pod, before = await self._source.pod(), self._state.pod
        if before is not None and (pod.name, pod.namespace, pod.uid) != (before.name, before.namespace, before.uid):
            self._begin_anew(replace(self._state, container=""))  # the session has reached another one of several
        names = [each.name for each in pod.containers]
        chosen = self._chosen if self._chosen in names or not names else ""
        self._state = replace(self._state, pod=pod, container=chosen or pod.agent)
        status = self._status
        restarts = status.restarts if status is not None else None
        if status is not None and self._restarts is not None and restarts != self._restarts and self._place is not None:
            self._note(f"{self._state.container} was restarted{_ended_words(status.ended_before or status.ended)}")
        self._restarts = restarts
        self._publish(self._state)

    async def _follow(self) -> bool:
        """Read until the log ends; ``False`` where it only was silent for long."""
        async with aclosing(self._source.follow(self._state.container, self._place)) as batches:
            waiting: asyncio.Future[tuple[LogLine, ...]] | None = None
            try:
                while True:
                    waiting = waiting or asyncio.ensure_future(anext(batches))
                    live = self._state.phase is LogPhase.LIVE
                    await asyncio.wait({waiting}, timeout=self._silence_s if live else self._still_s)
                    if waiting.done():
                        finished, waiting = waiting, None
                        self._take(finished.result(), LogPhase.LIVE)
                    elif live:
                        return False
                    else:
                        self._go_to(LogPhase.LIVE)
            except StopAsyncIteration:
                return True
            finally:
                if waiting is not None:
                    waiting.cancel()
                    await asyncio.wait({waiting})

    # what comes of it

    def _take(self, lines: tuple[LogLine, ...], phase: LogPhase) -> None:
        self._place = place_after(self._place, lines)
        self._say_gap()
        self._state = replace(self._state, book=self._state.book.add(lines))
        self._go_to(phase)

    def _go_to(self, phase: LogPhase) -> None:
        self._say_gap()
        since = self._state.since if phase is self._state.phase else self._now()
        self._publish(replace(self._state, phase=phase, since=since, trouble=None, again_at=None))

    def _say_gap(self) -> None:
        """Between the lines of before and those that follow, while it was not read: for how long, and why."""
        state = self._state
        if state.phase is not LogPhase.LOST:
            return
        until, self._state = self._now(), replace(state, phase=LogPhase.ASKING)
        if state.book.lines and state.trouble is not None:
            self._note(f"not read from {state.since:%H:%M:%S} to {until:%H:%M:%S} UTC: {state.trouble.what}")

    def _note(self, text: str) -> None:
        note = LogLine(text=text, at=self._now(), is_note=True)
        self._state = replace(self._state, book=self._state.book.add([note]))

    def _lost(self, error: MeshtuiError, pause: float) -> None:
        state = self._state
        since = state.since if state.phase is LogPhase.LOST else self._now()
        again = self._now() + timedelta(seconds=pause)
        self._publish(replace(state, phase=LogPhase.LOST, since=since, trouble=error, again_at=again))

    def _publish(self, state: LogState) -> None:
        self._state = state
        self._observe(state)


def _pause(pauses: Sequence[float], before: int) -> float:
    return pauses[min(before, len(pauses) - 1)]


def _ended_words(ended: Ended | None) -> str:
    """How the process before ended, as far as the kubelet says."""
    if ended is None:
        return ""
    how = f"signal {ended.signal}" if ended.signal else f"exit code {ended.exit_code}"
    at = f" at {ended.at:%H:%M:%S} UTC" if ended.at is not None else ""
    return f"; the process before ended{at} with {how}{f' ({ended.reason})' if ended.reason else ''}"
