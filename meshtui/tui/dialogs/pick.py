"""One of several names: a few letters find it, and what is none of them can be typed whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from meshtui.present.pick import matching
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.offers import OfferInput, OfferRows
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.paragraphs import paragraph
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, fit, pad, span

LOOKS: Final = 5
"""Looks a second at what is offered: names come while the dialog is open."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What is offered now. ``names`` with what to say of each; ``note`` is why there are no more, or empty."""

    names: tuple[tuple[str, str], ...]
    note: str = ""


class PickRows(OfferRows):
    """The names that match, with what is said of each."""

    said: dict[str, str]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.said = {}

    def line(self, index: int, width: int) -> Line:
        name = self.offers[index]
        said = self.said.get(name, "")
        mark = Span(" › " if index == self.cursor else "   ", Role.ACCENT)
        room = max(width * 2 // 5, 12) if said else width - 6
        return fit((mark, span(pad(cut(name, room), room)), Span("  "), span(said, Role.DIM)), width)


class PickDialog(ModalScreen[str | None]):
    """Returns the name that was picked or typed, ``None`` when left. ``look`` says what is offered at the moment;
    ``free`` whether a name that is not offered is taken as well."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="pick.back", tooltip="Leave all as it is"),
    ]

    def __init__(self, title: str, look: Callable[[], Pick], *, placeholder: str, free: bool) -> None:
        super().__init__()
        self._title = Title(title, "enter takes it · esc back")
        self._look = look
        self._free = free
        self._pick = Pick(())
        self._input = OfferInput(placeholder=placeholder, compact=True, id="pick-input")
        self._rows = PickRows(id="pick-rows")
        self._note = Page(id="pick-note")
        self._note.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield self._title
            yield self._input
            yield self._rows
            yield self._note

    def on_mount(self) -> None:
        self._input.focus()
        self._offer(self._look())
        self.set_interval(1 / LOOKS, self._look_again)

    def _look_again(self) -> None:
        seen = self._look()
        if seen != self._pick:
            self._offer(seen)

    def _offer(self, seen: Pick) -> None:
        """What is offered may be other names: the cursor stays on its name."""
        self._pick = seen
        before = self._rows.chosen
        self._rows.said = dict(seen.names)
        found = self._found()
        at = found.index(before) if before in found else 0
        self._rows.offer(found, at if found else -1)
        self._rows.display = bool(found)
        note = seen.note
        self._note.display = bool(note)
        self._note.show(lambda width: list(paragraph(note, width, Role.DIM, indent=1)))
        self._note.styles.height = len(list(paragraph(note, max(self._note.line_width, 60), Role.DIM, indent=1)))

    def _found(self) -> Sequence[str]:
        names = tuple(name for name, _ in self._pick.names)
        return matching(names, self._input.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        found = self._found()
        exact = found.index(event.value) if event.value in found else 0
        self._rows.offer(found, exact if found else -1)
        self._rows.display = bool(found)

    def on_offer_input_stepped(self, message: OfferInput.Stepped) -> None:
        message.stop()
        if self._rows.count():
            self._rows.cursor = max(self._rows.cursor + message.step, 0)

    def on_input_submitted(self) -> None:
        self._take()

    def on_offer_rows_clicked(self, message: OfferRows.Clicked) -> None:
        message.stop()
        self._take()

    def on_rows_moved(self, message: Rows.Moved) -> None:
        message.stop()

    def _take(self) -> None:
        typed = self._input.value.strip()
        chosen = self._rows.chosen
        if chosen is not None:
            self.dismiss(chosen)
        elif typed and self._free:
            self.dismiss(typed)
