"""Coverage of the intervals, exactly: every path of a small number of answers is walked with its probability."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.model.split.interval import intervals


def missed_ever(shares: tuple[float, ...], truth: tuple[float, ...], length: int, alpha: float) -> float:
    """The probability that within ``length`` answers some interval, at some moment, does not hold its true share."""

    @cache
    def covers(counts: tuple[int, ...]) -> bool:
        bounds = intervals(shares, counts, alpha, 0.1)
        return all(low <= share <= high for share, (low, high) in zip(truth, bounds, strict=True))

    @cache
    def missed(counts: tuple[int, ...]) -> float:
        if not covers(counts):
            return 1.0
        if sum(counts) == length:
            return 0.0
        total = 0.0
        for version, share in enumerate(truth):
            grown = tuple(count + (version == other) for other, count in enumerate(counts))
            total += share * missed(grown)
        return total

    return missed((0,) * len(shares))


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("truth", [(0.2, 0.8), (0.35, 0.65), (0.05, 0.95)])
def test_two_versions_are_held_at_every_moment(truth: tuple[float, ...], alpha: float) -> None:
    assert missed_ever((0.2, 0.8), truth, 60, alpha) <= alpha


@pytest.mark.parametrize("truth", [(0.7, 0.2, 0.1), (0.4, 0.3, 0.3)])
def test_three_versions_are_held_together_at_every_moment(truth: tuple[float, ...]) -> None:
    assert missed_ever((0.7, 0.2, 0.1), truth, 22, 0.3) <= 0.3


def test_the_walk_finds_what_is_missed() -> None:
    """The interval is allowed to miss at a generous α, and does: so the walk above is not blind."""
    assert 0.02 < missed_ever((0.2, 0.8), (0.2, 0.8), 60, 0.9) <= 0.9


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.01, 0.99))
@settings(max_examples=80, deadline=None)
def test_an_interval_holds_the_observed_share_and_mirrors_with_two_versions(
    left: int, right: int, share: float
) -> None:
    (low, high), (other_low, other_high) = intervals((share, 1 - share), (left, right), 0.01, 0.1)
    assert 0.0 <= low <= high <= 1.0
    if left + right:
        assert low <= left / (left + right) <= high
    assert low == pytest.approx(1 - other_high, abs=3e-5)
    assert high == pytest.approx(1 - other_low, abs=3e-5)


@given(st.tuples(st.integers(0, 60), st.integers(0, 60)), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_intervals_hold_every_way_the_missing_can_have_gone(counts: tuple[int, int], missing: int) -> None:
    wide = intervals((0.2, 0.8), counts, 0.01, 0.1, missing)
    for first, second in product(range(missing + 1), repeat=2):
        if first + second != missing:
            continue
        exact = intervals((0.2, 0.8), (counts[0] + first, counts[1] + second), 0.01, 0.1)
        for (low, high), (least, most) in zip(exact, wide, strict=True):
            assert least <= low + 2e-5
            assert high <= most + 2e-5


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_configured_zero_or_one_gets_narrow_fast(share: float) -> None:
    """About 50 clean answers are enough to bound a share of 0 or 1 by the ten points of the default margin."""
    counts = (0, 60) if share == 0.0 else (60, 0)
    low, high = intervals((share, 1 - share), counts, 0.01, 0.1)[0]
    assert high - low < 0.1


def test_without_answers_everything_is_possible() -> None:
    assert intervals((0.2, 0.8), (0, 0), 0.01, 0.1) == ((0.0, 1.0), (0.0, 1.0))
