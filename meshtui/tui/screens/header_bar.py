"""The first line: target, node, library, counts, liveness."""

from __future__ import annotations

from textual.reactive import reactive

from meshtui.tui.frame import Frame
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.marks import counts
from meshtui.tui.kit.style import Line
from meshtui.tui.screens.header import header_line


class HeaderBar(Bar):
    """Paints one frame's header."""

    frame: reactive[Frame | None] = reactive(None)

    _counted: tuple[object, Line] = (None, ())

    def line(self, width: int) -> Line:
        return header_line(self.frame, self._counts(self.frame), width) if self.frame else ()

    def _counts(self, frame: Frame) -> Line:
        """Counted anew only when the resources differ: the header is painted each second, of thousands at times."""
        snapshot = frame.state.snapshot
        resources = snapshot.resources if snapshot else None
        if self._counted[0] is not resources:
            self._counted = (resources, counts(snapshot))
        return self._counted[1]
