"""A drawn line that is let go of as soon as nobody needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip


class LineStrip(Strip):
    """For lines that are painted again and again.

    Textual's strip keeps itself in its own cache when it is cut at its end only, as the compositor does with most. Held
    keys would leave the garbage collector thousands of such circles a second.
    """

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        inside = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if inside == [self.cell_length] else super().divide(inside)


def filtered(strip: Strip, filters: Iterable[LineFilter], background: Color) -> LineStrip:
    """The strip as Textual would hand it to its compositor: with colours the terminal has."""
    for filter_ in filters:
        strip = strip.apply_filter(filter_, background)
    return LineStrip(strip, strip.cell_length)
