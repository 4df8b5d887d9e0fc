"""The last line: what can be pressed now. Keys that can do nothing at the moment are faint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.binding import ActiveBinding, Binding

from meshtui.tui.kit.bar import Bar, Zone, zones_of
from meshtui.tui.kit.style import Line, Role, Span

if TYPE_CHECKING:
    from textual.screen import Screen

NAMES = {
    "slash": "/",
    "exclamation_mark": "!",
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


ALWAYS = ("main.help", "main.quit", "start.quit")
"""Keys that have a place however narrow the screen: the rest are in the help."""

GAP = "   "
"""Between two keys."""


def _texts(active: ActiveBinding) -> tuple[str, str]:
    return key_name(active.binding), f" {active.binding.description.lower()}"


def _cells(active: ActiveBinding) -> int:
    return sum(map(cell_len, _texts(active))) + len(GAP)


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
        shown: dict[str, ActiveBinding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show:
                shown.setdefault(active.binding.action, active)
        always = [active for active in shown.values() if active.binding.id in ALWAYS]
        room = width - 1 - sum(map(_cells, always))
        line: list[Span] = [Span(" ")]
        names: dict[int, str] = {}
        for active in shown.values():
            if active not in always:
                if _cells(active) > room:
                    continue
                room -= _cells(active)
            for text, role in zip(_texts(active), (Role.KEY, Role.DIM), strict=True):
                names[len(line)] = active.binding.key.partition(",")[0]
                line.append(Span(text, role if active.enabled else Role.FAINT))
            line.append(Span(GAP))
        return tuple(line), names

    def on_bar_pressed(self, message: Bar.Pressed) -> None:
        message.stop()
        self.app.simulate_key(message.name)
