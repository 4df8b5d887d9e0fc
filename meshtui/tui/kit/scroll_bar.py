"""A scroll bar that repaints the cells that differ: a cursor that moves down a long list moves it by less than one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.reactive import var
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

from meshtui.tui.kit.line_strip import filtered


class LineScrollBar(ScrollBar):
    """Looks and acts as Textual's, standing upright."""

    position: var[float] = var(0.0)

    _cells: Sequence[Segment] = ()
    """What was painted, from the top."""

    def watch_position(self) -> None:
        if self.parent is None:  # its screen is being closed while it scrolls
            return
        cells = self._bar()
        if len(cells) != len(self._cells):
            self.refresh()
            return
        pairs = enumerate(zip(self._cells, cells, strict=True))
        differing = [Region(0, y, self.size.width, 1) for y, (before, cell) in pairs if before != cell]
        if differing:
            self.refresh(*differing)

    def render_lines(self, crop: Region) -> list[Strip]:
        _, background = self.background_colors
        filters = self.get_line_filters()
        self._cells = self._bar()
        strips = {cell: filtered(Strip([cell], self.thickness), filters, background) for cell in set(self._cells)}
        return [strips[self._cells[y]] for y in crop.line_range]

    def _bar(self) -> Sequence[Segment]:
        """Each cell of the bar as it stands."""
        bar = self.render()
        if not isinstance(bar, ScrollBarRender) or not isinstance(bar.style, Style):
            return ()
        style = bar.style
        if style.color is None or style.bgcolor is None:
            return ()
        drawn = bar.render_bar(
            size=self.size.height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=bar.thickness,
            back_color=style.bgcolor,
            bar_color=style.color,
        )
        return list(drawn.segments)
