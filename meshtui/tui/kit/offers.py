"""Values offered below a field: they are searched by what is typed there, and the cursor is moved from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, fit, span

MOST_SHOWN: Final = 8
"""Offers seen at a time: with them the whole form still fits on 24 lines."""


class OfferRows(Rows, can_focus=False):
    """The offers that match; the cursor is moved from the field above and may be on none (-1)."""

    class Clicked(Rows.Moved):
        """The offer under the pointer was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.offers: tuple[str, ...] = ()
        self.set_reactive(Rows.cursor, -1)

    def offer(self, offers: Sequence[str], cursor: int) -> None:
        """Show other offers."""
        self.offers = tuple(offers)
        self.cursor = cursor
        self.styles.height = min(len(self.offers), MOST_SHOWN)
        self.redraw()

    @property
    def chosen(self) -> str | None:
        """The offer the cursor is on."""
        return self.offers[self.cursor] if 0 <= self.cursor < len(self.offers) else None

    def count(self) -> int:
        return len(self.offers)

    def validate_cursor(self, cursor: int) -> int:
        return max(-1, min(cursor, self.count() - 1))

    def show_cursor(self) -> None:
        if self.cursor >= 0:
            super().show_cursor()

    def clicked(self, index: int, x: int) -> None:
        self.post_message(self.Clicked(self))

    def line(self, index: int, width: int) -> Line:
        mark = Span(" › " if index == self.cursor else "   ", Role.ACCENT)
        return fit((mark, span(cut(self.offers[index], max(width - 4, 8)), Role.TEXT)), width)


class OfferInput(Input):
    """``down`` and ``up`` move among the offers below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Next", show=False, id="offers.next", tooltip="The next that matches"),
        Binding("up", "step(-1)", "Before", show=False, id="offers.before", tooltip="The one before"),
        Binding("pagedown", "step(8)", "Page", show=False, id="offers.page", tooltip="Some further"),
        Binding("pageup", "step(-8)", "Page", show=False, id="offers.page-before", tooltip="Some back"),
    ]

    class Stepped(Message):
        """Another offer is meant."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def action_step(self, step: int) -> None:
        self.post_message(self.Stepped(step))
