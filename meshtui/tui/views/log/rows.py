"""The rows of a log: they stay where they are while lines come, unless one reads at the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Resize

from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_lines import LogLine, sought
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import EMPTY, Line
from meshtui.tui.views.log.layout import Layout, Picked
from meshtui.tui.views.log.lines import Columns, row_line


class LogRows(Rows):
    """``follows`` while the last line is in sight and the cursor on it: then what comes is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Whole", show=False, id="rows.open", tooltip="Long lines whole, or cut"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.layout_ = Layout()
        self.follows = True
        self.wrapped = False
        self.ages = False
        self.only_mesh = False
        self.only_trouble = False
        self.typed = ""
        self._key: object = None
        self._book = LogBook()
        self._now = datetime.now(UTC)
        self._columns = Columns(80, self._now)
        self._words: tuple[str, ...] = ()
        self._seen = -1
        self._painting = False

    # what is shown

    def paint(self, key: object, book: LogBook, now: datetime) -> None:
        """Show a log, which ``key`` tells from others, as it is now."""
        if key != self._key:
            self._key, self.follows = key, True
        self._book, self._now = book, now
        self.repaint()

    def repaint(self) -> None:
        """The same with other lines left out, or drawn otherwise."""
        number, offset = self.number, self.cursor - self.scroll_offset.y
        self._words = sought(self.typed)
        self._columns = self._columns_now()
        picked = Picked(self._columns.text, self.wrapped, self._columns.wide, self.only_mesh, self.only_trouble)
        self._painting = True
        try:
            gone = self.layout_.update(self._key, self._book, picked, self.typed)
            self.redraw()
            self._place(gone, number, offset)
        finally:
            self._painting = False

    def _place(self, gone: int | None, number: int | None, offset: int) -> None:
        """Cursor and sight stay on the lines they were on, or at the end."""
        last = max(self.count() - 1, 0)
        if self.follows:
            self._set_cursor(last)
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
            self._seen = self.layout_.rows[-1].number if self.layout_.rows else -1
        elif gone is None:
            cursor = min(self.layout_.first_row(number or 0), last)
            self._set_cursor(cursor)
            self.scroll_to(y=max(cursor - offset, 0), animate=False, immediate=True)
        elif gone:
            self._set_cursor(max(self.cursor - gone, 0))
            self.scroll_to(y=max(self.scroll_offset.y - gone, 0), animate=False, immediate=True)
        self.redraw()

    def _set_cursor(self, cursor: int) -> None:
        """Without scrolling there."""
        self.set_reactive(Rows.cursor, cursor)

    def _columns_now(self) -> Columns:
        oldest = next((line.at for line in self._book.lines if line.at is not None), None)
        days = oldest is not None and oldest.astimezone(UTC).date() != self._now.astimezone(UTC).date()
        width = self.line_width if self.size.width else self.app.size.width - 1  # while it is not displayed
        return Columns(width, self._now, days=days, ages=self.ages)

    def count(self) -> int:
        return len(self.layout_.rows)

    def line(self, index: int, width: int) -> Line:
        row = self.layout_.rows[index]
        if row.number < self._book.dropped:
            return EMPTY
        return row_line(row, self._book.line(row.number), self._columns, self._words)

    def over(self, index: int) -> Style | None:
        """The cursor is on a whole line, however many rows it has."""
        rows = self.layout_.rows
        if not 0 <= self.cursor < len(rows):
            return None
        return self.cursor_style() if rows[index].number == rows[self.cursor].number else None

    # where one is

    @property
    def number(self) -> int | None:
        """The number of the line under the cursor."""
        return self.layout_.rows[self.cursor].number if 0 <= self.cursor < self.count() else None

    @property
    def chosen(self) -> LogLine | None:
        """The line under the cursor."""
        number = self.number
        return self._book.line(number) if number is not None and number >= self._book.dropped else None

    @property
    def unseen(self) -> int:
        """Lines that came since one has left the end."""
        return 0 if self.follows else self.layout_.lines_after(self._seen)

    def go_to(self, number: int) -> None:
        """Put the cursor on a line."""
        self.cursor = self.layout_.first_row(number)

    def to_end(self) -> None:
        """Read at the end again."""
        self.follows = True
        self.repaint()

    # how one moves

    def watch_cursor(self, before: int, cursor: int) -> None:
        super().watch_cursor(before, cursor)
        self._moved()
        self.redraw()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._moved()

    def _moved(self) -> None:
        if not self._painting and self.count():
            on_last = self.number == self.layout_.rows[-1].number
            at_end = on_last and self.scroll_offset.y >= self.max_scroll_y
            if at_end != self.follows:
                self.follows = at_end
                self.post_message(self.Moved(self))

    def action_edge(self, side: int) -> None:
        if side > 0:
            self.to_end()
            self.post_message(self.Moved(self))
        else:
            super().action_edge(side)

    def on_resize(self, event: Resize | None = None) -> None:
        self.repaint()
        super().on_resize()
