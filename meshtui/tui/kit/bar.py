"""A line across the screen, or some, drawn from spans, some of which can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from meshtui.tui.kit.palette import Palette, palette_of
from meshtui.tui.kit.style import Line
from meshtui.tui.kit.text import strip_of


@dataclass(frozen=True, slots=True)
class Zone:
    """Cells ``start`` to ``end`` (not included) that stand for something."""

    start: int
    end: int
    name: str


class Bar(Widget):
    """Subclasses make the line; :meth:`zones` says which cells can be clicked."""

    DEFAULT_CSS = """
    Bar { height: 1; }
    """
    ALLOW_SELECT = False
    _palette: Palette | None = None

    class Pressed(Message):
        """A zone was clicked."""

        def __init__(self, bar: Bar, name: str) -> None:
            super().__init__()
            self.bar = bar
            self.name = name

        @property
        def control(self) -> Bar:
            """The bar it happened in."""
            return self.bar

    def line(self, width: int) -> Line:
        """The line for ``width`` cells."""
        return ()

    def lines(self, width: int) -> Sequence[Line]:
        """All lines; a bar has one unless it says otherwise."""
        return (self.line(width),)

    def zones(self, width: int) -> tuple[Zone, ...]:
        """What can be clicked."""
        return ()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget_colours())

    def _forget_colours(self) -> None:
        self._palette = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._palette is None:
            self._palette = palette_of(self.app.theme_variables)
        lines = self.lines(width)
        if y >= len(lines):
            return Strip.blank(width, self.rich_style)
        return strip_of(lines[y], width, self._palette, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        for zone in self.zones(self.size.width):
            if zone.start <= event.x < zone.end:
                event.stop()
                self.post_message(self.Pressed(self, zone.name))
                return


def zones_of(line: Line, names: dict[int, str]) -> tuple[Zone, ...]:
    """Zones out of a line whose spans, by index, stand for something."""
    found: list[Zone] = []
    start = 0
    for index, piece in enumerate(line):
        end = start + cell_len(piece.text)
        if index in names:
            found.append(Zone(start, end, names[index]))
        start = end
    return tuple(found)
