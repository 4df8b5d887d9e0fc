"""Runs an echo probe: does what the run's book says, and tells it and others what happened.

All methods belong to the event loop that :meth:`EchoRun.start` was called in. What comes next and what became of it is
decided by :mod:`meshtui.session.echo.run_book`; here are only tasks, clocks and listeners.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from meshtui.model.clock import utc_now
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind
from meshtui.model.echo.spec import EchoRequestSpec, validate
from meshtui.model.errors import unforeseen
from meshtui.model.split.assessment import Expectation
from meshtui.session.echo.notifier import BatchListener, Notifier, StateListener
from meshtui.session.echo.run_book import STOPPED, Begin, End, RunBook, TakeBack, Wait
from meshtui.session.echo.state import EchoSettings, EchoState
from meshtui.session.protocols import EchoSource

STOP_GRACE_S: Final = 0.5
"""How long a stopped run waits for its calls to be taken back. With it a stop takes well under a second."""


class EchoRun:
    """One probe from start to end."""

    def __init__(
        self,
        source: EchoSource,
        spec: EchoRequestSpec,
        settings: EchoSettings | None = None,
        *,
        expectation: Expectation | None = None,
        probe: str = "",
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ``UsageError`` when the spec cannot be meant or breaks the bounds. Nothing is sent before
        :meth:`start`.

        ``probe`` names the pod that sends; ``now`` is the clock of times that are shown, ``monotonic`` that of pacing.
        """
        self.spec = validate(spec)
        self.probe = probe
        self._source, self._now, self._monotonic = source, now, monotonic
        self._book = RunBook(self.spec, settings or EchoSettings(), expectation, probe, now())
        self._calls: set[asyncio.Task[None]] = set()
        self._driver: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._notifier = Notifier(lambda: self.state, monotonic)
        self._state = self._book.state(monotonic())
        self._notified = self._book.revision

    @property
    def state(self) -> EchoState:
        """The present state; the same object until something changes."""
        if self._state.revision != self._book.revision:
            self._state = self._book.state(self._monotonic())
        return self._state

    def subscribe(self, listener: StateListener) -> Callable[[], None]:
        """Call ``listener`` with each new state, at most ten times a second and always with the last. Returns the way
        out."""
        return self._notifier.add_state(listener)

    def subscribe_batches(self, listener: BatchListener) -> Callable[[], None]:
        """Call ``listener`` with each batch that came back. Returns the way out."""
        return self._notifier.add_batch(listener)

    # what one can do

    def start(self) -> None:
        """Begin to send. Does nothing when it has begun already."""
        if self._driver is None:
            self._book.began(self._monotonic(), self._now())
            self._changed()
            self._driver = asyncio.get_running_loop().create_task(self._drive())

    def pause(self) -> None:
        """Begin no further batch; those under way come in."""
        self._book.paused(True)
        self._changed()

    def resume(self) -> None:
        """Go on after :meth:`pause`."""
        self._book.paused(False)
        self._changed()

    async def cancel(self) -> None:
        """Stop within a second. Requests under way are counted as abandoned."""
        self._book.stopped()
        self._wake.set()
        if self._driver is None:  # it never began: nothing but its end is left to do
            self._book.next(self._monotonic(), self._now())
            self._notifier.now()
        await self.wait()

    async def wait(self) -> EchoState:
        """Wait for the end and give the last state. Cancelling the wait does not stop the run."""
        if self._driver is not None:
            await asyncio.shield(self._driver)
        return self.state

    def set_expectation(self, expectation: Expectation | None, at: datetime) -> None:
        """The config asks for this, as seen at ``at``. Other shares than before start a new epoch."""
        self._book.expects(expectation, at)
        self._changed()

    def confirm(self, at: datetime) -> None:
        """A look at the config at ``at`` found it unchanged: answers that came before are judged."""
        self._book.confirmed(at)
        self._changed()

    def config_gone(self) -> None:
        """A look found no config for this run: with its last channel it is gone, and no later look can find it."""
        self._book.config_gone()
        self._changed()

    # how it goes on

    async def _drive(self) -> None:
        try:
            while await self._step():
                pass
        except Exception as error:  # a defect of ours: the run ends and says so, and who waits for it is let go
            self._book.stopped(unforeseen(error, "The run"))
            await self._take_back()
            self._book.next(self._monotonic(), self._now())
        self._notifier.now()

    async def _step(self) -> bool:
        """Do what comes next; whether there is more to come."""
        match self._begin_what_is_due(self._monotonic(), self._now()):
            case Wait(seconds):
                self._tell()
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._wake.wait()
                self._wake.clear()
            case TakeBack():
                await self._take_back()
            case End():
                return False
        return True

    def _begin_what_is_due(self, clock: float, at: datetime) -> Wait | TakeBack | End:
        """Send all that may be sent now; what to do then."""
        while isinstance(step := self._book.next(clock, at), Begin):
            call = asyncio.get_running_loop().create_task(self._call(step.batch))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        return step

    async def _call(self, batch: Batch) -> None:
        try:
            reply = await self._source.forward(self.spec, batch)
        except asyncio.CancelledError:
            reply = STOPPED
        except Exception as error:  # the edge of a worker: a defect of a source costs this batch, not the run
            reply = BatchReply(ReplyKind.BROKEN, error=f"the probe failed within: {type(error).__name__}: {error}")
        clock, at = self._monotonic(), self._now()
        try:
            record = self._book.returned(batch.number, reply, clock, at)
            self._begin_what_is_due(clock, at)  # first of all, so that the server has no pause
            if record is not None:
                self._notifier.came_back(record)
        except Exception as error:  # a defect of ours: the run ends and says so, it does not wait for ever
            self._book.stopped(unforeseen(error, "The run"))
        self._changed()

    async def _take_back(self) -> None:
        """Cancel what is under way; what does not give way in time is abandoned all the same."""
        for call in self._calls:
            call.cancel()
        if self._calls:
            await asyncio.wait(tuple(self._calls), timeout=STOP_GRACE_S)
        for record in self._book.abandoned(self._monotonic(), self._now()):
            self._notifier.came_back(record)

    # what others learn

    def _changed(self) -> None:
        """Something moved: wake the driver, and tell listeners."""
        self._wake.set()
        self._tell()

    def _tell(self) -> None:
        """Tell listeners, now or soon, if anything differs from the last time."""
        if self._book.revision != self._notified:
            self._notified = self._book.revision
            self._notifier.soon()
