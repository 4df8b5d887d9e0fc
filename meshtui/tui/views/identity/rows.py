"""Rows of the identity view: some fold, some lead elsewhere, all can be copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, TypeAlias

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message

from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line
from meshtui.tui.views.identity.lines.entry import IdentityEntry

Write: TypeAlias = Callable[[int], Iterator[IdentityEntry]]
"""Makes all rows for a width."""


class IdentityRows(Rows):
    """Shows what a writer makes; the cursor stays with the row it was on, whatever comes and goes above it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "fold(False)", "Unfold", show=False, id="identity.unfold", tooltip="Open this row"),
        Binding("left,h", "fold(True)", "Fold", show=False, id="identity.fold", tooltip="Close this row"),
    ]

    class Folded(Message):
        """A row that folds was turned over."""

        def __init__(self, entry: IdentityEntry) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._write: Write = lambda width: iter(())
        self._entries: tuple[IdentityEntry, ...] = ()
        self._at = ""

    @property
    def entry(self) -> IdentityEntry | None:
        """What the cursor is on."""
        return self._entries[self.cursor] if 0 <= self.cursor < len(self._entries) else None

    def paint(self, write: Write) -> None:
        """Show what ``write`` makes now."""
        self._write = write
        self.redraw()

    def go_to(self, nearness: Callable[[IdentityEntry], int]) -> None:
        """Put the cursor on the nearest row; where all are at 0 it stays."""
        best = max(range(len(self._entries)), key=lambda place: nearness(self._entries[place]), default=0)
        if self._entries and nearness(self._entries[best]):
            self.cursor = best
            self.show_cursor()

    def redraw(self) -> None:
        if self.size.width:
            self._entries = tuple(self._write(self.line_width))
            self._settle_cursor()
        super().redraw()

    def lines_at(self, width: int) -> int:
        """How many rows there are at a width."""
        return sum(1 for _ in self._write(width))

    def _settle_cursor(self) -> None:
        places = [place for place, entry in enumerate(self._entries) if entry.id]
        same = next((place for place in places if self._entries[place].id == self._at), None)
        wanted = same if same is not None else next((place for place in places if place >= self.cursor), None)
        self.set_reactive(IdentityRows.cursor, wanted if wanted is not None else places[-1] if places else 0)
        self._at = self.entry.id if self.entry is not None else ""

    def watch_cursor(self, before: int, cursor: int) -> None:
        self._at = self.entry.id if self.entry is not None else ""
        super().watch_cursor(before, cursor)

    def over(self, index: int) -> Style | None:
        return super().over(index) if self.has_focus else None

    def selectable(self, index: int) -> bool:
        return index < len(self._entries) and bool(self._entries[index].id)

    def count(self) -> int:
        return len(self._entries)

    def line(self, index: int, width: int) -> Line:
        return self._entries[index].line

    def clicked(self, index: int, x: int) -> None:
        if self._entries[index].folds:
            self.post_message(self.Folded(self._entries[index]))

    def action_fold(self, fold: bool) -> None:
        entry = self.entry
        if entry is not None and entry.open is fold:
            self.post_message(self.Folded(entry))
