"""The planner against any server: never more than asked, never faster than asked, everything sent accounted for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.model.echo.batch import Batch, BatchAccount, BatchReply, ReplyKind, account
from meshtui.model.echo.plan import LARGEST_BATCH, LONG_SET, LOSS_BUDGET, MOST_BATCHES, Planner
from meshtui.model.echo.spec import BATCHES_AT_ONCE, SERVER_CONCURRENCY, EchoRequestSpec


def finished(planner: Planner) -> bool:
    """Whether everything that was asked for was sent, and came back or was given up."""
    return planner.remaining == 0 and not planner.in_flight


def fates(result: BatchAccount) -> int:
    """The requests of a batch whose fate is known."""
    return len(result.answers) + result.unknown + result.failed + result.lost + result.abandoned


OUTPUT = "[0 body] ServiceVersion=v1\n"


def simulate(
    spec: EchoRequestSpec,
    reply_to: Callable[[Batch], tuple[BatchReply, float]],
    steps: int = 3000,
) -> tuple[Planner, list[tuple[float, Batch]], list[BatchAccount]]:
    """Run the planner in virtual time against a server; gives the last state, when each batch began, the accounts."""
    planner, now = Planner(spec=spec), 100.0
    begun: list[tuple[float, Batch]] = []
    results: list[BatchAccount] = []
    due: list[tuple[float, float, Batch, BatchReply]] = []
    for _ in range(steps):
        while planner.may_begin(now):
            planner, batch = planner.begin(now)
            begun.append((now, batch))
            reply, seconds = reply_to(batch)
            due.append((now + seconds, now, batch, reply))
        if not due:
            if finished(planner):
                break
            now = max(now, planner.not_before)
            continue
        due.sort(key=lambda item: item[0])
        if planner.next_size() and now < planner.not_before < due[0][0]:
            now = planner.not_before
            if planner.may_begin(now):
                continue
        now, start, batch, reply = due.pop(0)
        result = account(batch, reply)
        results.append(result)
        planner = planner.end(batch, result, now - start)
    return planner, begun, results


def good(batch: Batch) -> BatchReply:
    return BatchReply(ReplyKind.OUTPUTS, (OUTPUT,) * batch.count)


def server(seed: int, error_rate: float, latency: float) -> Callable[[Batch], tuple[BatchReply, float]]:
    """Istio's: 20 at a time, a ticker, all or nothing."""
    chance = random.Random(seed)

    def reply(batch: Batch) -> tuple[BatchReply, float]:
        seconds = 0.01 + latency * -(-batch.count // SERVER_CONCURRENCY) + (batch.count / batch.qps if batch.qps else 0)
        failed = sum(chance.random() < error_rate for _ in range(batch.count))
        if not failed:
            return good(batch), seconds
        return BatchReply(
            ReplyKind.REFUSED, error=f"{failed}/{batch.count} requests had errors; first error: x"
        ), seconds

    return reply


replies = st.one_of(
    st.just(("good", 0)),
    st.tuples(st.just("failed"), st.integers(1, 600)),
    st.tuples(st.just("raw"), st.just(0)),
    st.tuples(st.just("timeout"), st.integers(0, 600)),
    st.tuples(st.just("few"), st.integers(0, 600)),
    st.tuples(st.just("many"), st.integers(1, 600)),
    st.sampled_from([(kind.value, 0) for kind in ReplyKind if kind not in (ReplyKind.OUTPUTS, ReplyKind.REFUSED)]),
)


def make_reply(batch: Batch, kind: str, number: int) -> BatchReply:
    match kind:
        case "good":
            return good(batch)
        case "failed":
            return BatchReply(ReplyKind.REFUSED, error=f"{number}/{batch.count} requests had errors; first error: x")
        case "raw":
            return BatchReply(ReplyKind.REFUSED, error="all SubConns are in TransientFailure")
        case "timeout":
            text = f"request set timed out after 5s and only {number}/{batch.count} requests completed (1s avg)"
            return BatchReply(ReplyKind.REFUSED, error=text)
        case "few":
            return BatchReply(ReplyKind.OUTPUTS, (OUTPUT,) * min(number, batch.count))
        case "many":
            return BatchReply(ReplyKind.OUTPUTS, (OUTPUT,) * (batch.count + number))
        case _:
            return BatchReply(ReplyKind(kind), error="gone")


@given(
    st.integers(1, 3000),
    st.sampled_from([0, 1, 7, 50, 999]),
    st.lists(st.tuples(replies, st.floats(0.001, 3)), min_size=1, max_size=40),
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_server_does_sent_is_accounted_and_never_more_than_asked(
    count: int, qps: int, script: list[tuple[tuple[str, int], float]]
) -> None:
    turn = 0

    def reply_to(batch: Batch) -> tuple[BatchReply, float]:
        nonlocal turn
        (kind, number), seconds = script[turn % len(script)]
        turn += 1
        return make_reply(batch, kind, number), seconds

    planner, begun, results = simulate(EchoRequestSpec("xds:///x", count=count, qps=qps), reply_to, steps=400)
    flying = sum(batch.count for batch in planner.in_flight)
    assert planner.sent == sum(result.sent for result in results) + flying
    assert planner.sent <= count
    assert all(fates(result) == result.sent for result in results)
    assert all(1 <= batch.count <= LARGEST_BATCH for _, batch in begun)
    assert [batch.number for _, batch in begun] == list(range(1, len(begun) + 1))


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0.001, 2), st.integers(0, 9))
@settings(max_examples=80, deadline=None)
def test_never_faster_than_asked(qps: int, error_rate: float, latency: float, seed: int) -> None:
    """Request i of a batch leaves i ticks after it began, so from any batch to the next the rate is at most qps."""
    _, begun, _ = simulate(
        EchoRequestSpec("xds:///x", count=2000, qps=qps), server(seed, error_rate, latency), steps=300
    )
    for (start, batch), (following, _) in pairwise(begun):
        assert following - start >= batch.count / qps - 1e-9


