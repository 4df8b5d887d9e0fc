"""Runs an echo probe: asks for one batch of requests after another, counts what comes back and judges it.

All methods belong to the event loop that :meth:`EchoRun.start` was called in. Which batch comes next is decided by
:mod:`meshtui.model.echo.plan`, what became of it by :mod:`meshtui.model.echo.batch`; here is only time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from meshtui.doctor.explain.catalogue import group_code
from meshtui.model.clock import utc_now
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account, landing
from meshtui.model.echo.output import parse_output
from meshtui.model.echo.plan import Planner
from meshtui.model.echo.rate import rate_of
from meshtui.model.echo.spec import Answer, EchoRequestSpec, validate
from meshtui.model.echo.tally import LONGEST_SAMPLE, TallyCounter
from meshtui.model.errors import MeshtuiError, unforeseen
from meshtui.model.identity.masking import secret_values, without_values
from meshtui.model.split.assessment import Assessment, Expectation, SplitCounts, Verdict
from meshtui.model.split.epochs import SplitBook
from meshtui.session.echo.backoff import Backoff
from meshtui.session.echo.notifier import BatchListener, Notifier, StateListener
from meshtui.session.echo.state import BatchRecord, EchoSettings, EchoState, Phase
from meshtui.session.protocols import EchoSource

STOP_GRACE_S = 0.5
"""How long a stopped run waits for its calls to be taken back. With it a stop takes well under a second."""

CONFIRM_WAIT_S = 3.0
"""How long a finished run waits for one more look at the config; looks come each second."""

ANSWERS_AT_ONCE = 50
"""Answers that are read in one go, about 1 ms; between goes the loop draws the screen."""

TURNS_TO_SEND = 5
"""Turns of the loop that a call takes from its task's creation until gRPC has it, with some to spare. Reading answers
before that would keep the next batch waiting."""

RATE_WINDOW_S = 3.0
"""The time over which the rate is measured: long enough not to flicker with batches of 0.4 s."""


@dataclass(slots=True)
class _Flight:
    """A batch under way."""

    batch: Batch
    started: datetime
    clock: float
    connect_s: float
    task: asyncio.Task[None] | None = None


def _without(reply: BatchReply, secrets: tuple[str, ...]) -> BatchReply:
    """The reply without the secret headers that were sent: an echo server echoes them."""
    outputs = tuple(without_values(text, secrets) for text in reply.outputs)
    return replace(reply, outputs=outputs, error=without_values(reply.error, secrets))


class EchoRun:
    """One probe from start to end. To run again, make another with :meth:`again`."""

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
        self.settings = settings or EchoSettings()
        self.probe = probe
        self._source, self._now, self._monotonic = source, now, monotonic
        self._secrets = secret_values(self.spec.all_headers)
        self._planner = Planner(spec=self.spec)
        self._counter = TallyCounter(self.spec.count, group_code)
        self._book = SplitBook.open(
            expectation, now(), self.settings.alpha, self.settings.margin, self.settings.awaits_confirmation
        )
        self._flights: dict[int, _Flight] = {}
        self._landed: dict[int, _Flight] = {}
        self._phase = Phase.READY
        self._paused = self._stopping = self._unconfirmed = False
        self._backoff = Backoff(self.settings.give_up_after_s, self.settings.contact_s)
        self._defect: MeshtuiError | None = None
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self._began = 0.0
        self._returns: deque[tuple[float, int]] = deque(maxlen=256)
        self._wake = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None
        self._notifier = Notifier(lambda: self.state, monotonic)
        self._revision = 0
        self._cached: EchoState | None = None
        self._verdict: Assessment | None = None

    # What it shows

    @property
    def state(self) -> EchoState:
        """The present state; the same object until something changes."""
        if self._cached is None or self._cached.revision != self._revision:
            self._cached = EchoState(
                self.spec, self.settings, self.probe, self._phase, self._counter.look(), self._assessment(),
                self._book.epochs, self._book.held_back, self._unconfirmed, self._rate(), self._started, self._ended,
                self._defect or self._backoff.error, self._revision,
            )  # fmt: skip
        return self._cached

    def subscribe(self, listener: StateListener) -> Callable[[], None]:
        """Call ``listener`` with each new state, at most ten times a second and always with the last. Returns the way
        out."""
        return self._notifier.add_state(listener)

    def subscribe_batches(self, listener: BatchListener) -> Callable[[], None]:
        """Call ``listener`` with each batch that came back. Returns the way out."""
        return self._notifier.add_batch(listener)

    # What one can do

    def start(self) -> None:
        """Begin to send. Does nothing when it has begun already."""
        if self._driver is None:
            self._started, self._began = self._now(), self._monotonic()
            self._set_phase(Phase.RUNNING)
            self._driver = asyncio.get_running_loop().create_task(self._run_to_the_end())

    def pause(self) -> None:
        """Begin no further batch; those under way come in."""
        self._paused = True
        self._changed()

    def resume(self) -> None:
        """Go on after :meth:`pause`."""
        self._paused = False
        self._changed()

    async def cancel(self) -> None:
        """Stop within a second. Requests under way are counted as abandoned."""
        self._stopping = True
        self._wake.set()
        await self.wait()

    async def wait(self) -> EchoState:
        """Wait for the end and give the last state. Cancelling the wait does not stop the run."""
        if self._driver is not None:
            await asyncio.shield(self._driver)
        elif self._stopping:
            self._finish(Phase.CANCELLED)
        return self.state

    def again(self) -> EchoRun:
        """A new run of the same kind with the present expectation and the same listeners; start it."""
        run = EchoRun(
            self._source, self.spec, self.settings,
            expectation=self._book.present.expectation, probe=self.probe, now=self._now, monotonic=self._monotonic,
        )  # fmt: skip
        self._notifier.hand_over(run._notifier)
        return run

    def set_expectation(self, expectation: Expectation | None, at: datetime | None = None) -> None:
        """The config asks for this, as seen at ``at`` (now when not given). Other shares than before start a new
        epoch."""
        at = at or self._now()
        same = expectation is not None and expectation.same_test(self._book.present.expectation)
        book = self._book.confirm(at) if same or expectation == self._book.present.expectation else self._book
        self._judge(book.expect(expectation, at))

    def confirm(self, at: datetime) -> None:
        """A look at the config at ``at`` found it unchanged: answers that came before are judged."""
        self._judge(self._book.confirm(at))

    def config_gone(self) -> None:
        """A look found no config for this run: with its last channel it is gone, and no later look can find it."""
        if self._phase is Phase.SETTLING:
            self._unconfirmed = True
            self._wake.set()

    # How it goes on

    async def _run_to_the_end(self) -> None:
        try:
            await self._drive()
        except Exception as error:  # a defect of ours: the run ends and says so, and who waits for it is let go
            self._defect = unforeseen(error, "The run")
            self._stopping = True
            await self._take_back()
            self._finish(Phase.FAILED)

    async def _drive(self) -> None:
        while True:
            if self._stopping:
                await self._take_back()
                return self._finish(Phase.FAILED if self._backoff.over or self._defect else Phase.CANCELLED)
            # One reading of the clock for the whole round, or a moment could fall between two questions and be missed.
            clock = self._monotonic()
            self._begin_what_is_due(clock)
            if not self._flights and not self._landed and self._nothing_more(clock):
                await self._settle()
                # What waited for a look is judged now, and can have undone the verdict that the run was to end with.
                if self._stopping or self._nothing_more(self._monotonic()):
                    return self._finish(Phase.DONE)
                self._unconfirmed = False
            else:
                await self._something_happens(self._until_next(clock))

    def _begin_what_is_due(self, clock: float) -> None:
        while not self._held_up(clock) and self._planner.may_begin(clock):
            self._planner, batch = self._planner.begin(clock)
            flight = _Flight(batch, self._now(), clock, self._backoff.attempt(clock))
            self._flights[batch.number] = flight
            self._counter.begin(batch.count, flight.started)
            flight.task = asyncio.get_running_loop().create_task(self._fly(flight))
        waiting = Phase.WAITING if self._backoff.troubled else Phase.RUNNING
        self._set_phase(Phase.PAUSED if self._paused else waiting)

    def _held_up(self, clock: float) -> bool:
        """Whether no batch may begin, whatever the planner says. In trouble one batch at a time is tried."""
        troubled = self._backoff.troubled and (clock < self._backoff.retry_at or bool(self._flights))
        # Without a throttle a batch is over in no time, and it may be the last that the verdict needs.
        decides = self.settings.until_decided and not self.spec.qps and bool(self._flights or self._landed)
        return self._paused or self._stopping or troubled or decides or self._nothing_more(clock)

    def _nothing_more(self, clock: float) -> bool:
        """Whether no further batch is wanted."""
        if self._planner.remaining == 0:
            return True
        duration = self.settings.duration_s
        if duration is not None and clock - self._began >= duration:
            return True
        return self.settings.until_decided and self._decided()

    def _decided(self) -> bool:
        expectation = self._book.present.expectation
        if expectation is not None and not expectation.testable:
            return True
        return self._assessment().verdict in (Verdict.CONSISTENT, Verdict.MISMATCH)

    def _until_next(self, clock: float) -> float | None:
        """Seconds until a batch may begin or the run's time is over; ``None`` when only an event goes on."""
        moments = []
        if not self._paused:
            moments.append(max(self._backoff.retry_at, self._planner.not_before))
        if self.settings.duration_s is not None:
            moments.append(self._began + self.settings.duration_s)
        return min((moment - clock for moment in moments if moment > clock), default=None)

    async def _something_happens(self, timeout: float | None) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _fly(self, flight: _Flight) -> None:
        try:
            reply = await self._source.forward(self.spec, replace(flight.batch, connect_s=flight.connect_s))
        except asyncio.CancelledError:
            reply = BatchReply(ReplyKind.STOPPED)
        except Exception as error:  # the edge of a worker: a defect of a source costs this batch, not the run
            reply = BatchReply(ReplyKind.BROKEN, error=f"the probe failed within: {type(error).__name__}: {error}")
        if self._flights.pop(flight.batch.number, None) is None:
            return
        try:
            await self._land(flight, reply)
        except Exception as error:  # a defect of ours: the run ends and says so, it does not wait for ever
            self._defect = unforeseen(error, "The run")
            self._stopping = True
            self._changed()

    async def _land(self, flight: _Flight, reply: BatchReply) -> None:
        """Let the next batch begin, then read and count the answers of this one, with pauses for others in the loop."""
        clock, ended = self._monotonic(), self._now()
        reply = reply.for_batch(flight.batch)
        if self._secrets:
            reply = _without(reply, self._secrets)
        self._landed[flight.batch.number] = flight
        self._planner = self._planner.end(flight.batch, landing(flight.batch, reply), clock - flight.clock)
        self._backoff.note(reply, clock)
        self._stopping = self._stopping or self._backoff.over
        if not self.settings.until_decided:  # else this batch may be the last that is needed
            self._begin_what_is_due(clock)
            for _ in range(TURNS_TO_SEND):
                await asyncio.sleep(0)
        answers: list[Answer] = []
        outputs = reply.outputs[: flight.batch.count]  # what is more than was asked for is only counted
        for start in range(0, len(outputs), ANSWERS_AT_ONCE):
            await asyncio.sleep(0)
            texts = outputs[start : start + ANSWERS_AT_ONCE]
            answers += [parse_output(text, start + place) for place, text in enumerate(texts)]
        self._count(flight, reply, answers, clock, ended)

    def _count(self, flight: _Flight, reply: BatchReply, answers: list[Answer], clock: float, ended: datetime) -> None:
        """Account for a batch, once."""
        if self._landed.pop(flight.batch.number, None) is None:
            return
        result = account(flight.batch, reply, answers)
        if result.failed or result.lost:
            self._planner = self._planner.careful()
        self._counter.end(flight.batch.count, flight.started)
        if result.sent:
            self._counter.add(result, ended, flight.started)
            self._returns.append((clock, result.sent - result.abandoned))
            self._put_into_epoch(flight, result.split, ended)
            record = BatchRecord(
                flight.batch.number, flight.started, ended, result.sent, result.split, result.abandoned,
                tuple(failure.text[:LONGEST_SAMPLE] for failure in result.failures),
            )  # fmt: skip
            self._notifier.came_back(record)
        self._changed()

    def _put_into_epoch(self, flight: _Flight, counts: SplitCounts, ended: datetime) -> None:
        present = self._book.present
        if present.number > 1 and flight.started < present.started:
            self._book = self._book.changeover(counts.total)
        else:
            self._book = self._book.record(counts, ended)
        self._verdict = None

    async def _take_back(self) -> None:
        """Cancel what is under way; what does not give way in time is counted as abandoned all the same."""
        tasks = [flight.task for flight in self._flights.values() if flight.task is not None]
        for task in tasks:
            task.cancel()
        tasks += [flight.task for flight in self._landed.values() if flight.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_GRACE_S)
        stopped = BatchReply(ReplyKind.STOPPED)
        for flight in tuple(self._flights.values()):
            del self._flights[flight.batch.number]
            self._landed[flight.batch.number] = flight
            self._planner = self._planner.end(flight.batch, landing(flight.batch, stopped), 0.0)
        for flight in tuple(self._landed.values()):
            self._count(flight, stopped, [], self._monotonic(), self._now())

    async def _settle(self) -> None:
        """Wait for one more look at the config, so that the last answers are judged as well."""
        ends = self._monotonic() + CONFIRM_WAIT_S
        while self._book.held and not (self._stopping or self._unconfirmed) and (left := ends - self._monotonic()) > 0:
            self._set_phase(Phase.SETTLING)
            await self._something_happens(left)
        if self._book.held:
            self._unconfirmed = True
            self._judge(self._book.confirm(self._now()))

    def _finish(self, phase: Phase) -> None:
        self._ended = self._now()
        if self._book.held:
            self._unconfirmed = True
            self._book = self._book.confirm(self._ended)
            self._verdict = None
        self._set_phase(phase)
        self._notifier.now()

    # What others are told

    def _assessment(self) -> Assessment:
        if self._verdict is None:
            self._verdict = self._book.assess()
        return self._verdict

    def _judge(self, book: SplitBook) -> None:
        if book is not self._book:
            self._book, self._verdict = book, None
            self._changed()

    def _rate(self) -> float:
        now = self._monotonic()
        span = min(RATE_WINDOW_S, now - self._began)
        return 0.0 if self._phase.ended or span <= 0 else rate_of(self._returns, now, span)

    def _set_phase(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self._changed()

    def _changed(self) -> None:
        """Something moved: wake the driver, and tell listeners now or soon."""
        self._revision += 1
        self._wake.set()
        self._notifier.soon()
