"""P-values against reference values from SciPy (gammaincc, binomtest, chisquare) and from full enumeration."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.model.split.pvalue import PValue, chi_square, exact_multinomial, p_value, upper_gamma


@pytest.mark.parametrize(
    ("shape", "x", "expected"),
    [
        (0.5, 0.5, 0.31731050786291115),
        (0.5, 1.920729410347062, 0.05),
        (1.0, 4.60517, 0.010000001859881084),
        (1.5, 0.1, 0.9775892977616494),
        (2.0, 3.0, 0.1991482734714558),
        (4.5, 20.0, 7.598525229464264e-06),
        (50.0, 40.0, 0.9296649333406051),
        (50.0, 70.0, 0.0051405024585059085),
        (0.5, 50.0, 1.5239706048320995e-23),
        (3.0, 0.0, 1.0),
    ],
)
def test_the_incomplete_gamma_function(shape: float, x: float, expected: float) -> None:
    assert upper_gamma(shape, x) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("count", "total", "share", "expected"),
    [
        (30, 100, 0.2, 0.016945359676785184),
        (12, 50, 0.1, 0.003219921135909919),
        (0, 10, 0.3, 0.0388396033),
        (500, 1000, 0.52, 0.20573578942773957),
    ],
)
def test_the_exact_binomial(count: int, total: int, share: float, expected: float) -> None:
    result = p_value((share, 1 - share), (count, total - count))
    assert result is not None
    assert result.method == "exact"
    assert result.value == pytest.approx(expected, rel=1e-7)


def test_the_exact_trinomial() -> None:
    assert exact_multinomial((0.5, 0.3, 0.2), (5, 2, 8)) == pytest.approx(0.013183552881250003, rel=1e-9)


def test_chi_square() -> None:
    assert chi_square((0.4, 0.3, 0.3), (350, 320, 330)) == pytest.approx(0.005033364324481009, rel=1e-9)
    result = p_value((0.4, 0.3, 0.3), (350, 320, 330))
    assert result is not None
    assert result.method == "chi-square"


@given(st.integers(1, 40), st.floats(0.05, 0.95))
@settings(deadline=None)
def test_a_p_value_is_uniform_or_more_careful(total: int, share: float) -> None:
    """P(p ≤ t) ≤ t for every t, exactly, over all sequences of answers."""
    chances: dict[float, float] = {}
    for count in range(total + 1):
        value = exact_multinomial((share, 1 - share), (count, total - count))
        chance = comb(total, count) * share**count * (1 - share) ** (total - count)
        chances[value] = chances.get(value, 0.0) + chance
    running = 0.0
    for value in sorted(chances):
        running += chances[value]
        assert running <= value + 1e-9


def test_what_cannot_be_tested() -> None:
    assert p_value((0.2, 0.8), (0, 0)) is None
    assert p_value((0.0, 1.0), (1, 9)) == PValue(0.0, "exact")
    assert p_value((0.0, 1.0), (0, 9)) == PValue(1.0, "exact")
