"""Bars and sparklines in eighths of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def bar(share: float, cells: int) -> str:
    """A bar of ``share`` (0 to 1) of ``cells`` cells; a share above nothing shows at least an eighth of one."""
    share = min(max(share, 0.0), 1.0)
    eighths = round(share * cells * 8)
    if share > 0 and not eighths:
        eighths = 1
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


LEVELS: Final = "▁▂▃▄▅▆▇█"
"""The heights of a sparkline's cells."""


def sparkline(values: Sequence[float], cells: int) -> str:
    """The newest ``cells`` values, the greatest of them a whole cell high; what is above nothing is seen as that."""
    shown = values[-cells:] if cells > 0 else ()
    most = max(shown, default=0.0)
    return "".join(LEVELS[max(round(value / most * 7), 1)] if value > 0 else LEVELS[0] for value in shown)


def squeezed(values: Sequence[float], cells: int) -> tuple[float, ...]:
    """At most ``cells`` values that stand for all: the mean of as many neighbours as need be."""
    if cells <= 0 or len(values) <= cells:
        return tuple(values)
    edges = [place * len(values) // cells for place in range(cells + 1)]
    return tuple(sum(values[low:high]) / (high - low) for low, high in pairwise(edges))
