"""The rate on the screen is the rate that was asked for, not that of the batches."""

from __future__ import annotations

import pytest

from meshtui.model.echo.rate import rate_of

EVEN = [(0.4 * number, 20) for number in range(1, 30)]


@pytest.mark.parametrize("late", [0.0, 0.1, 0.2, 0.39])
def test_an_even_run_shows_exactly_its_rate(late: float) -> None:
    assert rate_of(EVEN, EVEN[-1][0] + late, 3.0) == pytest.approx(50)


def test_a_stand_falls_to_nothing() -> None:
    end = EVEN[-1][0]
    rates = [rate_of(EVEN, end + late, 3.0) for late in (0.0, 1.0, 2.0, 2.5, 3.1)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0


def test_the_first_set_and_none() -> None:
    assert rate_of([], 5.0, 3.0) == 0
    assert rate_of([(4.0, 30)], 5.0, 3.0) == 10


def test_all_at_once_is_no_division_by_nothing() -> None:
    assert rate_of([(5.0, 10), (5.0, 10)], 5.0, 3.0) == 0
