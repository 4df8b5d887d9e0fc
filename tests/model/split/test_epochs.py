"""Epochs: old counts stay as history, the test restarts, and nothing is judged under a config it may not have seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meshtui.model.split.assessment import Expectation, ExpectationSource, Verdict
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.epochs import MOST_EPOCHS, MOST_HELD, SplitBook

START = datetime(2026, 8, 1, 20, 14, 31, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def weights(first: int, second: int) -> Expectation:
    return Expectation.of({"v1": first, "v2": second}, ExpectationSource.CONFIG)


def test_a_new_epoch_restarts_the_test_and_keeps_the_old_counts() -> None:
    book = SplitBook.open(weights(80, 20), START).record(SplitCounts({"v1": 320, "v2": 80}), at(5))
    assert book.assess().verdict is Verdict.CONSISTENT
    book = book.expect(weights(20, 80), at(6))
    assert [epoch.number for epoch in book.epochs] == [1, 2]
    assert book.epochs[0].ended == at(6)
    assert book.epochs[0].counts.answered == 400
    assert book.present.counts.total == 0
    assert book.assess().verdict is Verdict.UNDECIDED


def test_the_same_shares_written_otherwise_are_no_new_epoch() -> None:
    book = SplitBook.open(weights(20, 80), START).record(SplitCounts({"v1": 2, "v2": 8}), at(1))
    book = book.expect(weights(1, 4), at(2))
    assert len(book.epochs) == 1
    assert book.present.counts.answered == 10
    assert book.present.expectation == weights(1, 4)


def test_a_change_before_the_first_answer_replaces_the_empty_epoch() -> None:
    book = SplitBook.open(None, START).expect(weights(20, 80), at(1))
    assert [epoch.number for epoch in book.epochs] == [1]
    assert book.present.started == at(1)


def test_a_step_of_the_canary_is_no_mismatch_although_it_is_noticed_late() -> None:
    """Weights go 100/0 → 50/50; batches after the step end before the look that notices it."""
    book = SplitBook.open(weights(100, 0), START, awaits_confirmation=True)
    book = book.record(SplitCounts({"v1": 60}), at(0.5)).confirm(at(1))
    book = book.record(SplitCounts({"v1": 10, "v2": 11}), at(1.4))
    assert book.assess().verdict is Verdict.CONSISTENT
    assert book.held_back == 21
    book = book.expect(weights(50, 50), at(2))
    assert book.epochs[0].counts == SplitCounts({"v1": 60})
    assert book.present.changeover == 21
    assert book.held_back == 0


def test_the_same_step_without_a_change_of_config_is_a_mismatch_once_confirmed() -> None:
    book = SplitBook.open(weights(100, 0), START, awaits_confirmation=True)
    book = book.record(SplitCounts({"v1": 10, "v2": 11}), at(1.4))
    assert book.assess().verdict is Verdict.UNDECIDED
    assert book.confirm(at(1.3)).assess().verdict is Verdict.UNDECIDED
    assert book.confirm(at(2)).assess().verdict is Verdict.MISMATCH


def test_a_mismatch_is_kept_although_later_answers_dilute_it() -> None:
    book = SplitBook.open(weights(20, 80), START).record(SplitCounts({"v1": 100, "v2": 100}), at(1))
    assert book.assess().verdict is Verdict.MISMATCH
    book = book.record(SplitCounts({"v1": 100, "v2": 700}), at(2))
    assert book.assess().verdict is Verdict.MISMATCH
    assert book.assess().e_now < 100


def test_memory_is_bounded_and_no_request_is_lost() -> None:
    book = SplitBook.open(weights(20, 80), START, awaits_confirmation=True)
    for second in range(2 * MOST_HELD):
        book = book.record(SplitCounts({"v1": 1, "v2": 4}), at(second))
    assert len(book.held) == MOST_HELD
    assert book.held_back == 10 * MOST_HELD
    assert book.confirm(at(10_000)).present.counts.answered == 10 * MOST_HELD
    for step in range(1, 2 * MOST_EPOCHS):
        book = book.record(SplitCounts({"v1": 1}), at(step)).expect(weights(step, 100), at(step))
    assert len(book.epochs) == MOST_EPOCHS
    assert book.present.number > MOST_EPOCHS
