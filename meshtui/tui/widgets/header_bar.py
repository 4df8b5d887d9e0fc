"""The first line: target, node, library, counts, liveness."""

from __future__ import annotations

from textual.reactive import reactive

from meshtui.tui.ink import Line
from meshtui.tui.lines.header import header_line
from meshtui.tui.look import Look
from meshtui.tui.widgets.bar import Bar


class HeaderBar(Bar):
    """Paints one look's header."""

    look: reactive[Look | None] = reactive(None)

    def line(self, width: int) -> Line:
        return header_line(self.look, width) if self.look else ()
