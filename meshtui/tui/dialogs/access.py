"""What may be done in a namespace, and what would give the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshtui.model.kubernetes.access import AccessLadder
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.access_lines import access_lines
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.paragraphs import paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role
from meshtui.tui.kit.text import shown

LOOKS = 5
"""Looks a second: the answer may come while the dialog is open."""


class AccessDialog(ModalScreen[None]):
    """``look`` gives the ladder, or why there is none yet."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="access.copy", tooltip="Copy what would give all that is missing"),
        Binding("escape,u,q", "dismiss(None)", "Back", id="access.back", tooltip="Back to the pods"),
    ]

    def __init__(self, look: Callable[[], AccessLadder | str]) -> None:
        super().__init__()
        self._look = look
        self._seen: AccessLadder | str = look()
        self._page = Page(id="access-page")

    def compose(self) -> ComposeResult:
        about = self._seen.about if isinstance(self._seen, AccessLadder) else ""
        with Vertical(classes="dialog"):
            yield Title(f"Access   {about}".rstrip(), "y copy · esc back")
            yield self._page

    def on_mount(self) -> None:
        self._page.focus()
        self._paint()
        self.set_interval(1 / LOOKS, self._look_again)

    def _look_again(self) -> None:
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            self._paint()

    def _paint(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))

    def _lines(self, width: int) -> Iterator[Line]:
        yield EMPTY
        if isinstance(self._seen, AccessLadder):
            yield from access_lines(self._seen, width)
        else:
            yield from paragraph(self._seen, width, Role.TEXT, indent=1)

    def action_copy(self) -> None:
        if isinstance(self._seen, AccessLadder) and self._seen.paste:
            self.app.copy_to_clipboard(self._seen.paste)
            self.notify(shown("Copied the rules that are missing"), markup=False)
        else:
            self.notify(shown("Nothing is missing for certain"), markup=False)
