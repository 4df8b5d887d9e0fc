"""The config as a table, by type."""

from __future__ import annotations

from meshtui.model.xds.resource import Resource, ResourceKey
from meshtui.present.tree_rows import Filter
from meshtui.tui.frame import Frame
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import EMPTY, Line
from meshtui.tui.views.config.lines.table import TableRow, heading, searchable, table_line, table_rows


class TableHeading(Bar):
    """The names of the columns; as wide as a row of the table below it."""

    def line(self, width: int) -> Line:
        return heading(width - 1)


class ConfigTable(Rows):
    """Paints the resources of a frame."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._filter = Filter()
        self._rows: tuple[TableRow, ...] = ()
        self._keys: dict[str, ResourceKey] = {}

    def paint(self, frame: Frame, filter_: Filter) -> None:
        """Show a frame through a filter."""
        before, self._frame = self._frame, frame
        same = before is not None and before.state.snapshot is frame.state.snapshot and filter_ == self._filter
        self._filter = filter_
        if same:
            self.redraw()
            return
        target = frame.state.target
        key = self._keys.get(target)
        self._rows = table_rows(frame.state.snapshot, filter_)
        place = next((at for at, row in enumerate(self._rows) if row.resource.key == key), self.cursor)
        self.redraw()
        self.cursor = place
        self.post_message(self.Moved(self))

    @property
    def resource(self) -> Resource | None:
        """The resource under the cursor."""
        return self._rows[self.cursor].resource if 0 <= self.cursor < len(self._rows) else None

    @property
    def shown(self) -> int:
        """How many rows the filter left."""
        return len(self._rows)

    def count(self) -> int:
        return len(self._rows)

    def line(self, index: int, width: int) -> Line:
        return table_line(self._rows[index], self._frame, width) if self._frame else EMPTY

    def watch_cursor(self, before: int, cursor: int) -> None:
        if self._frame is not None and self.resource is not None:
            self._keys[self._frame.state.target] = self.resource.key
        super().watch_cursor(before, cursor)

    def go_to(self, key: ResourceKey) -> bool:
        """Put the cursor on a resource. False when it is not there."""
        for place, row in enumerate(self._rows):
            if row.resource.key == key:
                self.cursor = place
                return True
        return False

    def seek(self, words: tuple[str, ...], step: int) -> bool:
        """Go to the next row that matches. False when nothing does."""
        count = len(self._rows)
        for distance in range(1, count + 1):
            place = (self.cursor + step * distance) % count
            text = searchable(self._rows[place].resource)
            if words and all(word in text for word in words):
                self.cursor = place
                return True
        return False
