"""The engine against a real gRPC server: everything sent is accounted for, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind
from meshtui.model.echo.plan import FIRST_BATCH
from meshtui.model.echo.spec import UNTHROTTLED_CONCURRENCY, EchoRequestSpec
from meshtui.model.errors import ServiceMissing, TargetUnreachable, UsageError
from meshtui.model.split.assessment import Expectation, ExpectationSource, Verdict
from meshtui.model.split.typed import parse_expectation
from meshtui.session.echo import run_book
from meshtui.session.echo.run import STOP_GRACE_S, EchoRun
from meshtui.session.echo.state import BatchRecord, EchoSettings, EchoState, Phase
from meshtui.sources.echo import EchoClient
from meshtui.sources.grpc.channel import open_channel
from tests.echo_server import EchoServer, Manner, Serving, output_text, serving
from tests.waiting import PATIENCE_S, until

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"
CANARY = parse_expectation("v1=20,v2=80")

SET_TIMEOUT_S = 60.0
"""For each set, by the server's clock: none takes as long, however busy the machine is."""


@asynccontextmanager
async def lab(echo: EchoServer) -> AsyncIterator[tuple[Serving, Callable[..., EchoRun]]]:
    """A server, and a maker of runs against it; every run is stopped in the end."""
    async with serving(echo) as server, open_channel(server.address) as channel:
        client, runs = EchoClient(channel, server.address), list[EchoRun]()

        def make(count: int | None = 100, qps: int = 0, settings: EchoSettings | None = None, **more: Any) -> EchoRun:
            spec = EchoRequestSpec(URL, count=count, qps=qps, timeout_s=SET_TIMEOUT_S)
            run = EchoRun(client, spec, settings, **more)
            runs.append(run)
            return run

        yield server, make
        for run in runs:
            await run.cancel()


def check_accounts(state: EchoState) -> None:
    """Every request sent is in exactly one count, and in exactly one epoch or change-over."""
    tally = state.tally
    assert tally.sent == tally.completed + tally.failed + tally.lost + tally.abandoned
    assert tally.completed == sum(tally.by_version.values()) + tally.unknown_version
    judged = sum(epoch.counts.total + epoch.changeover for epoch in state.epochs)
    assert judged + state.held_back == tally.sent - tally.abandoned


async def finished(run: EchoRun) -> EchoState:
    run.start()
    async with asyncio.timeout(PATIENCE_S):
        state = await run.wait()
    assert state.phase.ended
    check_accounts(state)
    return state


async def test_a_batch_of_a_hundred() -> None:
    echo = EchoServer()
    async with lab(echo) as (_, make):
        state = await finished(make(100, expectation=CANARY, probe="echo-v1"))
    assert state.phase is Phase.DONE
    assert (state.tally.requested, state.tally.sent, state.tally.completed) == (100, 100, 100)
    assert state.tally.by_version == echo.drawn
    assert echo.requests == 100
    assert state.assessment.counts.by_version == echo.drawn
    assert state.assessment.p_value is not None
    assert state.probe == "echo-v1"
    assert state.started is not None
    assert state.ended is not None
    assert state.ended >= state.started


async def test_until_decided_ends_as_soon_as_the_verdict_is_there() -> None:
    async with lab(EchoServer()) as (_, make):
        settings = EchoSettings(until_decided=True)
        state = await finished(make(5000, settings=settings, expectation=CANARY))
        assert state.assessment.verdict is Verdict.CONSISTENT
        assert state.tally.sent < 2500
        wrong = await finished(make(5000, settings=settings, expectation=parse_expectation("v1=80,v2=20")))
        assert wrong.assessment.verdict is Verdict.MISMATCH
        assert wrong.tally.sent < 200


async def test_until_decided_with_nothing_to_test_sends_nothing() -> None:
    echo = EchoServer()
    ring = Expectation.untestable("one cluster with a ring hash.")
    async with lab(echo) as (_, make):
        state = await finished(make(100, settings=EchoSettings(until_decided=True), expectation=ring))
    assert state.assessment.verdict is Verdict.NONE
    assert echo.requests == 0


