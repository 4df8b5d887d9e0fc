"""Where to begin: the demo, a recent target, or an address to type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input

from meshtui.session.demo_control import Offer, Scenario
from meshtui.tui.kit.address_input import TypedRows
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.key_bar import KeyBar
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut_end, pad, span


@dataclass(frozen=True, slots=True)
class Attach:
    """Look at a target."""

    target: str


@dataclass(frozen=True, slots=True)
class Demo:
    """Start the demo mesh, on a scenario or on its first one."""

    scenario: str | None = None


class StartRows(TypedRows):
    """Headings, the demo's scenarios and the recent targets."""

    def __init__(self, scenarios: Sequence[Scenario], recents: Sequence[Offer], can_demo: bool) -> None:
        super().__init__(id="start-rows")
        self.lines: list[tuple[str, str, Attach | Demo | None]] = []
        if recents:
            self.lines += [("Recent targets", "", None)]
            self.lines += [(offer.title, offer.description, Attach(offer.target)) for offer in recents]
            self.lines += [("", "", None)]
        if can_demo:
            self.lines += [("A real mesh on this machine", "", None)]
            if not scenarios:
                self.lines += [("demo", "control plane, agents and apps in child processes", Demo())]
            self.lines += [(scenario.name, scenario.description, Demo(scenario.name)) for scenario in scenarios]
        self._widest = max((cell_len(title) for title, text, _ in self.lines if text), default=0)
        first = next((at for at, line in enumerate(self.lines) if line[2] is not None), 0)
        self.set_reactive(Rows.cursor, first)

    def selectable(self, index: int) -> bool:
        return self.lines[index][2] is not None

    def count(self) -> int:
        return len(self.lines)

    def line(self, index: int, width: int) -> Line:
        title, text, choice = self.lines[index]
        if choice is None:
            return (span(f" {title}", Role.TITLE),)
        if not text:
            return (Span("   "), span(cut_end(title, width - 4)))
        column = max(min(width // 3, self._widest), 10)
        return (Span("   "), span(pad(title, column)), Span("  "), span(cut_end(text, width - column - 6), Role.DIM))


class Banner(Bar):
    """What this program is, in a line."""

    DEFAULT_CSS = "Banner { height: 1; }"

    def line(self, width: int) -> Line:
        return (Span(" meshtui ", Role.BRAND), Span("  what a gRPC client in the mesh really holds", Role.DIM))


class AddressInput(Input):
    """Where an address is typed; says which keys end that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Attach", id="start.attach", tooltip="Attach to the address"),
        Binding("escape", "screen.list", "Back to the list", id="start.back", tooltip="Back to the list"),
    ]


class StartScreen(Screen[Attach | Demo | None]):
    """Returns what to look at."""

    CSS_PATH = "start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "type", "Type an address", id="start.type", tooltip="Type the address of a target"),
        Binding(
            "tab", "app.focus_next", "Next", show=False, id="start.next", tooltip="Between the list and the address"
        ),
        Binding("q", "app.quit", "Quit", id="start.quit", tooltip="Leave meshtui"),
    ]

    def __init__(self, scenarios: Sequence[Scenario], recents: Sequence[Offer], can_demo: bool) -> None:
        super().__init__()
        self._rows = StartRows(scenarios, recents, can_demo)
        self._input = AddressInput(placeholder="address: localhost:17171, unix:///path", compact=True, id="start-input")
        self._rows.field = self._input

    def compose(self) -> ComposeResult:
        with Vertical(id="start"):
            yield Banner()
            yield self._input
            yield self._rows
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        (self._rows if any(map(self._rows.selectable, range(self._rows.count()))) else self._input).focus()

    def action_type(self) -> None:
        self.set_focus(self._input)

    def action_list(self) -> None:
        self.set_focus(self._rows)

    def on_rows_entered(self) -> None:
        self.dismiss(self._rows.lines[self._rows.cursor][2])

    def on_rows_moved(self) -> None:
        """Nothing here follows the cursor."""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(Attach(event.value.strip()))
