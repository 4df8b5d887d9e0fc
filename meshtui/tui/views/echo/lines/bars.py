"""The histogram: one bar a version, a tick at the configured share, whiskers for what the true share may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor
from operator import itemgetter

from meshtui.present.blocks import EIGHTHS, eighths
from meshtui.tui.kit.style import Line, Role, Span


@dataclass(frozen=True, slots=True)
class ShareBar:
    """Shares are of 1. ``want`` and the interval are ``None`` where there is none; ``role`` is the bar's colour."""

    share: float
    role: Role
    want: float | None = None
    low: float | None = None
    high: float | None = None


def bar_line(bar: ShareBar, cells: int, *, whiskers: bool = True) -> Line:
    """The bar in exactly ``cells`` cells, which stand for 0 to 100 %."""
    full, part = divmod(eighths(bar.share, cells), 8)
    line = [Span("█", bar.role)] * full + ([Span(EIGHTHS[part], bar.role)] if part else [])
    line += [Span(" ")] * (cells - len(line))
    if whiskers and bar.low is not None and bar.high is not None:
        left, right = _place(bar.low, cells), max(min(ceil(bar.high * cells) - 1, cells - 1), 0)
        for place in range(left, right + 1) if left < right else ():
            if place != full or not part:  # the end of the bar itself is worth more than its whisker
                mark = "├" if place == left else "┤" if place == right else "─"
                line[place] = Span(mark, Role.ON, bar.role) if place < full else Span(mark, Role.DIM)
    if bar.want is not None:
        place = _place(bar.want, cells)
        line[place] = Span("┃", Role.ON, bar.role) if place < full else Span("┃", Role.STRONG)
    return merged(iter(line))


def merged(cells: Iterator[Span]) -> Line:
    """Neighbours of one colour as one span: fewer pieces are drawn faster."""
    return tuple(
        Span("".join(span.text for span in run), role, ground) for (role, ground), run in groupby(cells, key=_look_of)
    )


_look_of = itemgetter(1, 2)


def _place(share: float, cells: int) -> int:
    return min(floor(share * cells), cells - 1)
