"""The last line: what can be pressed now. Keys that can do nothing at the moment are faint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.binding import Binding

from meshtui.tui.ink import Line, Role, Span
from meshtui.tui.widgets.bar import Bar, Zone, zones_of

if TYPE_CHECKING:
    from textual.screen import Screen

NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "minus": "-",
    "plus": "+",
}
"""Keys as people call them."""


def key_name(binding: Binding) -> str:
    """The binding's key as it stands on the keyboard."""
    key = binding.key.partition(",")[0]
    return binding.key_display or NAMES.get(key, key.replace("ctrl+", "^"))


class KeyBar(Bar):
    """Paints the bindings of the focused widget and all around it that are worth a place."""

    def on_mount(self) -> None:
        super().on_mount()
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def line(self, width: int) -> Line:
        return self._keys(width)[0]

    def zones(self, width: int) -> tuple[Zone, ...]:
        return zones_of(*self._keys(width))

    def _keys(self, width: int) -> tuple[Line, dict[int, str]]:
        line: list[Span] = [Span(" ")]
        names: dict[int, str] = {}
        used = 1
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or binding.action in seen:
                continue
            seen.add(binding.action)
            key, words = key_name(binding), f" {binding.description.lower()}"
            more = cell_len(key) + cell_len(words) + 3
            if used + more > width:
                continue
            used += more
            for text, role in ((key, Role.KEY), (words, Role.DIM)):
                names[len(line)] = binding.key.partition(",")[0]
                line.append(Span(text, role if active.enabled else Role.FAINT))
            line.append(Span("   "))
        return tuple(line), names

    def on_bar_pressed(self, message: Bar.Pressed) -> None:
        message.stop()
        self.app.simulate_key(message.name)
