"""Verdicts: what is called a mismatch, consistent or undecided, and what the sentences say."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import LARGEST_E, Expectation, ExpectationSource, Verdict, assess
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.forecast import two_digits
from meshtui.model.split.typed import parse_expectation
from meshtui.model.split.words import caveat_sentence, verdict_words

CANARY = Expectation.of({"v1": 20, "v2": 80}, ExpectationSource.CONFIG)


def drawn(shares: dict[str, float], number: int, seed: int) -> SplitCounts:
    answers = random.Random(seed).choices(list(shares), list(shares.values()), k=number)
    return SplitCounts({version: answers.count(version) for version in shares})


def test_a_healthy_split_is_consistent_and_says_what_it_would_have_seen() -> None:
    result = assess(SplitCounts({"v1": 81, "v2": 319}), CANARY)
    assert result.verdict is Verdict.CONSISTENT
    assert result.needed_more == 0
    assert verdict_words(result).sentence == (
        "consistent with the accepted weights (always-valid, α 0.01)."
        " A drift of v1 to 28 % would have been seen by now."
    )
    low, high = result.intervals["v1"]
    assert 0.10 <= low < 0.2025 < high <= 0.30


def test_the_seeds_five_calls_are_undecided() -> None:
    result = assess(SplitCounts({"v1": 1, "v2": 4}), CANARY)
    assert result.verdict is Verdict.UNDECIDED
    assert result.needed_more is not None
    assert 100 < result.needed_more < 400
    assert verdict_words(result).sentence.startswith("undecided after 5 answers: v1 may get anything from 0 to ")


def test_a_broken_90_10_that_a_rule_of_ten_points_passes_is_found() -> None:
    broken = Expectation.of({"v1": 90, "v2": 10}, ExpectationSource.TYPED)
    result = assess(SplitCounts({"v1": 500}), broken)
    assert result.verdict is Verdict.MISMATCH
    assert result.e_value > 100
    assert "v2 answered 0 % of 500, want 10 %" in verdict_words(result).sentence


def test_an_answer_from_a_version_without_weight_is_a_mismatch_at_once() -> None:
    for weights in ({"v1": 100, "v2": 0}, {"v1": 100}):
        result = assess(SplitCounts({"v1": 3, "v2": 1}), Expectation.of(weights, ExpectationSource.CONFIG))
        assert result.verdict is Verdict.MISMATCH
        assert result.unexpected == ("v2",)
        assert result.e_value == LARGEST_E
        assert verdict_words(result).sentence == "mismatch: v2 answered once, and the accepted weights give it nothing."


def test_all_weight_on_one_version_becomes_consistent() -> None:
    all_in = Expectation.of({"v1": 0, "v2": 100}, ExpectationSource.CONFIG)
    assert assess(SplitCounts({"v2": 10}), all_in).verdict is Verdict.UNDECIDED
    result = assess(SplitCounts({"v2": 60}), all_in)
    assert result.verdict is Verdict.CONSISTENT
    assert "v2 to 9" in verdict_words(result).sentence


def test_failures_do_not_make_a_mismatch_of_what_may_be_a_correct_split() -> None:
    """Every v2 pod is down: only v1 answers, but the failures may well be v2's configured share."""
    result = assess(SplitCounts({"v1": 100}, failed=400), CANARY)
    assert result.verdict is Verdict.UNDECIDED
    assert result.needed_more is None
    assert "Look at the errors first" in verdict_words(result).sentence
    assert "400 of 500 requests is not known (400 failed)" in caveat_sentence(result)


def test_failures_do_not_hide_a_mismatch_that_no_spread_of_them_explains() -> None:
    result = assess(SplitCounts({"v1": 300, "v2": 100}, failed=20, unknown=10), CANARY)
    assert result.verdict is Verdict.MISMATCH
    assert "they are in no version's share" in caveat_sentence(result)


def test_few_missing_say_nothing_and_many_widen_the_interval() -> None:
    clean = assess(SplitCounts({"v1": 80, "v2": 320}), CANARY)
    few = assess(SplitCounts({"v1": 80, "v2": 320}, failed=3), CANARY)
    many = assess(SplitCounts({"v1": 80, "v2": 320}, failed=60), CANARY)
    assert caveat_sentence(few) == ""
    assert few.verdict is Verdict.CONSISTENT
    assert many.verdict is Verdict.UNDECIDED
    assert "a drift of up to 13 points could hide" in caveat_sentence(many)
    assert clean.intervals["v1"][1] < few.intervals["v1"][1] < many.intervals["v1"][1]


def test_no_test_where_draws_are_not_independent() -> None:
    ring = Expectation.untestable("one cluster with a ring hash: the header decides, not chance.", weights={"v1": 1})
    result = assess(SplitCounts({"v1": 5, "v2": 5}), ring)
    assert result.verdict is Verdict.NONE
    assert verdict_words(result).sentence == "no test: one cluster with a ring hash: the header decides, not chance."
    assert result.intervals == {}
    assert [share.observed for share in result.shares] == [0.5, 0.5]
    assert assess(SplitCounts({"v1": 5}), None).verdict is Verdict.NONE


