"""Where a probe goes: type an address, or a few letters of a service's name and pick it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from meshtui.model.printable import printable
from meshtui.present.pick import matching, names_an_address
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, fit, span

MOST_SHOWN: Final = 8
"""Services seen at a time: with them the whole form still fits on 24 lines."""


class OfferRows(Rows, can_focus=False):
    """The services that match; the cursor is moved from the field above and may be on none (-1)."""

    class Clicked(Rows.Moved):
        """The service under the pointer was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.offers: tuple[str, ...] = ()
        self.set_reactive(Rows.cursor, -1)

    def offer(self, offers: Sequence[str], cursor: int) -> None:
        """Show other services."""
        self.offers = tuple(offers)
        self.cursor = cursor
        self.styles.height = min(len(self.offers), MOST_SHOWN)
        self.redraw()

    @property
    def chosen(self) -> str | None:
        """The service the cursor is on."""
        return self.offers[self.cursor] if 0 <= self.cursor < len(self.offers) else None

    def count(self) -> int:
        return len(self.offers)

    def validate_cursor(self, cursor: int) -> int:
        return max(-1, min(cursor, self.count() - 1))

    def show_cursor(self) -> None:
        if self.cursor >= 0:
            super().show_cursor()

    def clicked(self, index: int, x: int) -> None:
        self.post_message(self.Clicked(self))

    def line(self, index: int, width: int) -> Line:
        mark = Span(" › " if index == self.cursor else "   ", Role.ACCENT)
        return fit((mark, span(cut(self.offers[index], max(width - 4, 8)), Role.TEXT)), width)


class UrlInput(Input):
    """``down`` and ``up`` move among the services offered below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Next", show=False, id="url.next", tooltip="The next service that matches"),
        Binding("up", "step(-1)", "Before", show=False, id="url.before", tooltip="The service before"),
        Binding("pagedown", "step(8)", "Page", show=False, id="url.page", tooltip="Some services further"),
        Binding("pageup", "step(-8)", "Page", show=False, id="url.page-before", tooltip="Some services back"),
    ]

    class Stepped(Message):
        """Another service is meant."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def action_step(self, step: int) -> None:
        self.post_message(self.Stepped(step))


class UrlField(Widget):
    """The field and its offers. Words without a colon search, and the first match is what ``enter`` picks, or leaving
    the field; with a colon they are an address, and taken as typed unless an arrow picked a service. Where no service
    is known all is taken as typed."""

    def __init__(self, value: str, offers: Sequence[str], *, placeholder: str, id: str, input_id: str) -> None:
        super().__init__(id=id)
        # What cannot be shown as it is cannot be typed either, so it is not offered.
        self._offers = tuple(offer for offer in dict.fromkeys(offers) if offer and printable(offer) == offer)
        self._input = UrlInput(value, placeholder=placeholder, compact=True, select_on_focus=False, id=input_id)
        self._rows = OfferRows(id=f"{id}-offers")
        self._taken = value
        """What stood there when the list was last closed: it opens again with the next letter or arrow."""

    def compose(self) -> ComposeResult:
        yield self._input
        yield self._rows

    def on_mount(self) -> None:
        self._rows.display = False
        if not self._input.value:
            self._open("")

    def _open(self, text: str) -> None:
        found = matching(self._offers, text)
        self._rows.offer(found, 0 if text.strip() and not names_an_address(text) else -1)
        self._rows.display = bool(found)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != self._taken:
            self._taken = event.value
            self._open(event.value)

    def on_url_input_stepped(self, message: UrlInput.Stepped) -> None:
        message.stop()
        if not self._rows.display:
            self._rows.offer(self._offers, self._offers.index(self._taken) if self._taken in self._offers else -1)
            self._rows.display = bool(self._offers)
        if self._rows.count():
            self._rows.cursor = max(self._rows.cursor + message.step, 0)

    def pick(self) -> bool:
        """Take the service the list points at. False when it points at none."""
        chosen = self._rows.chosen if self._rows.display else None
        if chosen is None:
            return False
        self._taken = self._input.value = chosen
        self._input.cursor_position = len(chosen)
        self._rows.display = False
        return True

    @property
    def searches(self) -> bool:
        """Whether what stands there are words to search for that found nothing."""
        value = self._input.value
        return bool(self._offers) and not names_an_address(value) and value not in self._offers

    def on_offer_rows_clicked(self, message: OfferRows.Clicked) -> None:
        message.stop()
        self.pick()
        self._input.focus()

    def on_rows_moved(self, message: Rows.Moved) -> None:
        message.stop()

    def on_descendant_blur(self) -> None:
        """Whoever goes on to the next field means the service that was pointed at, not the words it was found by."""
        if not self.pick():
            self._rows.display = False
