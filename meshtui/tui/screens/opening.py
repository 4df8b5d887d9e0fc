"""What is painted first: the target, and that it is being connected to.

It needs nothing of the model, so it is there before that is imported; the main screen takes its place at once.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import span


class _Header(Bar):
    """The header with the little that is known."""

    def __init__(self, target: str) -> None:
        super().__init__(id="header")
        self._target_text = target

    def line(self, width: int) -> Line:
        return (Span(" meshtui", Role.BRAND), Span("   "), span(self._target_text, Role.STRONG))


class _Connecting(Bar):
    """The notice that the main screen will show as well."""

    def __init__(self, target: str) -> None:
        super().__init__(id="connecting")
        self._target_text = target

    def line(self, width: int) -> Line:
        return (Span("    "), span(f"Connecting to {self._target_text} …"))


class OpeningScreen(Screen[None]):
    """Shown for the moment until the main screen is imported."""

    CSS_PATH = "opening.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.quit", "Quit", show=False, id="opening.quit", tooltip="Leave meshtui"),
    ]

    keys_wait = True
    """Nothing can be done here but leave: what is typed is for the main screen."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._opened = target

    def compose(self) -> ComposeResult:
        yield _Header(self._opened)
        yield _Connecting(self._opened)
