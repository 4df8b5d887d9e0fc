"""The histogram: one bar a version, a tick at the configured share, whiskers for what the true share may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

from meshtui.tui.ink import Line, Role, Span

_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Bar:
    """Shares are of 1. ``want`` and the interval are ``None`` where there is none; ``role`` is the bar's colour."""

    share: float
    role: Role
    want: float | None = None
    low: float | None = None
    high: float | None = None


def bar_line(bar: Bar, cells: int, *, whiskers: bool = True) -> Line:
    """The bar in exactly ``cells`` cells, which stand for 0 to 100 %."""
    return merged(_cell(bar, index, cells, whiskers) for index in range(cells))


def merged(cells: Iterator[Span]) -> Line:
    """Neighbours of one look as one span: fewer pieces are drawn faster."""
    return tuple(
        Span("".join(span.text for span in run), role, ground)
        for (role, ground), run in groupby(cells, key=lambda span: span[1:])
    )


def _cell(bar: Bar, index: int, cells: int, whiskers: bool) -> Span:
    eighths = _fill(bar.share, cells) - 8 * index
    full = eighths >= 8
    ground = bar.role if full else None
    if bar.want is not None and index == _place(bar.want, cells):
        return Span("┃", Role.ON if full else Role.STRONG, ground)
    mark = _whisker(bar, index, cells) if whiskers and not 0 < eighths < 8 else ""
    if mark:
        return Span(mark, Role.ON if full else Role.DIM, ground)
    if full:
        return Span("█", bar.role)
    return Span(_EIGHTHS[eighths], bar.role) if eighths > 0 else Span(" ")


def _fill(share: float, cells: int) -> int:
    """Eighths of cells; what is not nothing shows at least one."""
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    return 1 if share > 0 and not eighths else eighths


def _place(share: float, cells: int) -> int:
    return min(floor(share * cells), cells - 1)


def _whisker(bar: Bar, index: int, cells: int) -> str:
    if bar.low is None or bar.high is None:
        return ""
    left, right = _place(bar.low, cells), max(min(ceil(bar.high * cells) - 1, cells - 1), 0)
    if not left <= index <= right or left == right:
        return ""
    return "├" if index == left else "┤" if index == right else "─"
