"""The first line: target, node, library, counts, liveness."""

from __future__ import annotations

from textual.reactive import reactive

from meshtui.tui.frame import Look
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.style import Line
from meshtui.tui.screens.header import counts, header_line


class HeaderBar(Bar):
    """Paints one look's header."""

    look: reactive[Look | None] = reactive(None)

    _counted: tuple[object, Line] = (None, ())

    def line(self, width: int) -> Line:
        return header_line(self.look, self._counts(self.look), width) if self.look else ()

    def _counts(self, look: Look) -> Line:
        """Counted anew only when the resources differ: the header is painted each second, of thousands at times."""
        snapshot = look.state.snapshot
        resources = snapshot.resources if snapshot else None
        if self._counted[0] is not resources:
            self._counted = (resources, counts(snapshot))
        return self._counted[1]
