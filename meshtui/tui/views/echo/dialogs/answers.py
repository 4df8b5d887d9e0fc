"""Every cause of failure with its text, and the last answers as they came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshtui.model.echo.spec import Answer
from meshtui.session.echo.state import EchoState
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, span, wrap_hanging
from meshtui.tui.views.echo.lines.errors import all_causes
from meshtui.tui.views.echo.lines.facts import milliseconds
from meshtui.tui.views.echo.lines.series import name_of

MOST_LINES = 200
"""Lines of one answer that are shown: Istio's has about thirty."""


class EchoAnswersDialog(ModalScreen[None]):
    """Shows a run as it was when it was opened; it does not move under the reader."""

    CSS_PATH = ["../../../dialogs/dialogs.tcss", "echo.tcss"]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,a,q", "dismiss(None)", "Back", id="echo-answers.back", tooltip="Close"),
    ]

    def __init__(self, state: EchoState) -> None:
        super().__init__()
        self._state = state
        self._page = Page(id="echo-answers-page")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title("Errors and last answers, as they came", "j k scroll · esc back")
            yield self._page

    def on_mount(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))
        self._page.focus()

    def _lines(self, width: int) -> Iterator[Line]:
        tally = self._state.tally
        yield EMPTY
        yield from all_causes(tally.causes, width)
        if not tally.answers:
            yield (Span("  No answer has come yet.", Role.DIM),)
        for answer in reversed(tally.answers):
            yield from _answer(answer, width)


def _answer(answer: Answer, width: int) -> Iterator[Line]:
    took = "" if answer.latency_s is None else f"   {milliseconds(answer.latency_s)} ms"
    name = "no version" if answer.version is None else name_of(answer.version)
    yield (
        span(f"  {cut(name, 30)}", Role.STRONG),
        span(f"   {cut(answer.hostname or '', 50)}", Role.TEXT),
        Span(took, Role.DIM),
    )
    lines = answer.raw.splitlines()
    for text in lines[:MOST_LINES]:
        for piece in wrap_hanging(text, max(width - 6, 20)):
            yield (Span("    "), span(piece, Role.DIM))
    if len(lines) > MOST_LINES:
        yield (Span(f"    … {len(lines) - MOST_LINES} lines more", Role.FAINT),)
    yield EMPTY