async def test_half_of_the_requests_fail_and_the_verdict_is_not_led_astray() -> None:
    """Failures fall on v2 alone: of what answers, v1 has far more than its share, and no mismatch is claimed."""
    echo = EchoServer()
    echo.fails = lambda version: version == "v2" and echo.chance.random() < 0.6
    async with lab(echo) as (_, make):
        state = await finished(make(400, expectation=CANARY))
    assert state.tally.failed == echo.failed > 150
    assert state.tally.lost == 0
    known = state.tally.by_version
    assert known["v1"] / sum(known.values()) > 0.3
    assert state.tally.unknown_version < 60
    assert state.assessment.verdict is Verdict.UNDECIDED
    assert "is not known" in state.caveat
    assert [cause.code for cause in state.tally.causes] == ["connection-refused"]


async def test_batches_shrink_to_single_requests_while_errors_last() -> None:
    echo = EchoServer()
    records: list[BatchRecord] = []
    async with lab(echo) as (_, make):
        run = make(2000)
        run.subscribe_batches(records.append)
        run.subscribe_batches(lambda record: setattr(echo, "fails", lambda version: 1 <= record.number < 30))
        state = await finished(run)
    sizes = [record.sent for record in records]
    assert sizes[0] == FIRST_BATCH
    assert set(sizes[5:28]) == {1}
    assert max(sizes[40:]) >= FIRST_BATCH, "how much more depends on how fast the answers come"
    assert sum(sizes) == state.tally.sent == 2000


@pytest.mark.parametrize("manner", [Manner.TOO_MANY, Manner.TOO_FEW, Manner.RAW_ERROR])
async def test_a_server_with_odd_manners_is_accounted_for(manner: Manner) -> None:
    async with lab(EchoServer(manner=manner)) as (_, make):
        state = await finished(make(40))
    assert state.phase is Phase.DONE
    assert state.tally.sent == 40
    if manner is Manner.TOO_MANY:
        assert state.tally.completed == 40
        assert state.tally.surplus > 0
    else:
        assert state.tally.causes[0].code in ("echo-short", "connection-refused")


async def test_a_server_that_answers_garbage_is_given_up_with_a_sentence() -> None:
    async with lab(EchoServer(manner=Manner.GARBAGE)) as (_, make):
        state = await finished(make(1000, settings=EchoSettings(give_up_after_s=0.5)))
    assert state.phase is Phase.FAILED
    assert isinstance(state.error, TargetUnreachable)
    assert "cannot be read" in state.error.what
    assert state.tally.lost == state.tally.sent < 20
    assert state.tally.causes[0].code == "echo-garbage"


async def test_a_run_against_a_server_that_never_answers_is_stopped_at_once() -> None:
    assert STOP_GRACE_S < 1, "a stop takes less than a second"
    echo = EchoServer(manner=Manner.NEVER)
    async with lab(echo) as (_, make):
        run = make(100, 50)
        run.start()
        await until(lambda: echo.batches)
        async with asyncio.timeout(PATIENCE_S):  # the answers never come: only the stop itself ends the run
            await run.cancel()
        state = run.state
        check_accounts(state)
        assert state.phase is Phase.CANCELLED
        assert state.tally.abandoned == state.tally.sent > 0
        await until(lambda: echo.taken_back == len(echo.batches))
        asked = len(echo.batches)
        await asyncio.sleep(0)
        assert len(echo.batches) == asked


async def test_the_server_is_killed_in_the_middle_and_comes_back() -> None:
    echo = EchoServer(latency_s=0.01)
    async with lab(echo) as (server, make):
        run = make(600, 300, settings=EchoSettings(alpha=1e-6), expectation=CANARY)
        run.start()
        await until(lambda: run.state.tally.completed >= 100)
        await server.kill()
        await until(lambda: run.state.phase is Phase.WAITING)
        assert run.state.error is not None
        await server.restart()
        state = await finished(run)
    assert state.phase is Phase.DONE
    assert state.error is None
    assert state.tally.sent == 600
    assert state.tally.lost > 0
    assert state.tally.causes[0].code == "probe-lost"
    assert state.assessment.verdict is not Verdict.MISMATCH


