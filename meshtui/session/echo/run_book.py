"""What an echo run does next and what came of it: a state machine without clock, tasks or calls.

The driver (:mod:`meshtui.session.echo.run`) asks :meth:`RunBook.next` what to do, does it, and tells what happened,
each time with the moment it happened at; the same calls always give the same run.

    READY → RUNNING ⇄ PAUSED | WAITING → SETTLING → DONE
                 any of them, when stopped → CANCELLED | FAILED
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from meshtui.doctor.explain.catalogue import group_code
from meshtui.model.echo.batch import Batch, BatchAccount, BatchReply, ReplyKind, account
from meshtui.model.echo.draws import draws
from meshtui.model.echo.plan import Planner
from meshtui.model.echo.rate import rate_of
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import LONGEST_SAMPLE, TallyCounter
from meshtui.model.errors import MeshtuiError
from meshtui.model.identity.masking import secret_values, without_values
from meshtui.model.split.assessment import Assessment, Expectation, Verdict
from meshtui.model.split.epochs import SplitBook
from meshtui.session.echo.backoff import Backoff
from meshtui.session.echo.state import BatchRecord, EchoSettings, EchoState, Phase

CONFIRM_WAIT_S = 3.0
"""How long a finished run waits for one more look at the config; looks come each second."""

RATE_WINDOW_S: Final = 3.0
"""The time over which the rate is measured: long enough not to flicker with batches of 0.4 s."""

RETURNS_KEPT: Final = 256
"""Returns that the rate is measured by; a fast run has some 100 in the window."""

STOPPED: Final = BatchReply(ReplyKind.STOPPED)
"""What becomes of a batch that is taken back."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Send this batch, and tell of its reply."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before ``seconds`` are over or something happened; ``None`` waits for something to happen."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The run was stopped: take back what is in flight, and tell how it ended or that it was abandoned."""


@dataclass(frozen=True, slots=True)
class End:
    """The run is over."""


Action: TypeAlias = Begin | Wait | TakeBack | End


@dataclass(frozen=True, slots=True)
class InFlight:
    """A batch under way: when it began, by the clock of shown times (``at``) and by that of pacing (``clock``)."""

    batch: Batch
    at: datetime
    clock: float


