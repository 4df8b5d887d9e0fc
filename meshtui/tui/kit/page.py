"""A canvas to read: scrolled, without a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType

from meshtui.tui.kit.canvas import Canvas
from meshtui.tui.kit.style import Line

Writer: TypeAlias = Callable[[int], Sequence[Line]]
"""Makes all lines for a width."""


class Page(Canvas):
    """Shows what a writer makes for its width; the writer is asked again when the width differs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False, id="page.down", tooltip="One line down"),
        Binding("up,k", "scroll_up", "Up", show=False, id="page.up", tooltip="One line up"),
        Binding(
            "pagedown,ctrl+d,ctrl+f", "page_down", "Page down", show=False, id="page.page-down", tooltip="Down a page"
        ),
        Binding("pageup,ctrl+u,ctrl+b", "page_up", "Page up", show=False, id="page.page-up", tooltip="One page up"),
        Binding("home,g", "scroll_home", "Top", show=False, id="page.top", tooltip="The first line"),
        Binding("end,G", "scroll_end", "End", show=False, id="page.end", tooltip="The last line"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._writer: Writer = lambda width: ()
        self._lines: Sequence[Line] = ()
        self._made_for = 0

    def show(self, writer: Writer, *, top: bool = False) -> None:
        """Show something else; ``top`` to begin at its first line."""
        self._writer = writer
        self._made_for = 0
        self.redraw()
        if top:
            self.scroll_home(animate=False, immediate=True)

    def redraw(self) -> None:
        if self.size.width and self._made_for != self.line_width:
            self._made_for = self.line_width
            self._lines = self._writer(self.line_width)
        super().redraw()

    def count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        return self._lines[index]

    @property
    def text(self) -> str:
        """All of it as text, for copying."""
        return "\n".join("".join(piece.text for piece in line).rstrip() for line in self._lines)
