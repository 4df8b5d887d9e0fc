"""Where to begin: a recent target, a pod of a cluster, the demo, or an address to type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final, TypeAlias

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


@dataclass(frozen=True, slots=True)
class PickPod:
    """Show the pods of the cluster that kubectl would ask."""


class ClusterKnown(Enum):
    """Whether a cluster can be asked: without one the demo is what is offered first."""

    YES = "yes"
    NO = "no"
    NEVER = "never"
    """Whoever opened the screen has nothing that asks one."""


StartLine: TypeAlias = "tuple[str, str, Attach | Demo | PickPod | None]"
"""Name, description and what it stands for; ``None`` for a heading."""


RECENTS: Final = 5
"""Recent targets listed, so that a small terminal shows cluster and demo below them; the switcher (``o``) has all."""


class StartRows(TypedRows):
    """Headings, the recent targets, the cluster's pods and the demo's scenarios."""

    def __init__(
        self, scenarios: Sequence[Scenario], recents: Sequence[Offer], can_demo: bool, cluster: ClusterKnown
    ) -> None:
        super().__init__(id="start-rows")
        self.lines: list[StartLine] = []
        recent: list[StartLine] = [
            (offer.title, offer.description, Attach(offer.target)) for offer in recents[:RECENTS]
        ]
        self._add("Recent targets", recent)
        if cluster is ClusterKnown.YES:
            self._add("Kubernetes", [("pods", "pick one of the cluster that your kubeconfig names", PickPod())])
        if can_demo:
            play: list[StartLine] = [
                (scenario.name, scenario.description, Demo(scenario.name)) for scenario in scenarios
            ]
            demo: StartLine = ("demo", "control plane, agents and apps in child processes", Demo())
            self._add("A real mesh on this machine", play or [demo])
        if cluster is ClusterKnown.NO:
            self._add(
                "Kubernetes", [("pods", "there is no kubeconfig yet; with one, pick a pod of its cluster", PickPod())]
            )
        self._widest = max((cell_len(title) for title, text, _ in self.lines if text), default=0)
        first = next((at for at, line in enumerate(self.lines) if line[2] is not None), 0)
        self.set_reactive(Rows.cursor, first)

    def _add(self, title: str, lines: list[StartLine]) -> None:
        """A heading with its choices, if there are any, and a blank line before it."""
        if lines:
            self.lines += [("", "", None)] if self.lines else []
            self.lines += [(title, "", None), *lines]

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


class StartScreen(Screen[Attach | Demo | PickPod | None]):
    """Returns what to look at."""

    CSS_PATH = "start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pick", "Pods", id="start.pick", tooltip="The pods of the cluster that your kubeconfig names"),
        Binding("a", "type", "Type an address", id="start.type", tooltip="Type the address of a target"),
        Binding(
            "tab", "app.focus_next", "Next", show=False, id="start.next", tooltip="Between the list and the address"
        ),
        Binding("q", "app.quit", "Quit", id="start.quit", tooltip="Leave meshtui"),
    ]

    def __init__(
        self, scenarios: Sequence[Scenario], recents: Sequence[Offer], can_demo: bool, cluster: ClusterKnown
    ) -> None:
        super().__init__()
        self._can_pick = cluster is not ClusterKnown.NEVER
        self._rows = StartRows(scenarios, recents, can_demo, cluster)
        self._input = AddressInput(
            placeholder="target: localhost:17171, unix:///path, pod/NAME -n NAMESPACE", compact=True, id="start-input"
        )
        self._rows.field = self._input

    def compose(self) -> ComposeResult:
        with Vertical(id="start"):
            yield Banner()
            yield self._input
            yield self._rows
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        (self._rows if any(map(self._rows.selectable, range(self._rows.count()))) else self._input).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._can_pick if action == "pick" else True

    def action_pick(self) -> None:
        self.dismiss(PickPod())

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
