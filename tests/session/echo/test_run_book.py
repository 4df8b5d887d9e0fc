"""The book of a run against any server, any person and any config: nothing is counted twice, nothing gets lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind
from meshtui.model.echo.plan import MOST_BATCHES
from meshtui.model.echo.spec import BATCHES_AT_ONCE, SERVER_CONCURRENCY, EchoRequestSpec
from meshtui.model.errors import MeshtuiError
from meshtui.model.split.assessment import Verdict, assess
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.typed import parse_expectation
from meshtui.session.echo.run_book import CONFIRM_WAIT_S, Action, Begin, End, RunBook, TakeBack, Wait
from meshtui.session.echo.state import BatchRecord, EchoSettings, EchoState, Phase
from tests.echo_server import output_text
from tests.world.clock import NOW

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"
CANARY, STEPPED = parse_expectation("v1=20,v2=80"), parse_expectation("v1=80,v2=20")
MOST_STEPS = 10_000
"""Steps without time passing: a book that asks for more goes in circles."""


def good(count: int) -> BatchReply:
    """All answered, a fifth by v1."""
    return BatchReply(ReplyKind.OUTPUTS, tuple(output_text(at, "v2" if at % 5 else "v1") for at in range(count)))


def reply(kind: ReplyKind, count: int) -> BatchReply:
    return good(count) if kind is ReplyKind.OUTPUTS else BatchReply(kind, error="connection refused")


ANSWERS = (
    *(lambda count, kind=kind: reply(kind, count) for kind in ReplyKind if kind is not ReplyKind.STOPPED),
    lambda count: BatchReply(ReplyKind.OUTPUTS, good(count).outputs[: count // 2]),
    lambda count: BatchReply(ReplyKind.OUTPUTS, (*good(count).outputs, *good(count).outputs)),
    lambda count: BatchReply(ReplyKind.OUTPUTS, ("",) * count),
    lambda count: BatchReply(ReplyKind.REFUSED, error=f"{count}/{count} requests had errors; first error: no"),
)
"""What a server may answer to a batch of so many requests."""


@dataclass
class Play:
    """A book, its clock, and what a driver would have in its hands."""

    book: RunBook
    clock: float = 100.0
    sent: dict[int, Batch] = field(default_factory=dict)
    last: Action = field(default_factory=lambda: Wait(None))

    @property
    def at(self) -> datetime:
        return NOW + timedelta(seconds=self.clock)

    @property
    def state(self) -> EchoState:
        return self.book.state(self.clock)

    def advance(self) -> list[Batch]:
        """Do all there is to do now; gives the batches that began."""
        begun = list[Batch]()
        for _ in range(MOST_STEPS):
            self.last = self.book.next(self.clock, self.at)
            if not isinstance(self.last, Begin):
                return begun
            begun.append(self.last.batch)
            self.sent[self.last.batch.number] = self.last.batch
        raise AssertionError("the book goes in circles")

    def answer(self, batch: Batch, said: BatchReply) -> BatchRecord | None:
        del self.sent[batch.number]
        return self.book.returned(batch.number, said, self.clock, self.at)


def begun(spec: EchoRequestSpec, how: EchoSettings | None = None) -> Play:
    play = Play(RunBook(spec, how or EchoSettings(), CANARY, "client", NOW))
    play.book.began(play.clock, play.at)
    play.advance()
    return play


def check(play: Play, spec: EchoRequestSpec) -> None:
    """What holds at every moment."""
    state, tally = play.state, play.state.tally
    waiting = sum(batch.count for batch in play.sent.values())
    assert set(play.book._in_flight) == set(play.sent)
    assert tally.sent == tally.completed + tally.failed + tally.lost + tally.abandoned
    assert tally.completed == sum(tally.by_version.values()) + tally.unknown_version
    if spec.count is not None:
        assert tally.sent + waiting <= spec.count
    assert len(play.sent) <= MOST_BATCHES
    assert len(play.sent) <= BATCHES_AT_ONCE or waiting <= SERVER_CONCURRENCY
    judged = sum(epoch.counts.total + epoch.changeover for epoch in state.epochs)
    assert judged + state.held_back == tally.sent - tally.abandoned
    if state.phase.ended:
        assert not play.sent
        assert state.held_back == 0
        assert state.ended is not None


class Runs(RuleBasedStateMachine):
    """Anything may happen at any time; the invariants are :func:`check`'s."""

    @initialize(
        count=st.one_of(st.none(), st.integers(1, 400)),
        qps=st.sampled_from((0, 7, 200)),
        until_decided=st.booleans(),
        awaits=st.booleans(),
        duration=st.sampled_from((None, 3.0)),
    )
    def begin(self, count: int | None, qps: int, until_decided: bool, awaits: bool, duration: float | None) -> None:
        self.spec = EchoRequestSpec(URL, count=count, qps=qps)
        how = EchoSettings(until_decided=until_decided, awaits_confirmation=awaits, duration_s=duration)
        self.stopped = self.paused = False
        self.play = begun(self.spec, how)

    @rule(seconds=st.sampled_from((0.0, 0.01, 0.4, 2.0, 20.0)))
    def time_passes(self, seconds: float) -> None:
        self.play.clock += seconds
        self.moved()

    @precondition(lambda self: self.play.sent)
    @rule(place=st.integers(0, 30), answer=st.sampled_from(ANSWERS))
    def a_batch_returns(self, place: int, answer: object) -> None:
        assert callable(answer)
        batch = list(self.play.sent.values())[place % len(self.play.sent)]
        self.play.answer(batch, answer(batch.count))
        before = self.play.state
        assert self.play.book.returned(batch.number, good(batch.count), self.play.clock, self.play.at) is None
        assert self.play.state == before, "a batch that came back is counted once"
        self.moved()

    @rule(stepped=st.booleans())
    def the_config_is_seen(self, stepped: bool) -> None:
        self.play.book.expects(STEPPED if stepped else CANARY, self.play.at)
        self.moved()

    @rule()
    def the_config_is_confirmed(self) -> None:
        self.play.book.confirmed(self.play.at)
        self.moved()

    @rule()
    def the_config_is_gone(self) -> None:
        self.play.book.config_gone()
        self.moved()

    @rule(paused=st.booleans())
    def somebody_pauses_or_resumes(self, paused: bool) -> None:
        self.paused = paused
        self.play.book.paused(paused)
        self.moved()

    @rule(defect=st.sampled_from((None, MeshtuiError("The run failed."))))
    def somebody_stops(self, defect: MeshtuiError | None) -> None:
        self.stopped = True
        self.play.book.stopped(defect)
        self.moved()

    @precondition(lambda self: isinstance(self.play.last, TakeBack))
    @rule()
    def what_is_in_flight_is_abandoned(self) -> None:
        waiting = sum(batch.count for batch in self.play.sent.values())
        before = self.play.state.tally.abandoned
        records = self.play.book.abandoned(self.play.clock, self.play.at)
        self.play.sent.clear()
        assert sum(record.abandoned for record in records) == self.play.state.tally.abandoned - before == waiting
        self.moved()

    def moved(self) -> None:
        ended = self.play.state.phase.ended
        batches = self.play.advance()
        assert not batches or not (self.stopped or self.paused or ended)
        if self.stopped:
            assert isinstance(self.play.last, TakeBack if self.play.sent else End)
        assert isinstance(self.play.last, End) == self.play.state.phase.ended

    @invariant()
    def all_is_accounted_for(self) -> None:
        check(self.play, self.spec)


