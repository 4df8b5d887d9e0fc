"""A switch of a form: said by its mark, not by its colour alone."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import span


class Toggle(Bar, can_focus=True):
    """One line; ``space`` or a click turns it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Turn", show=False, id="toggle.turn", tooltip="On or off"),
    ]

    value: reactive[bool] = reactive(False)

    def __init__(self, label: str, value: bool, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = label
        self.set_reactive(Toggle.value, value)

    def line(self, width: int) -> Line:
        mark = Span("[✓] " if self.value else "[ ] ", Role.ACCENT if self.value else Role.DIM)
        return (mark, span(self._label, Role.STRONG if self.has_focus else Role.TEXT))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn()

    def action_turn(self) -> None:
        self.value = not self.value
