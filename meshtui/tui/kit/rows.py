"""A canvas with a cursor: lists, tables and trees."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var

from meshtui.tui.kit.canvas import Canvas


def _move(key: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(key, action, name, show=False, id=f"rows.{name}", tooltip=tooltip)


class Rows(Canvas):
    """The cursor stays on selectable rows and in sight. Posts :class:`Moved` and :class:`Entered`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _move("down,j", "move(1)", "down", "One row down"),
        _move("up,k", "move(-1)", "up", "One row up"),
        _move("pagedown,ctrl+d,ctrl+f", "page(1)", "page-down", "One page down"),
        _move("pageup,ctrl+u,ctrl+b", "page(-1)", "page-up", "One page up"),
        _move("home,g", "edge(-1)", "first", "The first row"),
        _move("end,G", "edge(1)", "last", "The last row"),
        Binding("enter", "enter", "Open", id="rows.open", tooltip="Go into what the cursor is on"),
    ]

    cursor: var[int] = var(0, init=False)

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            """The list it happened in."""
            return self.rows

    class Entered(Moved):
        """The row under the cursor was chosen, by ``enter`` or by a double click."""

    def selectable(self, index: int) -> bool:
        """Whether the cursor may stand there."""
        return True

    def over(self, index: int) -> Style | None:
        return self.cursor_style() if index == self.cursor and self.selectable(index) else None

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count() - 1))

    def watch_cursor(self, before: int, cursor: int) -> None:
        for index in (before, cursor):
            self.redraw_line(index)
        self.show_cursor()
        self.post_message(self.Moved(self))

    def show_cursor(self) -> None:
        """Scroll so that the cursor can be seen."""
        if self.count():
            self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True, immediate=True, x_axis=False)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_move(self, step: int) -> None:
        """To the next selectable row that way; where there is none, scroll, so that the rest can be read."""
        index = self.cursor + step
        while 0 <= index < self.count():
            if self.selectable(index):
                self.cursor = index
                return
            index += step
        self.scroll_relative(y=step, animate=False)

    def action_page(self, pages: int) -> None:
        step = max(self.size.height - 1, 1) * pages
        self._settle(self.cursor + step, -1 if pages > 0 else 1)

    def action_edge(self, side: int) -> None:
        if side > 0:
            self._settle(self.count() - 1, -1)
            self.scroll_end(animate=False)
        else:
            self._settle(0, 1)
            self.scroll_home(animate=False)

    def _settle(self, index: int, towards: int) -> None:
        """The nearest selectable row to ``index``, looked for ``towards`` where there is one."""
        index = self.validate_cursor(index)
        while 0 <= index < self.count():
            if self.selectable(index):
                self.cursor = index
                return
            index += towards

    def action_enter(self) -> None:
        if self.count() and self.selectable(self.cursor):
            self.post_message(self.Entered(self))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if not 0 <= index < self.count() or not self.selectable(index):
            return
        event.stop()
        self.cursor = index
        if event.chain > 1:
            self.action_enter()
        else:
            self.clicked(index, event.x)

    def clicked(self, index: int, x: int) -> None:
        """A row was clicked once, ``x`` cells from its start."""
