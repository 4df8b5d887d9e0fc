"""What other widgets stand in."""

from __future__ import annotations

from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from meshtui.tui.kit.line_strip import filtered


class Backdrop(Widget):
    """Paints its background and nothing else: no border, no text, no opacity.

    Textual draws each of its lines with all that a style can say, though other widgets cover nearly all of them; on a
    screen of 160×45 that held the event loop for longer than a key may wait (``bench/screen.py`` tells the holds).
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        _, background = self.background_colors
        blank = filtered(Strip.blank(crop.width, self.rich_style), self.get_line_filters(), background)
        return [blank] * crop.height


class Column(Vertical, Backdrop):
    """Widgets one below the other."""


class Row(Horizontal, Backdrop):
    """Widgets side by side."""
