"""Lines drawn straight into the terminal's cells: only what is visible is made, whatever the length."""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from meshtui.tui.kit.line_strip import filtered
from meshtui.tui.kit.palette import Palette, cursor_style, palette_of
from meshtui.tui.kit.scroll_bar import LineScrollBar
from meshtui.tui.kit.style import EMPTY, Line
from meshtui.tui.kit.text import strip_of


class _Shown(NamedTuple):
    """A line and what goes over it."""

    line: Line
    over: Style | None


class _Look(NamedTuple):
    """What a line looks like depends on this, besides its spans."""

    cells: int
    """Cells a line has."""
    width: int
    """Cells of the canvas: one more where a scroll bar could be."""
    base: Style
    background: Color
    filters: tuple[LineFilter, ...]


class Canvas(ScrollView, can_focus=True):
    """A scrolling list of lines. Subclasses say how many there are and what each is.

    What was painted is remembered line by line, so that :meth:`redraw` paints only what differs, and lines go to the
    compositor as they are: a canvas has neither border, padding nor opacity, which belong to what it stands in.
    """

    DEFAULT_CSS = """
    Canvas {
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        scrollbar-color: $foreground 15%;
        scrollbar-color-hover: $foreground 30%;
        scrollbar-color-active: $primary;
    }
    """

    _shown: dict[int, _Shown]
    _strips: dict[int, Strip]
    _look: _Look
    _blank: Strip
    _palette: Palette | None = None
    _over: dict[bool, Style]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown = {}
        self._strips = {}
        self._look = _Look(1, 1, Style.null(), Color(0, 0, 0), ())
        self._blank = Strip.blank(1)
        self._over = {}

    def count(self) -> int:
        """How many lines there are."""
        return 0

    def line(self, index: int, width: int) -> Line:
        """The line at ``index``, made for ``width`` cells."""
        return EMPTY

    def over(self, index: int) -> Style | None:
        """What goes over a whole line, such as a cursor."""
        return None

    @property
    def line_width(self) -> int:
        """Cells a line has."""
        return max(self.scrollable_content_region.width, 1)

    def redraw(self) -> None:
        """The lines may differ from before: paint those that do."""
        size = Size(self.line_width, self.count())
        if size != self.virtual_size:
            # As Textual does for itself: the scroll bars follow, and the screen is not laid out anew for it.
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)
        differing = self._differing()
        if differing:
            self.refresh(*differing)

    def _differing(self) -> list[Region]:
        """Make the lines in sight, forget all others; where they are not what was there."""
        width, count, top = self.line_width, self.count(), self.scroll_offset.y
        before, self._shown = self._shown, {}
        strips, self._strips = self._strips, {}
        differing: list[Region] = []
        for y in range(self.size.height):
            index = y + top
            shown = _Shown(self.line(index, width), self.over(index)) if index < count else None
            if shown is not None:
                self._shown[index] = shown
            if shown != before.get(index):
                differing.append(Region(0, y, self.size.width, 1))
            elif index in strips:
                self._strips[index] = strips[index]
        return differing

    def redraw_line(self, index: int) -> None:
        """The line at ``index`` may differ from before."""
        self._shown.pop(index, None)
        self._strips.pop(index, None)
        if 0 <= index - self.scroll_offset.y < self.size.height:
            self.refresh_line(index)

    def on_resize(self) -> None:
        self.redraw()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = bar = LineScrollBar(name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    def on_mount(self) -> None:
        super().on_mount()  # type: ignore[no-untyped-call]  # Textual's own is not typed
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget_colours())

    def _forget_colours(self) -> None:
        self._palette = None
        self._over.clear()
        self._strips.clear()
        self.redraw()
        self.refresh()

    @property
    def palette(self) -> Palette:
        """The colours of the theme in force."""
        if self._palette is None:
            self._palette = palette_of(self.app.theme_variables)
        return self._palette

    def cursor_style(self) -> Style:
        """How the line under the cursor looks, depending on who has the focus."""
        focused = self.has_focus
        if focused not in self._over:
            self._over[focused] = cursor_style(self.app.theme_variables, focused)
        return self._over[focused]

    def render_lines(self, crop: Region) -> list[Strip]:
        # All of it is asked of all ancestors: once a paint, not once a line.
        _, background = self.background_colors
        width = self.content_region.width
        look = _Look(self.line_width, width, self.rich_style, background, tuple(self.get_line_filters()))
        if look != self._look:
            self._look = look
            self._strips.clear()
            self._blank = self._drawn(EMPTY)
        strips = [self.render_line(y) for y in crop.line_range]
        if crop.column_span == (0, look.width):
            return strips
        return [strip.crop(*crop.column_span) for strip in strips]

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        if not 0 <= index < self.count():
            return self._blank
        over = self.over(index)
        shown = self._shown.get(index)
        if shown is None or shown.over != over:
            shown = self._shown[index] = _Shown(self.line(index, self._look.cells), over)
            self._strips.pop(index, None)
        strip = self._strips.get(index)
        if strip is None:
            strip = self._strips[index] = self._drawn(shown.line, over)
        return strip

    def _drawn(self, line: Line, over: Style | None = None) -> Strip:
        cells, width, base, background, filters = self._look
        strip = strip_of(line, cells, self.palette, base, over).adjust_cell_length(width, base)
        return filtered(strip, filters, background)