def test_a_mismatch_once_reached_stays_within_its_epoch() -> None:
    result = assess(SplitCounts({"v1": 200, "v2": 800}), CANARY, peak=10.0)
    assert result.verdict is Verdict.MISMATCH
    assert result.e_now < 1 < result.e_value
    assert "The latest answers fit better" in verdict_words(result).sentence


def test_the_forecast_is_about_right_for_a_healthy_split() -> None:
    first = assess(drawn({"v1": 0.2, "v2": 0.8}, 100, seed=3), CANARY)
    assert first.needed_more
    later = assess(drawn({"v1": 0.2, "v2": 0.8}, 100 + 2 * first.needed_more, seed=3), CANARY)
    assert later.verdict is Verdict.CONSISTENT


@given(
    st.dictionaries(st.sampled_from(["v1", "v2", "v3"]), st.integers(0, 400)),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 50),
)
@settings(max_examples=60, deadline=None)
def test_every_count_has_a_verdict_a_sentence_and_finite_numbers(
    by_version: dict[str, int], unknown: int, failed: int, lost: int
) -> None:
    result = assess(SplitCounts(by_version, unknown, failed, lost), CANARY)
    assert 0 <= result.e_now <= result.e_value <= LARGEST_E
    assert verdict_words(result).sentence.startswith(result.verdict.value)
    assert sum(share.answered for share in result.shares) == sum(by_version.values())
    for share in result.shares:
        assert share.low is not None
        assert share.high is not None
        assert 0 <= share.low <= share.high <= 1


def test_typed_shares() -> None:
    typed = parse_expectation(" v1=20, v2=80% ")
    assert typed.shares == {"v1": 0.2, "v2": 0.8}
    assert typed.source is ExpectationSource.TYPED
    assert parse_expectation("v1=1,v1=1,v2=2").shares == {"v1": 0.5, "v2": 0.5}


ODD = ("v1=1e308,v2=1e308", "v1=1e-320", "v1=1e400", "v1=" + "9" * 5_000, "v1=1_0", "v1=\u0663", "v1=0x1")
"""What Python takes for a number and no person means, or whose sum or share is none."""


@pytest.mark.parametrize("text", ["", "v1", "v1=", "=3", "v1=x", "v1=-1", "v1=0,v2=0", "v1=nan", "v1=inf", *ODD])
def test_shares_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(UsageError) as said:
        parse_expectation(text)
    assert said.value.hint
    assert len(said.value.what) < 200


def test_counts_add_up() -> None:
    total = SplitCounts({"v1": 1}, 1, 2, 3) + SplitCounts({"v1": 2, "v2": 5}, 10, 20, 30)
    assert total == SplitCounts({"v1": 3, "v2": 5}, 11, 22, 33)
    assert (total.answered, total.missing, total.total) == (8, 66, 74)


@pytest.mark.parametrize(("number", "rounded"), [(0.2, 1), (12.1, 13), (100, 100), (137.2, 140), (1001, 1100)])
def test_rounding_up_to_two_digits(number: float, rounded: int) -> None:
    assert two_digits(number) == rounded


HALVES = Expectation.of({"v1": 50, "v2": 50}, ExpectationSource.CONFIG, by_locality=("v1", "v2"))


def test_answers_of_channels_that_were_connecting_are_named_and_not_judged() -> None:
    found = assess(SplitCounts({"v1": 20, "v2": 20}, early={"v1": 60}), HALVES)
    assert found.verdict is Verdict.UNDECIDED
    assert caveat_sentence(found).startswith("60 answers are left out: each set has a new channel")
    plain = assess(SplitCounts({"v1": 20, "v2": 20}), HALVES)
    assert plain.needed_more is not None
    assert found.needed_more == pytest.approx(plain.needed_more * 2.5, abs=1), "so many, at the rate so far"
    assert found.shares == plain.shares


def test_a_locality_that_never_answers_is_unknown_and_said_with_what_would_tell() -> None:
    found = assess(SplitCounts(early={"v1": 600}), HALVES)
    assert (found.verdict, found.needed_more) == (Verdict.UNDECIDED, None)
    assert verdict_words(found).text.startswith("v2 answered none of 600.")
    assert "look in Channels" in verdict_words(found).text
    assert caveat_sentence(found) == ""


def test_sets_that_end_before_all_is_connected_ask_for_more() -> None:
    found = assess(SplitCounts(early={"v1": 2, "v2": 1}), HALVES)
    assert verdict_words(found).text.startswith("3 answers, each before its new channel was connected")


def test_other_answers_that_count_are_another_test() -> None:
    clusters = Expectation.of({"v1": 50, "v2": 50}, ExpectationSource.CONFIG)
    assert not HALVES.same_test(clusters)