async def test_the_server_is_killed_and_stays_away() -> None:
    async with lab(EchoServer(latency_s=0.01)) as (server, make):
        run = make(None, 300, settings=EchoSettings(give_up_after_s=1.0))
        run.start()
        await until(lambda: run.state.tally.completed >= 50)
        await server.kill()
        state = await finished(run)
    assert state.phase is Phase.FAILED
    assert isinstance(state.error, TargetUnreachable)
    assert "connection refused" in state.error.what


async def test_a_server_without_forward_echo_is_said_at_once() -> None:
    class Without:
        async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
            return BatchReply(ReplyKind.MISSING, error="127.0.0.1:1 does not offer it.")

    state = await finished(EchoRun(Without(), EchoRequestSpec(URL, count=100)))
    assert state.phase is Phase.FAILED
    assert isinstance(state.error, ServiceMissing)
    assert state.tally.sent == 0


async def test_a_defect_of_a_source_costs_its_batch_and_not_the_run() -> None:
    class Faulty:
        def __init__(self) -> None:
            self.calls = 0

        async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
            self.calls += 1
            if self.calls == 2:
                raise RuntimeError("oops")
            return BatchReply(ReplyKind.OUTPUTS, tuple(output_text(i, "v1") for i in range(batch.count)))

    state = await finished(EchoRun(Faulty(), EchoRequestSpec(URL, count=100)))
    assert state.phase is Phase.DONE
    assert 0 < state.tally.lost < state.tally.sent == 100


async def test_pause_and_resume() -> None:
    echo = EchoServer()
    async with lab(echo) as (_, make):
        run = make(None, 300)
        run.start()
        await until(lambda: run.state.tally.completed >= 20)
        run.pause()
        await until(lambda: run.state.phase is Phase.PAUSED and not run._book._in_flight and not echo.flying)
        await until(lambda: run.state.tally.sent == echo.requests)
        sent = echo.requests
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert echo.requests == sent
        run.resume()
        await until(lambda: run.state.tally.completed > sent)
        await run.cancel()
    check_accounts(run.state)


async def test_a_run_that_is_cancelled_while_paused_or_before_it_began() -> None:
    async with lab(EchoServer()) as (_, make):
        run = make(300, 100)
        run.start()
        run.pause()
        await run.cancel()
        assert run.state.phase is Phase.CANCELLED
        unbegun = make(300, 100)
        await unbegun.cancel()
        assert unbegun.state.phase is Phase.CANCELLED
        assert unbegun.state.tally.sent == 0


async def test_duration_ends_a_continuous_run() -> None:
    echo = EchoServer()
    async with lab(echo) as (_, make):
        state = await finished(make(None, 200, settings=EchoSettings(duration_s=0.5)))
    assert state.phase is Phase.DONE
    assert state.tally.requested is None
    assert 0 < state.tally.sent == echo.requests <= 300


async def test_never_more_than_asked_in_flight_or_in_all() -> None:
    echo = EchoServer(latency_s=0.02)
    async with lab(echo) as (_, make):
        await finished(make(333))
        assert echo.requests == 333
        assert 20 < echo.most_flying <= UNTHROTTLED_CONCURRENCY


