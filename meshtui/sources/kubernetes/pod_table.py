"""Rows of pods in what an API server answers: the table it prints for kubectl, or plain pods where it makes none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshtui.model.kubernetes.fields import at, objects, text
from meshtui.model.kubernetes.pod import pod_of
from meshtui.model.kubernetes.pod_row import PodRow, printed_row, row_of


class PodTable:
    """Remembers the columns: in a watch only the first table has them."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}

    def rows(self, document: object) -> tuple[PodRow, ...]:
        """The rows of a table, of a list, or of one pod."""
        kind = text(document, "kind")
        if kind == "Table":
            return tuple(self._table_rows(document))
        if kind == "Pod":
            return (row_of(pod_of(document)),)
        return tuple(row_of(pod_of(item)) for item in objects(document, "items"))

    def _table_rows(self, document: object) -> Iterator[PodRow]:
        named = [text(column, "name").lower() for column in objects(document, "columnDefinitions")]
        if named:
            self._columns = {name: index for index, name in enumerate(named)}
        for row in objects(document, "rows"):
            yield printed_row(at(row, "object"), self._cell(row, "status"), self._cell(row, "ready"))

    def _cell(self, row: Mapping[str, object], column: str) -> str:
        cells = at(row, "cells")
        index = self._columns.get(column)
        if not isinstance(cells, list) or index is None or index >= len(cells):
            return ""
        found = cells[index]
        return found if isinstance(found, str) else ""
