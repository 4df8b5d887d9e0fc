"""Asked once in a session: meshtui is about to send load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshtui.tui.dialogs.targets import Title
from meshtui.tui.ink import EMPTY, Line, Role, Span
from meshtui.tui.lines.notice import paragraph
from meshtui.tui.widgets.page import Page

AFTER = "It is asked once in a session; x stops a run within a second."


class EchoConsent(ModalScreen[bool]):
    """Returns whether to send."""

    CSS_PATH = ["dialogs.tcss", "echo.tcss"]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "Send", id="echo-consent.send", tooltip="Send it"),
        Binding("escape,n,q", "dismiss(False)", "Back", id="echo-consent.back", tooltip="Send nothing"),
    ]

    def __init__(self, intent: str) -> None:
        super().__init__()
        self._intent = intent
        self._page = Page(id="echo-consent-page")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title("Send this?", "enter sends · esc back")
            yield self._page

    def on_mount(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))
        self._page.focus()
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """As high as the sentence needs at the width there is."""
        self._page.styles.height = len(list(self._lines(self._page.line_width)))

    def _lines(self, width: int) -> Iterator[Line]:
        yield EMPTY
        yield from paragraph(self._intent, width, Role.STRONG, indent=2)
        yield EMPTY
        yield (Span("  "), Span(" sends load ", Role.ON, Role.NOTE))
        yield EMPTY
        yield from paragraph(AFTER, width, Role.DIM, indent=2)
