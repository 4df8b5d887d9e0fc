"""Whether what was sent was answered comes before any verdict, and shares are of all requests that came back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.doctor.explain.echo_run import outcome_sentence
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.outcome import Outcome, histogram_of, outcome_of
from meshtui.model.echo.tally import EchoTally, FailureCause
from meshtui.model.split.assessment import Verdict, assess
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.typed import parse_expectation
from meshtui.model.split.words import split_beside_failures

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEIGHTS = parse_expectation("v1=75,v2=25")


def tally(
    answered: dict[str, int], failed: int = 0, lost: int = 0, abandoned: int = 0, requested: int = 500
) -> EchoTally:
    completed = sum(answered.values())
    causes = (
        (FailureCause(code="boom", sample="boom: it broke", failed=failed, lost=lost, last=AT),)
        if failed + lost
        else ()
    )
    return EchoTally(
        requested=requested,
        sent=completed + failed + lost + abandoned,
        completed=completed,
        failed=failed,
        lost=lost,
        abandoned=abandoned,
        by_version=answered,
        causes=causes,
    )


@pytest.mark.parametrize(
    ("counted", "broke_off", "allowed", "outcome"),
    [
        (tally({"v1": 499}, failed=1), False, 0.0, Outcome.FAILED),
        (tally({}, failed=500), False, 0.0, Outcome.FAILED),
        (tally({}, lost=500), True, 0.0, Outcome.FAILED),
        (tally({"v1": 499}, lost=1), False, 0.0, Outcome.FAILED),
        (tally({"v1": 499}, failed=1), False, 0.01, Outcome.TOLERATED),
        (tally({"v1": 490}, failed=9, lost=1), False, 0.01, Outcome.FAILED),
        (tally({"v1": 200}), True, 0.0, Outcome.BROKEN_OFF),
        (tally({}, abandoned=20), False, 0.0, Outcome.NOTHING),
        (tally({}), False, 0.5, Outcome.NOTHING),
        (tally({"v1": 200}, abandoned=20), False, 0.0, Outcome.ANSWERED),
    ],
)
def test_the_outcome_goes_by_what_came_back(
    counted: EchoTally, broke_off: bool, allowed: float, outcome: Outcome
) -> None:
    assert outcome_of(counted, broke_off, allowed) is outcome


@given(
    st.dictionaries(st.sampled_from(["v1", "v2", "v3"]), st.integers(0, 400), max_size=3),
    st.integers(0, 400), st.integers(0, 400), st.integers(0, 400),
)  # fmt: skip
def test_the_bars_make_a_hundred_per_cent_together(
    answered: dict[str, int], unknown: int, failed: int, lost: int
) -> None:
    counts = SplitCounts(answered, unknown, failed, lost)
    for expectation in (WEIGHTS, None):
        shown = histogram_of(assess(counts, expectation), tally(answered, failed, lost), ended=True)
        total = counts.total
        apart = (shown.counts.failed + shown.counts.lost + shown.counts.unknown) / total if total else 0
        assert sum(share.of_all for share in shown.shares) + apart == pytest.approx(1 if total else 0)


def test_the_interval_of_a_share_holds_the_share_of_all_that_is_drawn() -> None:
    for counts in (SplitCounts({"v2": 125}, failed=375), SplitCounts({"v1": 300, "v2": 100}, 50, 25, 25)):
        for share in assess(counts, WEIGHTS).shares:
            assert share.low is not None
            assert share.high is not None
            assert share.low <= share.of_all <= share.high


def test_where_nothing_was_judged_an_ended_run_shows_all_that_was_counted() -> None:
    nothing = assess(SplitCounts(), WEIGHTS)
    counted = tally({"v2": 125}, failed=370, lost=5)
    assert histogram_of(nothing, counted, ended=False).counts.total == 0
    shown = histogram_of(nothing, counted, ended=True)
    assert [(share.version, share.of_all, share.expected) for share in shown.shares] == [
        ("v1", 0.0, 0.75), ("v2", 0.25, 0.25),
    ]  # fmt: skip
    assert (shown.counts.failed, shown.counts.lost, shown.elsewhere) == (370, 5, 0)


def test_failures_under_other_weights_are_told_apart() -> None:
    present = assess(SplitCounts({"v1": 75, "v2": 24}, failed=1), WEIGHTS)
    assert histogram_of(present, tally({"v1": 80, "v2": 30}, failed=4, lost=2), ended=True).elsewhere == 5


@pytest.mark.parametrize(
    ("counted", "broke_off", "why", "said"),
    [
        (tally({"v2": 125}, failed=375), False, "", "375 of 500 requests failed: boom: it broke."),
        (tally({"v2": 1}, failed=4, lost=5), False, "", "4 of 10 requests failed and 5 are lost: boom: it broke."),
        (tally({}, lost=1), False, "", "1 of 1 request is lost: boom: it broke."),
        (tally({"v1": 3}), True, "gone.", "the run broke off after 3 requests of 500 asked for: gone."),
        (
            tally({}, lost=40),
            True,
            "gone.",
            "40 of 40 requests are lost: boom: it broke. The run broke off after 40 requests of 500 asked for: gone.",
        ),
        (tally({"v1": 7}), False, "", "all 7 were answered."),
    ],
)
def test_the_outcome_in_a_sentence(counted: EchoTally, broke_off: bool, why: str, said: str) -> None:
    assert outcome_sentence(outcome_of(counted, broke_off), counted, True, why) == said


def test_the_split_is_said_beside_failures_only_where_it_holds_whatever_the_others_would_have_got() -> None:
    one_fails_all = assess(SplitCounts({"v2": 125}, failed=375), WEIGHTS)
    assert one_fails_all.verdict is Verdict.UNDECIDED
    assert "125 answers leave it open: the other 375 went" in split_beside_failures(one_fails_all)
    assert split_beside_failures(assess(SplitCounts(failed=500), WEIGHTS)) == ""
    assert split_beside_failures(assess(SplitCounts({"v2": 125}, failed=375), None)) == ""
    healthy = assess(SplitCounts({"v1": 750, "v2": 249}, failed=1), WEIGHTS)
    assert split_beside_failures(healthy).startswith("consistent with")
    wrong = assess(SplitCounts({"v1": 250, "v2": 749}, failed=1), WEIGHTS)
    assert split_beside_failures(wrong).startswith("mismatch: ")


def test_very_many_empty_outputs_are_one_cause_and_no_more_than_was_asked_for_is_counted() -> None:
    batch = Batch(number=1, count=99, qps=0, timeout_s=5.0)
    reply = BatchReply(ReplyKind.OUTPUTS, ("",) * 100_000).for_batch(batch)
    result = account(batch, reply)
    assert (result.sent, result.lost, result.surplus, len(result.failures)) == (99, 99, 99_901, 1)


def test_the_error_of_a_set_beside_its_outputs_is_no_answer_and_tells_of_those_without_one() -> None:
    batch = Batch(number=1, count=4, qps=0, timeout_s=5.0)
    summary = "ERROR:\nMessage: 3/4 requests had errors; first error: boom: it broke"
    outputs = (summary, "[0 body] ServiceVersion=v1", "[1] Error: boom")
    result = account(batch, BatchReply(ReplyKind.OUTPUTS, outputs).for_batch(batch))
    assert (len(result.answers), result.failed, result.lost, result.sent) == (1, 3, 0, 4)
    assert [(failure.text, failure.failed) for failure in result.failures] == [("boom: it broke", 3)]
