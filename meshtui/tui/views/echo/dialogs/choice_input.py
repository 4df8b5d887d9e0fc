"""An input that offers values: what fits is suggested while one types, ``down`` goes through all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widgets import Input

from meshtui.model.printable import printable


class OfferingInput(Input):
    """``down`` and ``up`` put the next and the last of the offers in the place of what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "offer(1)", "Next", show=False, id="offer.next", tooltip="The next known value"),
        Binding("up", "offer(-1)", "Before", show=False, id="offer.before", tooltip="The known value before"),
    ]

    def __init__(self, value: str, offers: Sequence[str], *, placeholder: str = "", id: str | None = None) -> None:
        # What cannot be shown as it is cannot be typed either, so it is not offered.
        self._offers = tuple(offer for offer in dict.fromkeys(offers) if offer and printable(offer) == offer)
        suggester = SuggestFromList(self._offers, case_sensitive=False) if self._offers else None
        super().__init__(
            value, placeholder=placeholder, compact=True, suggester=suggester, select_on_focus=False, id=id
        )

    def action_offer(self, step: int) -> None:
        if not self._offers:
            return
        at = self._offers.index(self.value) + step if self.value in self._offers else (0 if step > 0 else -1)
        self.value = self._offers[at % len(self._offers)]
        self.cursor_position = len(self.value)
