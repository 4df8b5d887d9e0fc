"""Bars and sparklines of block characters, in eighths of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

EIGHTHS: Final = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
"""The end of a bar: so many eighths of a cell, from the left."""

LEVELS: Final = "▁▂▃▄▅▆▇█"
"""The heights of a sparkline's cells, from one eighth to a whole."""


def eighths(share: float, cells: int) -> int:
    """How many eighths of a cell ``share`` (0 to 1) of ``cells`` takes; what is not nothing takes at least one."""
    found = round(min(max(share, 0.0), 1.0) * cells * 8)
    return 1 if share > 0 and not found else found


def bar(share: float, cells: int) -> str:
    """A bar of ``share`` (0 to 1) of ``cells`` cells; a share above nothing shows at least an eighth of one."""
    whole, rest = divmod(eighths(share, cells), 8)
    return "█" * whole + EIGHTHS[rest]


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