async def test_a_canary_in_steps_with_epochs() -> None:
    """The config steps 100/0 → 50/50 while traffic runs; nobody claims a mismatch, and the new split is judged."""
    echo = EchoServer(weights={"v1": 100, "v2": 0})
    before = Expectation.of({"v1": 100, "v2": 0}, ExpectationSource.CONFIG)
    after = Expectation.of({"v1": 50, "v2": 50}, ExpectationSource.CONFIG)
    seen: list[EchoState] = []
    async with lab(echo) as (_, make):
        # Few answers are enough for so wide a margin, and a busy machine gives few.
        settings = EchoSettings(alpha=1e-6, margin=0.3, awaits_confirmation=True)
        run = make(None, 400, settings=settings, expectation=before)
        run.subscribe(seen.append)
        run.start()
        await until(lambda: run.state.held_back >= 100)
        run.confirm(datetime.now(UTC))
        assert run.state.epochs[0].counts.answered >= 100
        echo.weights = {"v1": 50, "v2": 50}
        await until(lambda: run.state.tally.by_version.get("v2", 0) >= 20)
        assert run.state.assessment.verdict is not Verdict.MISMATCH
        run.set_expectation(after, datetime.now(UTC))

        def judged_consistent() -> bool:
            run.set_expectation(after, datetime.now(UTC))
            return run.state.assessment.verdict is Verdict.CONSISTENT

        await until(judged_consistent, "the new split is judged")
        await run.cancel()
        state = run.state
    check_accounts(state)
    assert not any(look.assessment.verdict is Verdict.MISMATCH for look in seen)
    assert [epoch.number for epoch in state.epochs] == [1, 2]
    assert set(state.epochs[0].counts.by_version) == {"v1"}
    assert state.epochs[1].changeover >= 20
    assert state.assessment.verdict is Verdict.CONSISTENT


async def test_at_the_end_one_more_look_is_waited_for() -> None:
    async with lab(EchoServer()) as (_, make):
        run = make(20, settings=EchoSettings(awaits_confirmation=True), expectation=CANARY)
        run.start()
        await until(lambda: run.state.phase is Phase.SETTLING)
        assert run.state.held_back == 20
        run.confirm(datetime.now(UTC))
        state = await finished(run)
        assert state.epochs[0].counts.answered == 20
        assert not state.unconfirmed
        lonely = await finished(make(20, settings=EchoSettings(awaits_confirmation=True), expectation=CANARY))
        assert lonely.unconfirmed
        assert lonely.epochs[0].counts.answered == 20


async def test_a_config_that_went_with_the_last_channel_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_book, "CONFIRM_WAIT_S", 1e6)
    async with lab(EchoServer()) as (_, make):
        run = make(20, settings=EchoSettings(awaits_confirmation=True), expectation=CANARY)
        run.start()
        run.config_gone()  # between two batches this says nothing
        await until(lambda: run.state.phase is Phase.SETTLING)
        run.config_gone()
        async with asyncio.timeout(PATIENCE_S):
            state = await run.wait()
    assert state.phase is Phase.DONE
    assert state.unconfirmed
    assert state.epochs[0].counts.answered == 20


async def test_states_are_told_seldom_and_the_last_always() -> None:
    states: list[EchoState] = []
    records: list[BatchRecord] = []
    async with lab(EchoServer()) as (_, make):
        run = make(200, 400)
        leave = run.subscribe(states.append)
        run.subscribe_batches(records.append)
        state = await finished(run)
        leave()
        run.confirm(datetime.now(UTC))
    assert states[-1] is state
    assert sum(record.sent for record in records) == 200
    revisions = [look.revision for look in states]
    assert revisions == sorted(revisions)
    assert run.state is run.state


async def test_bounds_are_checked_before_anything_is_sent() -> None:
    class Unused:
        async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
            raise AssertionError("nothing may be sent")

    with pytest.raises(UsageError):
        EchoRun(Unused(), EchoRequestSpec(URL, count=None))


async def test_a_defect_of_our_own_ends_the_run_and_says_so() -> None:
    class Broken:
        """A source that breaks its promise: what it returns are no texts."""

        async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
            no_texts: Any = (None,) * batch.count
            return BatchReply(ReplyKind.OUTPUTS, no_texts)

    state = await finished(EchoRun(Broken(), EchoRequestSpec(URL, count=40)))
    assert state.phase is Phase.FAILED
    assert "failed within meshtui" in str(state.error)
    assert state.tally.completed == 0
