"""Answers of a fresh channel count as draws from when it is connected to all that it draws from, and not before."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.echo.batch import BatchAccount
from meshtui.model.echo.draws import draws
from meshtui.model.echo.spec import SERVER_CONCURRENCY, Answer
from meshtui.model.split.assessment import ALPHA, Expectation, ExpectationSource, Verdict
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.epochs import SplitBook
from tests.world.clock import NOW

HALVES = Expectation.of({"v1": 50, "v2": 50}, ExpectationSource.CONFIG, by_locality=("v1", "v2"))


def account(versions: Iterable[str | None], latency_s: float | None = 0.001) -> BatchAccount:
    answers = tuple(Answer(index=index, version=version, latency_s=latency_s) for index, version in enumerate(versions))
    return BatchAccount(sent=len(answers), answers=answers)


def test_weighted_clusters_are_drawn_before_any_connection() -> None:
    clusters = Expectation.of({"v1": 50, "v2": 50}, ExpectationSource.CONFIG)
    assert draws(account(["v1"] * 30), clusters, 0) == SplitCounts({"v1": 30})


def test_nothing_counts_before_each_locality_has_answered() -> None:
    found = draws(account(["v1"] * 30), HALVES, 0)
    assert (found.total, found.early, found.came_back) == (0, {"v1": 30}, 30)


def test_what_was_under_way_beside_the_first_answer_of_the_last_locality_does_not_count() -> None:
    versions = ["v1"] * 9 + ["v2"] + ["v1"] * 19 + ["v2", "v1"] * 10
    found = draws(account(versions), HALVES, 0)
    assert found == SplitCounts({"v2": 10, "v1": 10}, early={"v1": 28, "v2": 1})


def test_a_throttle_says_how_many_were_under_way_beside_it() -> None:
    """At 50 a second 5 ms are a quarter of a tick: the next request may have been begun in it, no other."""
    versions = ["v1", "v1", "v2", "v1", "v2", "v1"]
    assert draws(account(versions, latency_s=0.005), HALVES, 50).by_version == {"v2": 1, "v1": 1}
    assert not draws(account(versions, latency_s=0.5), HALVES, 50).total
    assert not draws(account(versions, latency_s=None), HALVES, 50).total
    assert draws(account(versions, latency_s=-1.0), HALVES, 50).total == 2


def test_the_order_is_that_in_which_requests_were_begun() -> None:
    answers = account(["v2"] * 40 + ["v1"] + ["v2"] * 20).answers
    found = draws(BatchAccount(sent=61, answers=answers[::-1]), HALVES, 0)
    assert found.by_version == {"v2": 1}


def test_a_version_that_gets_nothing_is_no_matter_of_connections() -> None:
    found = draws(account(["v1", "v3", "v1"]), HALVES, 0)
    assert found.by_version == {"v3": 1}
    assert SplitBook.open(HALVES, NOW).record(found, NOW).assess().unexpected == ("v3",)


def test_requests_of_unknown_version_stay_unknown() -> None:
    answers = account(["v1", None]).answers
    found = draws(BatchAccount(sent=11, answers=answers, failed=2, lost=3, unknown=4), HALVES, 0)
    assert (found.unknown, found.failed, found.lost, found.early) == (5, 2, 3, {"v1": 1})


@given(st.lists(st.sampled_from(["v1", "v2", "v3", None]), max_size=99), st.sampled_from([0, 10, 50, 1000]))
def test_every_answer_counts_once(versions: list[str | None], qps: int) -> None:
    result = account(versions)
    found = draws(result, HALVES, qps)
    assert found.came_back == len(versions)
    assert {name: found.by_version.get(name, 0) + found.early.get(name, 0) for name in result.split.by_version} == (
        result.split.by_version
    )


def fresh_channel(shares: dict[str, float], count: int, chance: random.Random) -> BatchAccount:
    """A set on a new channel whose localities connect one after the other, in an order and at times of their own.

    Requests are begun in order, as many at once as the echo server has under way; each is drawn when it begins among
    the localities that are connected then, and waits for the first one while there is none.
    """
    connects = {version: chance.expovariate(1 / 0.01) * (1 if version == "v1" else 4) for version in shares}
    places = [0.0] * SERVER_CONCURRENCY
    answers: list[Answer] = []
    for index in range(count):
        begun = max(heapq.heappop(places), min(connects.values()))
        ready = [version for version, at in connects.items() if at <= begun]
        version = chance.choices(ready, [shares[name] for name in ready])[0]
        took = chance.expovariate(1 / 0.004)
        heapq.heappush(places, begun + took)
        answers.append(Answer(index=index, version=version, latency_s=took))
    return BatchAccount(sent=count, answers=tuple(answers))


RUNS, SETS = 300, 12


def alarms(shares: dict[str, float], expectation: Expectation) -> int:
    """In how many runs a correct split is called a mismatch at some look, one after each set."""
    chance, found = random.Random(20261128), 0
    for _ in range(RUNS):
        book = SplitBook.open(expectation, NOW)
        for _ in range(SETS):
            book = book.record(draws(fresh_channel(shares, 99, chance), expectation, 0), NOW)
        found += book.assess().verdict is Verdict.MISMATCH
    return found


@pytest.mark.parametrize("shares", [{"v1": 0.5, "v2": 0.5}, {"v1": 0.2, "v2": 0.8}, {"v1": 0.7, "v2": 0.2, "v3": 0.1}])
def test_the_order_of_connections_makes_no_mismatch(shares: dict[str, float]) -> None:
    """At most one in a hundred; that more than 9 of 300 are seen then has a probability of less than 0.1 %."""
    expectation = Expectation.of(shares, ExpectationSource.CONFIG, by_locality=tuple(shares))
    assert alarms(shares, expectation) <= 9 * (ALPHA / 0.01)


def test_counting_all_answers_would_make_one() -> None:
    """What the rule is for: the same channels, all of whose answers count."""
    shares = {"v1": 0.5, "v2": 0.5}
    assert alarms(shares, Expectation.of(shares, ExpectationSource.CONFIG)) > RUNS / 2


def test_a_drift_is_still_found() -> None:
    expectation = Expectation.of({"v1": 50, "v2": 50}, ExpectationSource.CONFIG, by_locality=("v1", "v2"))
    assert alarms({"v1": 0.3, "v2": 0.7}, expectation) > RUNS / 2
