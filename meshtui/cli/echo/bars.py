"""The histogram of ``meshtui echo`` in plain text: one line a version, then what is in no version's share.

Shares are of all requests that came back, so that the lines together make 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Final

from meshtui.model.finding import Severity
from meshtui.model.phrases import share_words
from meshtui.model.printable import printable
from meshtui.model.split.assessment import VersionShare
from meshtui.model.split.counts import SplitCounts
from meshtui.present.blocks import bar
from meshtui.present.severity import SEVERITY_SIGNS
from meshtui.present.text_lines import TextLine, plain

CELLS: Final = 28
"""Cells of a full bar: with a short version and the numbers a line fits 80 columns."""

LONGEST_NAME: Final = 24
"""Cells for a version at most; more is cut with an ellipsis, and is whole in JSON."""


def histogram(shares: Sequence[VersionShare], counts: SplitCounts | None = None) -> list[TextLine]:
    """A line a version: bar, tick at the expected share, whiskers at the interval's ends, and the numbers; then a line
    for the failed, lost and unknown ones of ``counts``."""
    lines: list[tuple[TextLine, str]] = [(_name(share.version), _numbered(share)) for share in shares]
    counts = counts or SplitCounts()
    bad = SEVERITY_SIGNS[Severity.ERROR]
    apart: tuple[tuple[TextLine, int], ...] = (
        ((bad, " failed"), counts.failed),
        ((bad, " lost"), counts.lost),
        ("? unknown", counts.unknown),
    )
    lines += [(name, _part(number, counts.total)) for name, number in apart if number]
    width = max((len(plain(name)) for name, _ in lines), default=0)
    return [_beside(name, width, said) for name, said in lines]


def _beside(name: TextLine, width: int, said: str) -> TextLine:
    parts = (name,) if isinstance(name, str) else name
    return ("  ", *parts, " " * (width - len(plain(name))), f"  {said}".rstrip())


def interval_bar(observed: float, expected: float | None, low: float | None, high: float | None) -> str:
    """``CELLS`` cells. The bar is as long as the observed share, in eighths; ``┃`` stands at the expected share and
    ``├─┤`` spans the interval, on top of the bar where they meet."""
    cells = list(bar(observed, CELLS).ljust(CELLS))
    if low is not None and high is not None:
        left, right = _cell(low), _cell(high)
        for cell in range(left, right):
            if cells[cell] == " ":
                cells[cell] = "─"
        cells[left], cells[right] = "├", "┤"
    if expected is not None:
        cells[_cell(expected)] = "┃"
    return "".join(cells)


def interval_words(low: float, high: float) -> str:
    """The interval in whole per cent, rounded outwards: ``12–31 %``."""
    return f"{floor(round(low * 100, 6))}–{ceil(round(high * 100, 6))} %"


def _numbered(share: VersionShare) -> str:
    line = interval_bar(share.of_all, share.expected, share.low, share.high)
    line += f" {share_words(share.of_all):>7}  n {share.answered:<5}"
    if share.expected is not None:
        line += f"  want {share_words(share.expected)}"
    if share.low is not None and share.high is not None:
        line += f"  may be {interval_words(share.low, share.high)}"
    return line


def _part(number: int, total: int) -> str:
    return f"{bar(number / total, CELLS).ljust(CELLS)} {share_words(number / total):>7}  n {number}"


def _cell(share: float) -> int:
    return min(int(share * CELLS), CELLS - 1)


def _name(version: str) -> str:
    name = printable(version) or "(empty)"
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
