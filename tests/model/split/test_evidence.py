"""The e-process by enumeration: its expectation under the null is exactly 1, and missing answers only lower it."""

from __future__ import annotations

from itertools import product
from math import exp, inf, log, prod

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meshtui.model.split.evidence import (
    UNEXPECTED,
    Component,
    log_evidence,
    log_marginal,
    log_null,
    log_sum_exp,
    pour,
    prior,
)

SHARES = [(0.2, 0.8), (0.5, 0.5), (0.01, 0.99), (0.7, 0.2, 0.1), (0.25, 0.25, 0.25, 0.25), (0.999, 0.001)]

shares_strategy = st.lists(st.integers(1, 100), min_size=2, max_size=4).map(
    lambda weights: tuple(weight / sum(weights) for weight in weights)
)


def counts_of(sequence: tuple[int, ...], versions: int) -> list[int]:
    return [sequence.count(version) for version in range(versions)]


@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("margin", [0.02, 0.1, 0.3])
def test_the_expectation_under_the_null_is_one_at_every_length(shares: tuple[float, ...], margin: float) -> None:
    for length in range(6):
        expected = sum(
            prod(shares[version] for version in sequence)
            * exp(log_evidence(shares, counts_of(sequence, len(shares)), margin))
            for sequence in product(range(len(shares)), repeat=length)
        )
        assert expected == pytest.approx(1.0, abs=1e-9)


@given(shares_strategy, st.lists(st.integers(0, 40), min_size=4, max_size=4), st.sampled_from([0.03, 0.1, 0.25]))
def test_the_next_value_is_on_average_the_present_one(
    shares: tuple[float, ...], seen: list[int], margin: float
) -> None:
    counts = seen[: len(shares)]
    now = exp(log_evidence(shares, counts, margin))
    following = 0.0
    for version, share in enumerate(shares):
        grown = [count + (version == other) for other, count in enumerate(counts)]
        following += share * exp(log_evidence(shares, grown, margin))
    assert following == pytest.approx(now, rel=1e-8)


@given(shares_strategy, st.lists(st.integers(0, 12), min_size=4, max_size=4), st.integers(1, 6))
@example((1 / 6, 1 / 6, 1 / 6, 1 / 2), [0, 0, 11, 0], 4)
@settings(max_examples=60, deadline=None)
def test_missing_answers_give_a_lower_bound_over_every_way_to_spread_them(
    shares: tuple[float, ...], seen: list[int], missing: int
) -> None:
    counts = seen[: len(shares)]
    bound = log_evidence(shares, counts, 0.1, missing)
    ways = (way for way in product(range(missing + 1), repeat=len(shares)) if sum(way) == missing)
    least = min(log_evidence(shares, [a + b for a, b in zip(counts, way, strict=True)], 0.1) for way in ways)
    assert bound <= least + 1e-9


def test_the_lower_bound_is_not_idle() -> None:
    """With few missing answers among many the bound stays near the value, so that a real mismatch is still found."""
    full = log_evidence((0.2, 0.8), (120, 180), 0.1)
    assert full > log_evidence((0.2, 0.8), (120, 180), 0.1, missing=6) > full - 5


@given(shares_strategy, st.lists(st.integers(0, 50), min_size=4, max_size=4), st.integers(1, 300))
def test_pouring_is_as_good_as_taking_the_lowest_level_one_by_one(
    shares: tuple[float, ...], seen: list[int], missing: int
) -> None:
    counts = seen[: len(shares)]
    alphas = [10 * share for share in shares]
    filled = pour(counts, alphas, shares, missing)
    assert sum(filled) == sum(counts) + missing
    assert all(after >= before for after, before in zip(filled, counts, strict=True))
    single = list(counts)
    for _ in range(missing):
        levels = [(alpha + count) / share for alpha, count, share in zip(alphas, single, shares, strict=True)]
        single[levels.index(min(levels))] += 1
    component = Component(1.0, tuple(alphas))
    value, best = (log_marginal(component, each) - log_null(shares, each) for each in (filled, single))
    assert value == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize("shares", SHARES)
def test_the_prior_is_a_distribution_inside_the_simplex(shares: tuple[float, ...]) -> None:
    mixture = prior(shares, 0.1)
    assert sum(component.weight for component in mixture) == pytest.approx(1.0)
    assert all(alpha > 0 for component in mixture for alpha in component.alphas)


def test_an_answer_from_where_none_may_come_is_impossible() -> None:
    assert log_evidence((0.0, 1.0), (1, 500), 0.1) == UNEXPECTED
    assert log_evidence((0.0, 0.5, 0.5), (0, 5, 5), 0.1) == pytest.approx(log_evidence((0.5, 0.5), (5, 5), 0.1))


def test_one_version_alone_gives_no_evidence_against_itself() -> None:
    assert log_evidence((1.0,), (1000,), 0.1) == 0.0
    assert log_evidence((0.0, 1.0), (0, 1000), 0.1) == 0.0


def test_many_answers_do_not_overflow() -> None:
    assert log_evidence((0.2, 0.8), (2_000_000, 8_000_000), 0.1) < 0
    assert log_evidence((0.2, 0.8), (9_000_000, 1_000_000), 0.1) > 1e6


def test_log_sum_exp() -> None:
    assert log_sum_exp([log(1), log(2), log(3)]) == pytest.approx(log(6))
    assert log_sum_exp([-5000.0, -5000.0]) == pytest.approx(-5000 + log(2))
    assert log_sum_exp([inf, 0.0]) == inf
