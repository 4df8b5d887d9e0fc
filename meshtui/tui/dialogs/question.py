"""Asked before something is sent or changed: only ``y`` says yes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.style import Line


class Question(ModalScreen[bool]):
    """Returns whether to do it. ``enter``, which opens and keeps everywhere else, is no answer: pressed in passing or
    typed ahead it does nothing. ``lines`` makes the text for a width; ``deed`` is the word for yes."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes", id="question.yes", tooltip="Do it"),
        Binding("escape,n,q", "dismiss(False)", "Back", id="question.no", tooltip="Do nothing"),
    ]

    def __init__(self, title: str, deed: str, lines: Callable[[int], Iterable[Line]]) -> None:
        super().__init__()
        self._title = Title(title, f"y {deed} · esc back")
        self._lines = lines
        self._page = Page(id="question-page")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield self._title
            yield self._page

    def on_mount(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))
        self._page.focus()
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """As high as the text needs at the width there is."""
        self._page.styles.height = len(list(self._lines(self._page.line_width)))