Runs.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestRuns = Runs.TestCase


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 900),
    st.sampled_from((0, 50, 500)),
    st.lists(st.sampled_from(ANSWERS[:1] * 6 + ANSWERS[6:]), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_run_that_is_answered_ends_with_all_it_was_asked_for(
    count: int, qps: int, answers: list[object], awaits: bool
) -> None:
    spec = EchoRequestSpec(URL, count=count, qps=qps)
    play, asked = begun(spec, EchoSettings(awaits_confirmation=awaits)), 0
    while not isinstance(play.last, End):
        assert isinstance(play.last, Wait)
        if play.sent:
            play.clock += 0.1
            answer = answers[asked % len(answers)]
            assert callable(answer)
            batch = next(iter(play.sent.values()))
            play.answer(batch, answer(batch.count))
            asked += 1
        else:
            assert play.last.seconds is not None, "nothing is under way, and nothing will happen"
            play.clock += play.last.seconds
        play.advance()
        check(play, spec)
    assert (play.state.phase, play.state.tally.sent) == (Phase.DONE, count)
    assert play.state.unconfirmed == awaits


def test_the_same_calls_give_the_same_run() -> None:
    def played() -> EchoState:
        play = begun(EchoRequestSpec(URL, count=200), EchoSettings(awaits_confirmation=True))
        while play.sent:
            play.clock += 0.2
            play.answer(next(iter(play.sent.values())), good(next(iter(play.sent.values())).count))
            play.book.confirmed(play.at)
            play.advance()
        return play.state

    assert played() == played()


def test_a_run_of_a_time_ends_with_it() -> None:
    play = begun(EchoRequestSpec(URL, count=None, qps=50), EchoSettings(duration_s=10.0))
    while not isinstance(play.last, End):
        for batch in tuple(play.sent.values()):
            play.answer(batch, good(batch.count))
        assert isinstance(play.last, Wait)
        play.clock += play.last.seconds or 0.0
        play.advance()
    assert play.state.phase is Phase.DONE
    assert play.clock == pytest.approx(110.0)
    assert play.state.tally.sent == pytest.approx(500, abs=50)


def test_a_run_until_decided_ends_with_its_verdict() -> None:
    play = begun(EchoRequestSpec(URL, count=10_000), EchoSettings(until_decided=True))
    while play.sent:
        play.clock += 0.1
        (batch,) = play.sent.values()
        play.answer(batch, good(batch.count))
        play.advance()
    assert play.state.phase is Phase.DONE
    assert play.state.assessment.verdict is Verdict.CONSISTENT
    assert play.state.tally.sent < 3_000


@pytest.mark.parametrize("looked", [True, False], ids=["a look comes", "no look comes in time"])
def test_a_verdict_that_the_last_answers_take_back_does_not_end_the_run(looked: bool) -> None:
    """Answers that wait for a look at the config when the verdict falls are judged after it, and can undo it."""
    play = begun(EchoRequestSpec(URL, count=10_000), EchoSettings(until_decided=True, awaits_confirmation=True))
    counts = SplitCounts()

    def verdict_of_all(versions: str) -> Verdict:
        """Answer the one batch under way by these versions in turn; the verdict if all so far were judged."""
        nonlocal counts
        play.clock += 0.1
        (batch,) = play.sent.values()
        outputs = (output_text(at, f"v{versions[at % len(versions)]}") for at in range(batch.count))
        record = play.answer(batch, BatchReply(ReplyKind.OUTPUTS, tuple(outputs)))
        assert record is not None
        counts += record.split
        return assess(counts, CANARY, play.state.settings.alpha).verdict

    while verdict_of_all("12222") is not Verdict.CONSISTENT:
        play.advance()
    decided = play.at
    play.advance()
    while verdict_of_all("2") is not Verdict.UNDECIDED:
        play.advance()
    sent = play.state.tally.sent
    play.book.confirmed(decided)
    play.advance()
    assert (play.state.phase, play.state.assessment.verdict) == (Phase.SETTLING, Verdict.CONSISTENT)
    if looked:
        play.book.confirmed(play.at)
    play.clock += CONFIRM_WAIT_S
    play.advance()
    assert (play.state.phase, play.state.assessment.verdict) == (Phase.RUNNING, Verdict.UNDECIDED)
    while play.sent:
        verdict_of_all("12222")
        play.book.confirmed(play.at)
        play.advance()
    assert (play.state.phase, play.state.assessment.verdict) == (Phase.DONE, Verdict.CONSISTENT)
    assert play.state.tally.sent > sent


@pytest.mark.parametrize(
    ("kind", "seconds"), [(ReplyKind.UNREACHED, 5.0), (ReplyKind.SILENT, 5.0), (ReplyKind.MISSING, 0.0)]
)
def test_a_server_that_is_not_there_is_given_up(kind: ReplyKind, seconds: float) -> None:
    play, tries = begun(EchoRequestSpec(URL, count=100)), 0
    while not isinstance(play.last, End):
        assert len(play.sent) <= 1
        for batch in tuple(play.sent.values()):
            tries += 1
            play.answer(batch, reply(kind, batch.count))
        play.advance()
        if isinstance(play.last, Wait) and not play.sent:
            assert play.state.phase is Phase.WAITING
            play.clock += play.last.seconds or 0.0
            play.advance()
    assert play.state.phase is Phase.FAILED
    assert play.state.error is not None
    assert play.clock == pytest.approx(100.0 + seconds)
    assert tries < 12
    assert play.state.tally.sent == play.state.tally.lost


def test_headers_that_are_secret_do_not_come_back_with_the_answers() -> None:
    play = begun(EchoRequestSpec(URL, count=1, headers=(("authorization", "Bearer swordfish"),)))
    (batch,) = play.sent.values()
    text = output_text(0, "v1") + "[0 body] Authorization=Bearer swordfish\n"
    play.answer(batch, BatchReply(ReplyKind.OUTPUTS, (text,)))
    (answer,) = play.state.tally.answers
    assert "swordfish" not in repr(answer)
    assert "authorization" in repr(answer).lower()
