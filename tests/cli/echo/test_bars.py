"""The histogram in plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.cli.echo.bars import CELLS, LONGEST_NAME, histogram, interval_bar, interval_words
from meshtui.model.split.assessment import VersionShare, assess
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.typed import parse_expectation
from meshtui.present.text_lines import plain

SHARES = st.floats(0, 1)


@given(SHARES, st.none() | SHARES, SHARES, SHARES)
def test_a_bar_is_always_as_wide_as_the_others(observed: float, expected: float | None, one: float, two: float) -> None:
    line = interval_bar(observed, expected, min(one, two), max(one, two))
    assert len(line) == CELLS
    assert ("┃" in line) == (expected is not None)
    assert line.isprintable()


@pytest.mark.parametrize(
    ("observed", "drawn"),
    [(0.0, ""), (0.001, "▏"), (0.5, "█" * (CELLS // 2)), (1.0, "█" * CELLS), (1 / CELLS / 2, "▌")],
)
def test_a_bar_is_as_long_as_the_share_in_eighths(observed: float, drawn: str) -> None:
    assert interval_bar(observed, None, None, None).rstrip() == drawn


def test_tick_and_whiskers_stand_at_their_shares() -> None:
    line = interval_bar(0.0, 0.5, 0.25, 0.75)
    assert (line.index("├"), line.index("┃"), line.index("┤")) == (CELLS // 4, CELLS // 2, CELLS * 3 // 4)
    assert set(line) == {" ", "├", "─", "┃", "┤"}


def test_an_interval_is_rounded_outwards() -> None:
    assert interval_words(0.1299, 0.3101) == "12–32 %"
    assert interval_words(0.12, 0.31) == "12–31 %"
    assert interval_words(0.0, 1.0) == "0–100 %"


def test_a_line_a_version_with_its_numbers() -> None:
    shares = assess(SplitCounts({"v1": 80, "v2": 320}), parse_expectation("v1=20,v2=80")).shares
    first, second = map(plain, histogram(shares))
    assert first.split()[0] == "v1"
    assert "20 %  n 80     want 20 %  may be" in first
    assert len(first) == len(second)


def test_versions_are_made_harmless_and_short() -> None:
    shares = (
        VersionShare("\x1b[2Jx", answered=1, observed=0.5),
        VersionShare("long" * 40, answered=1, observed=0.5),
        VersionShare("", answered=0, observed=0.0),
    )
    lines = [plain(line) for line in histogram(shares)]
    assert "␛[2Jx" in lines[0]
    assert ("long" * 40)[: LONGEST_NAME - 1] + "…" in lines[1]
    assert "(empty)" in lines[2]
    assert max(map(len, lines)) < 80