@given(st.integers(0, 1000), st.floats(0.001, 3), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_no_more_in_flight_than_one_set_would_have_or_two_overlap(qps: int, latency: float, seed: int) -> None:
    planner, now = Planner(spec=EchoRequestSpec("xds:///x", count=None, qps=qps)), 0.0
    chance = random.Random(seed)
    for _ in range(200):
        now += chance.random() * latency
        if planner.may_begin(now):
            planner, _ = planner.begin(now)
        elif planner.in_flight:
            batch = planner.in_flight[0]
            failed = BatchReply(ReplyKind.REFUSED, error=f"1/{batch.count} requests had errors; first error: x")
            planner = planner.end(batch, account(batch, failed), latency)
        assert len(planner.in_flight) <= MOST_BATCHES
        waiting = sum(batch.count for batch in planner.in_flight)
        assert len(planner.in_flight) <= BATCHES_AT_ONCE or waiting <= SERVER_CONCURRENCY


def test_requests_that_hang_do_not_wait_for_one_another() -> None:
    """A hundred that time out after five seconds each take half a minute, not eight."""

    def hung(batch: Batch) -> tuple[BatchReply, float]:
        text = f"request set timed out after 5s and only 0/{batch.count} requests completed (0s avg)"
        return BatchReply(ReplyKind.REFUSED, error=text), batch.timeout_s

    planner, begun, _ = simulate(EchoRequestSpec("xds:///x", count=100, timeout_s=5), hung)
    assert finished(planner)
    assert begun[-1][0] - begun[0][0] <= 30


@pytest.mark.parametrize(("qps", "latency"), [(50, 0.002), (200, 0.02), (1000, 0.005), (7, 0.3)])
def test_a_throttled_run_keeps_the_asked_rate(qps: int, latency: float) -> None:
    count = qps * 20
    planner, begun, _ = simulate(EchoRequestSpec("xds:///x", count=count, qps=qps), server(1, 0.0, latency))
    assert finished(planner)
    last, batch = begun[-1]
    assert count / (last - begun[0][0] + batch.count / qps) >= 0.99 * qps
    assert max(batch.count for _, batch in begun) <= max(5, qps * 0.4 + 1)


@pytest.mark.parametrize("dial", [0.0, 0.003, 0.02])
def test_an_unthrottled_run_costs_little_more_than_one_giant_set(dial: float) -> None:
    """Against a server with one core, which answers one batch's requests while it dials the channel of another."""
    count, each, now, free = 5000, 0.0005, 0.0, 0.0
    planner = Planner(spec=EchoRequestSpec("xds:///x", count=count))
    flying: list[tuple[float, float, Batch]] = []
    while not finished(planner):
        while planner.may_begin(now):
            planner, batch = planner.begin(now)
            free = max(free, now + dial) + batch.count * each
            flying.append((free, now, batch))
        now, began, batch = flying.pop(0)
        planner = planner.end(batch, account(batch, good(batch)), now - began)
    assert (dial + count * each) / now >= 0.97


@pytest.mark.parametrize("qps", [0, 100])
def test_while_errors_last_sets_are_single_and_afterwards_they_grow_again(qps: int) -> None:
    turn = 0

    def reply_to(batch: Batch) -> tuple[BatchReply, float]:
        nonlocal turn
        turn += 1
        if 3 <= turn < 40:
            text = f"1/{batch.count} requests had errors; first error: x"
            return BatchReply(ReplyKind.REFUSED, error=text), 0.02
        return good(batch), 0.02

    planner, begun, _ = simulate(EchoRequestSpec("xds:///x", count=3000, qps=qps), reply_to)
    sizes = [batch.count for _, batch in begun]
    assert finished(planner)
    assert sizes[1] > 10
    assert set(sizes[10:35]) == {1}
    assert max(sizes[60:]) >= 20


@pytest.mark.parametrize("error_rate", [0.001, 0.01, 0.1, 0.5])
def test_few_answers_lose_their_words(error_rate: float) -> None:
    _, _, results = simulate(EchoRequestSpec("xds:///x", count=3000), server(2, error_rate, 0.005), steps=20_000)
    sent = sum(result.sent for result in results)
    assert sent == 3000
    # The first error comes by surprise and costs one full batch at most; after it the budget holds.
    assert sum(result.unknown for result in results) <= LARGEST_BATCH + 1.5 * LOSS_BUDGET * sent


def test_a_set_that_never_left_is_sent_later() -> None:
    planner, batch = Planner(spec=EchoRequestSpec("xds:///x", count=10)).begin(0.0)
    planner = planner.end(batch, account(batch, BatchReply(ReplyKind.UNREACHED, error="refused")), 0.1)
    assert (planner.sent, planner.remaining) == (0, 10)


def test_the_deadline_of_a_set_leaves_time_for_the_ticker() -> None:
    _, batch = Planner(spec=EchoRequestSpec("xds:///x", count=100, qps=1, timeout_s=5)).begin(0.0)
    assert batch.count == 1
    assert batch.timeout_s == pytest.approx(7.0)


def test_sets_are_long_where_their_beginning_says_nothing() -> None:
    """At 5 a second a set would hold 2 requests; without a throttle more are begun before the first is answered."""
    slow = Planner(spec=EchoRequestSpec("xds:///echo:7070", count=200, qps=5), long_sets=True)
    assert slow.next_size() == LONG_SET
    assert slow.begin(0.0)[0].not_before == LONG_SET / 5
    fast = Planner(spec=EchoRequestSpec("xds:///echo:7070", count=60), long_sets=True)
    assert fast.next_size() == 60
    failed = replace(fast, size=1, well=0)
    assert failed.next_size() == 1, "an error still makes them small"
