"""The config as a tree: ten thousand resources stay quick, the cursor and the folds survive every change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from textual.binding import Binding, BindingType

from meshtui.model.xds.graph import EMPTY_GRAPH, Graph, Node
from meshtui.model.xds.resource import ResourceKey
from meshtui.present.tree_rows import SMALL_TREE, Filter, Path, Texts, TreeRow, nearest, next_match, path_to, rows, size
from meshtui.tui.frame import Frame
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import EMPTY, Line
from meshtui.tui.views.config.lines.tree import GUIDE, tree_line


@dataclass(slots=True)
class Folding:
    """What is unfolded in one target's tree, and where the cursor was. ``open_all`` is decided once, when the first
    config is seen, so that a tree that grows does not fold itself."""

    open_all: bool | None = None
    chosen: dict[Path, bool] = field(default_factory=dict)
    cursor: Path = ()

    def unfolded(self, path: Path, node: Node) -> bool:
        """Whether the children of a row are shown."""
        return self.chosen.get(path, bool(self.open_all))


class ConfigTree(Rows):
    """Paints the graph of a frame; posts :class:`Rows.Moved` and :class:`Rows.Entered`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,l", "unfold", "Unfold", show=False, id="tree.unfold", tooltip="Unfold, or go to the first child"
        ),
        Binding("left,h", "fold", "Fold", show=False, id="tree.fold", tooltip="Fold, or go to the parent"),
        Binding("plus", "fold_all(False)", "Unfold all", show=False, id="tree.unfold-all", tooltip="Unfold everything"),
        Binding("minus", "fold_all(True)", "Fold all", show=False, id="tree.fold-all", tooltip="Fold everything"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._filter = Filter()
        self._rows: tuple[TreeRow, ...] = ()
        self._index: dict[Path, int] = {}
        self._foldings: dict[str, Folding] = {}
        self._folding = Folding()
        self._texts = Texts(EMPTY_GRAPH)

    def paint(self, frame: Frame, filter_: Filter) -> None:
        """Show a frame through a filter. Rows are listed anew only when the graph or the filter differs."""
        before, self._frame = self._frame, frame
        if before is None or before.state.target != frame.state.target:
            self._folding = self._foldings.setdefault(frame.state.target, Folding())
            before = None
        same = before is not None and before.state.graph is frame.state.graph and filter_ == self._filter
        self._filter = filter_
        if same:
            self.redraw()
        else:
            self._list()

    @property
    def graph(self) -> Graph | None:
        """The graph shown."""
        return self._frame.state.graph if self._frame else None

    @property
    def row(self) -> TreeRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def shown(self) -> int:
        """How many rows the filter left."""
        return len(self._rows)

    def count(self) -> int:
        return len(self._rows)

    def line(self, index: int, width: int) -> Line:
        return tree_line(self._rows[index], self._frame, width) if self._frame else EMPTY

    def go_to(self, key: ResourceKey) -> bool:
        """Unfold the way to a resource and put the cursor there. False when it is not in the tree."""
        path = path_to(self.graph, key) if self.graph else None
        return path is not None and self.go_to_path(path)

    def go_to_path(self, path: Path) -> bool:
        """Unfold the way to a row and put the cursor there. False when the filter hides it."""
        for length in range(1, len(path)):
            self._folding.chosen[path[:length]] = True
        self._folding.cursor = path
        self._list()
        return path in self._index

    def seek(self, words: tuple[str, ...], step: int) -> bool:
        """Go to the next row that matches. False when nothing does."""
        row = self.row
        path = next_match(self._texts, words, row.path if row else None, step)
        return path is not None and self.go_to_path(path)

    def watch_cursor(self, before: int, cursor: int) -> None:
        row = self.row
        if row is not None:
            self._folding.cursor = row.path
        super().watch_cursor(before, cursor)

    def action_unfold(self) -> None:
        row = self.row
        if row is None or row.unfolded is None:
            return
        if row.unfolded:
            self.action_move(1)
        else:
            self._set(row, True)

    def action_fold(self) -> None:
        row = self.row
        if row is None:
            return
        if row.unfolded:
            self._set(row, False)
        elif row.depth:
            self.cursor = self._index.get(row.path[:-1], self.cursor)

    def action_fold_all(self, fold: bool) -> None:
        self._folding.chosen.clear()
        self._folding.open_all = not fold
        self._list()

    def clicked(self, index: int, x: int) -> None:
        row = self._rows[index]
        fold = 1 + GUIDE * row.depth
        if row.unfolded is not None and fold <= x <= fold + 1:
            self._set(row, not row.unfolded)

    def _set(self, row: TreeRow, unfolded: bool) -> None:
        self._folding.chosen[row.path] = unfolded
        self._list()

    def _list(self) -> None:
        graph = self.graph
        if graph is None:
            return
        if self._texts.graph is not graph:
            self._texts = Texts(graph)
        if self._folding.open_all is None and graph.roots:
            self._folding.open_all = size(graph, SMALL_TREE + 1) <= SMALL_TREE
        self._rows = rows(graph, self._folding.unfolded, self._filter, self._texts)
        self._index = {row.path: place for place, row in enumerate(self._rows)}
        place = nearest(self._rows, self._index, self._folding.cursor, self.cursor)
        self.redraw()
        moved = place != self.cursor
        self.cursor = place
        if not moved:
            self.show_cursor()
            self.post_message(self.Moved(self))
