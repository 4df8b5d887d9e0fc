"""Where a probe goes: type an address, or a few letters of a service's name and pick it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from meshtui.model.printable import printable
from meshtui.present.pick import matching, names_an_address
from meshtui.tui.kit.offers import OfferInput, OfferRows
from meshtui.tui.kit.rows import Rows


class UrlField(Widget):
    """The field and its offers. Words without a colon search, and the first match is what ``enter`` picks, or leaving
    the field; with a colon they are an address, and taken as typed unless an arrow picked a service. Where no service
    is known all is taken as typed."""

    def __init__(self, value: str, offers: Sequence[str], *, placeholder: str, id: str, input_id: str) -> None:
        super().__init__(id=id)
        # What cannot be shown as it is cannot be typed either, so it is not offered.
        self._offers = tuple(offer for offer in dict.fromkeys(offers) if offer and printable(offer) == offer)
        self._input = OfferInput(value, placeholder=placeholder, compact=True, select_on_focus=False, id=input_id)
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

    def on_offer_input_stepped(self, message: OfferInput.Stepped) -> None:
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