class RunBook:
    """One run. ``clock`` is always the pacing's monotonic time in seconds, ``at`` the time that is shown.

    ``revision`` grows whenever what :meth:`state` shows differs in more than the rate.
    """

    def __init__(
        self, spec: EchoRequestSpec, settings: EchoSettings, expectation: Expectation | None, probe: str, at: datetime
    ) -> None:
        """``probe`` names the pod that sends."""
        self._spec, self._settings, self._probe = spec, settings, probe
        self._secrets = secret_values(spec.all_headers)
        self._planner = Planner(spec=spec, long_sets=_wants_long_sets(expectation))
        self._backoff = Backoff(settings.give_up_after_s, settings.contact_s)
        self._counter = TallyCounter(spec.count, group_code)
        self._epochs = SplitBook.open(expectation, at, settings.alpha, settings.margin, settings.awaits_confirmation)
        self._verdict: Assessment | None = None
        self._in_flight: dict[int, InFlight] = {}
        self._returns: deque[tuple[float, int]] = deque(maxlen=RETURNS_KEPT)
        self._phase = Phase.READY
        self._paused = self._stopping = self._unconfirmed = False
        self._settles_until: float | None = None
        self._defect: MeshtuiError | None = None
        self._began = 0.0
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self.revision = 0

    # what it shows

    def state(self, clock: float) -> EchoState:
        """The run as it stands."""
        return EchoState(
            self._spec,
            settings=self._settings,
            probe=self._probe,
            phase=self._phase,
            tally=self._counter.look(),
            assessment=self._assessment(),
            epochs=self._epochs.epochs,
            held_back=self._epochs.held_back,
            unconfirmed=self._unconfirmed,
            rate=self._rate(clock),
            started=self._started,
            ended=self._ended,
            error=self._defect or self._backoff.error,
            revision=self.revision,
        )

    def _rate(self, clock: float) -> float:
        span = min(RATE_WINDOW_S, clock - self._began)
        return 0.0 if self._phase.ended or span <= 0 else rate_of(self._returns, clock, span)

    # what happens to it

    def began(self, clock: float, at: datetime) -> None:
        """The run begins."""
        self._began, self._started = clock, at
        self._enter(Phase.RUNNING)

    def paused(self, paused: bool) -> None:
        """Begin no further batch, or go on; those in flight come in."""
        self._paused = paused
        self.revision += 1

    def stopped(self, defect: MeshtuiError | None = None) -> None:
        """End as soon as what is in flight was taken back; ``defect`` is why, where meshtui itself failed."""
        self._stopping = True
        if defect is not None and self._defect is None:
            self._defect = defect
            self.revision += 1

    def returned(self, number: int, reply: BatchReply, clock: float, at: datetime) -> BatchRecord | None:
        """A batch came back. ``None`` for one that was never sent or is accounted for already."""
        flight = self._in_flight.get(number)
        if flight is None:
            return None
        reply = self._without_secrets(reply.for_batch(flight.batch))
        result = account(flight.batch, reply)  # what fails here leaves the batch in flight, to be abandoned
        del self._in_flight[number]
        self._planner = self._planner.end(flight.batch, result, clock - flight.clock)
        self._backoff.note(reply, clock)
        self._stopping = self._stopping or self._backoff.over
        self._counter.end(flight.batch.count, flight.at)
        self.revision += 1
        return self._counted(flight, result, clock, at) if result.sent else None

    def abandoned(self, clock: float, at: datetime) -> tuple[BatchRecord, ...]:
        """What is still in flight did not give way in time: whatever comes of it is not known."""
        records = [self.returned(number, STOPPED, clock, at) for number in tuple(self._in_flight)]
        return tuple(record for record in records if record is not None)

    def expects(self, expectation: Expectation | None, at: datetime) -> None:
        """The config asks for this, as seen at ``at``. Other shares than before start a new epoch."""
        present = self._epochs.present.expectation
        same = expectation is not None and expectation.same_test(present)
        epochs = self._epochs.confirm(at) if same or expectation == present else self._epochs
        self._judge(epochs.expect(expectation, at))

    def confirmed(self, at: datetime) -> None:
        """A look at the config at ``at`` found it unchanged: answers that came before are judged."""
        self._judge(self._epochs.confirm(at))

    def config_gone(self) -> None:
        """A look found no config for this run: with its last channel it is gone, and no later look can find it."""
        if self._phase is Phase.SETTLING:
            self._unconfirmed = True
            self.revision += 1

    # what is to be done

    def next(self, clock: float, at: datetime) -> Action:
        """What to do now. Ask again after it was done, and whenever something happened."""
        if self._phase.ended:
            return End()
        if self._stopping:
            if self._in_flight:
                return TakeBack()
            # A run that was only waiting for the last look has done all it was asked for.
            broken = self._backoff.over or self._defect is not None
            settled = self._phase is Phase.SETTLING and not broken
            return self._end(Phase.DONE if settled else Phase.FAILED if broken else Phase.CANCELLED, at)
        if not self._in_flight and self._nothing_more(clock):
            step = self._settled(clock, at)
            if step is not None:
                return step
        self._settles_until = None
        begin = not self._held_up(clock) and self._planner.may_begin(clock)
        waiting = Phase.WAITING if self._backoff.troubled else Phase.RUNNING
        self._enter(Phase.PAUSED if self._paused else waiting)
        return self._begin(clock, at) if begin else Wait(self._until_next(clock))

    def _begin(self, clock: float, at: datetime) -> Begin:
        self._planner, planned = self._planner.begin(clock)
        batch = replace(planned, connect_s=self._backoff.attempt(clock))
        self._in_flight[batch.number] = InFlight(batch, at, clock)
        self._counter.begin(batch.count, at)
        return Begin(batch)

    def _settled(self, clock: float, at: datetime) -> Action | None:
        """Wait for one more look at the config, so that the last answers are judged as well; then end.

        ``None`` when these have undone the verdict that the run was to end with: it goes on.
        """
        if self._epochs.held and not self._unconfirmed:
            self._settles_until = clock + CONFIRM_WAIT_S if self._settles_until is None else self._settles_until
            if clock < self._settles_until:
                self._enter(Phase.SETTLING)
                return Wait(self._settles_until - clock)
        self._judge_the_rest(at)
        if self._nothing_more(clock):
            return self._end(Phase.DONE, at)
        self._unconfirmed = False
        return None

    def _end(self, phase: Phase, at: datetime) -> End:
        self._judge_the_rest(at)
        self._ended = at
        self._enter(phase)
        return End()

    def _judge_the_rest(self, at: datetime) -> None:
        if self._epochs.held:
            self._unconfirmed = True
            self._judge(self._epochs.confirm(at))

    def _held_up(self, clock: float) -> bool:
        """Whether no batch may begin, whatever the planner says. In trouble one batch at a time is tried."""
        troubled = self._backoff.troubled and (clock < self._backoff.retry_at or bool(self._in_flight))
        # Without a throttle a batch is over in no time, and it may be the last that the verdict needs.
        decides = self._settings.until_decided and not self._spec.qps and bool(self._in_flight)
        return self._paused or troubled or decides or self._nothing_more(clock)

    def _nothing_more(self, clock: float) -> bool:
        """Whether no further batch is wanted."""
        if self._planner.remaining == 0:
            return True
        duration = self._settings.duration_s
        if duration is not None and clock - self._began >= duration:
            return True
        return self._settings.until_decided and self._decided()

    def _decided(self) -> bool:
        expectation = self._epochs.present.expectation
        if expectation is not None and not expectation.testable:
            return True
        return self._assessment().verdict in (Verdict.CONSISTENT, Verdict.MISMATCH)

    def _until_next(self, clock: float) -> float | None:
        """Seconds until a batch may begin or the run's time is over; ``None`` when only an event goes on."""
        moments = []
        if not self._paused:
            moments.append(max(self._backoff.retry_at, self._planner.not_before))
        if self._settings.duration_s is not None:
            moments.append(self._began + self._settings.duration_s)
        return min((moment - clock for moment in moments if moment > clock), default=None)

    # what came of it

    def _without_secrets(self, reply: BatchReply) -> BatchReply:
        """The reply without the secret headers that were sent: an echo server echoes them."""
        if not self._secrets:
            return reply
        outputs = tuple(without_values(text, self._secrets) for text in reply.outputs)
        return replace(reply, outputs=outputs, error=without_values(reply.error, self._secrets))

    def _counted(self, flight: InFlight, result: BatchAccount, clock: float, at: datetime) -> BatchRecord:
        """Count a batch, and put it into the epoch that it was sent in."""
        present = self._epochs.present
        counts = draws(result, present.expectation, flight.batch.qps)
        self._counter.add(result, at, flight.at)
        self._returns.append((clock, result.sent - result.abandoned))
        straddles = present.number > 1 and flight.at < present.started
        self._judge(self._epochs.changeover(counts.came_back) if straddles else self._epochs.record(counts, at))
        return BatchRecord(
            number=flight.batch.number,
            started=flight.at,
            ended=at,
            sent=result.sent,
            split=result.split,
            abandoned=result.abandoned,
            errors=tuple(failure.text[:LONGEST_SAMPLE] for failure in result.failures),
        )

    def _assessment(self) -> Assessment:
        if self._verdict is None:
            self._verdict = self._epochs.assess()
        return self._verdict

    def _judge(self, epochs: SplitBook) -> None:
        if epochs is not self._epochs:
            self._epochs, self._verdict = epochs, None
            self._planner = replace(self._planner, long_sets=_wants_long_sets(epochs.present.expectation))
            self.revision += 1

    def _enter(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self.revision += 1


def _wants_long_sets(expectation: Expectation | None) -> bool:
    """Whether the first answers of each set say nothing of the split (:mod:`meshtui.model.echo.draws`)."""
    return expectation is not None and bool(expectation.by_locality)
