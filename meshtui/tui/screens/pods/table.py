"""The pods, a line each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.present.pods import BY_NAME, Column, Order
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line
from meshtui.tui.screens.pods.lines import Layout, heading_line, pod_line


class PodHeading(Bar):
    """The names of the columns; as wide as a row of the table below it."""

    order: Order = BY_NAME
    every_namespace = False

    def line(self, width: int) -> Line:
        return heading_line(Layout.of(width - 1, every_namespace=self.every_namespace), self.order)


class PodTable(Rows):
    """Paints what the picker knows. The cursor stays on its pod, wherever that comes to stand."""

    def __init__(self, now: datetime, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[PodRow, ...] = ()
        self._now = now
        self._every_namespace = False
        self._layout = Layout.of(80, every_namespace=False)
        self._laid_out: tuple[int, bool] = (0, False)
        self._followed: tuple[str, str] | None = None

    def paint(self, rows: Iterable[PodRow], now: datetime, *, every_namespace: bool) -> None:
        """Show these pods as of a moment."""
        self._now, self._every_namespace = now, every_namespace
        rows = tuple(rows)
        if rows != self.rows:
            followed = self._followed
            self.rows = rows
            place = next((at for at, row in enumerate(rows) if row.key == followed), None)
            self.redraw()
            self.cursor = self.cursor if place is None else place
            if place is not None:
                self.show_cursor()
        self.redraw()

    @property
    def pod(self) -> PodRow | None:
        """The pod under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def shown_columns(self) -> frozenset[Column]:
        """The columns that there is room for."""
        return frozenset(column for column, _ in self._layout.columns)

    def count(self) -> int:
        return len(self.rows)

    def line(self, index: int, width: int) -> Line:
        key = (width, self._every_namespace)
        if key != self._laid_out:
            self._laid_out = key
            self._layout = Layout.of(width, every_namespace=self._every_namespace)
        return pod_line(self.rows[index], self._layout, self._now)

    def action_move(self, step: int) -> None:
        super().action_move(step)
        self._follow()

    def action_page(self, pages: int) -> None:
        super().action_page(pages)
        self._follow()

    def action_edge(self, side: int) -> None:
        super().action_edge(side)
        self._follow()

    def clicked(self, index: int, x: int) -> None:
        self._follow()

    def _follow(self) -> None:
        """A person put the cursor there: it stays on this pod. Until then it stays on the first row, which is the
        likeliest pod as the list fills."""
        self._followed = self.pod.key if self.pod is not None else None
