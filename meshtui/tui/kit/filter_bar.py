"""A filter: typed in an input, said in a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from meshtui.model.phrases import plural
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut_end, span, spread

FilterWords: TypeAlias = Callable[[int], Line]
"""Says in so many cells what is left out."""


class FilterLine(Bar):
    """Says what is left out."""

    words: reactive[FilterWords] = reactive[FilterWords](lambda: lambda width: ())

    def line(self, width: int) -> Line:
        return self.words(width)


def filter_line(typed: str, note: Line, shown: int, width: int, *, noun: str = "row") -> Line:
    """``/ words   note                 3 rows  esc shows all``; ``noun`` is what is shown."""
    left: list[Span] = [Span(" ")]
    if typed:
        left += [Span("/ ", Role.KEY), span(cut_end(typed, max(width - 40, 10)), Role.STRONG), Span("   ")]
    right = (Span(f"{plural(shown, noun)} ", Role.DIM), Span(" esc ", Role.KEY), Span("shows all ", Role.DIM))
    return spread((*left, *note), right, width)


class FilterBar(Widget):
    """Posts :class:`Changed` at each letter and :class:`Left` when the typing ends."""

    DEFAULT_CSS = """
    FilterBar { height: 1; background: $panel; display: none; }
    FilterBar Bar { background: $panel; }
    FilterBar Input { background: $panel; height: 1; padding: 0 1; border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "Clear", id="filter.clear", tooltip="Show everything again"),
        Binding(
            "enter,down,tab", "leave(False)", "Keep", id="filter.keep", tooltip="Keep the filter and go to the rows"
        ),
    ]

    class Changed(Message):
        """Other words."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The rows should have the focus."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._active = False
        self._input = Input(placeholder=placeholder, compact=True, id="filter-input")
        self._line = FilterLine(id="filter-line")

    def compose(self) -> ComposeResult:
        yield self._input
        yield self._line

    def show(self, active: bool, words: FilterWords) -> None:
        """Say what is left out; hidden when nothing is and nothing is typed."""
        self._active = active
        self._line.words = words
        typing = self._input.has_focus
        self._line.display = not typing
        self._input.display = typing
        self.display = active or typing

    def edit(self, text: str) -> None:
        """Begin to type."""
        self.display = True
        self._input.display = True
        self._line.display = False
        self._input.value = text
        self._input.cursor_position = len(text)
        self.screen.set_focus(self._input)  # at once: a paint in between would hide an input without the focus

    def on_descendant_blur(self) -> None:
        """However the typing ended: no input stays that ``esc`` does not reach."""
        self.show(self._active, self._line.words)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._input.has_focus:
            self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave(False)

    def action_leave(self, clear: bool) -> None:
        if clear:
            self.post_message(self.Changed(""))
        self.post_message(self.Left())
