"""Which target to look at: the attached ones, those on offer, a pod of a cluster, or an address to type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from meshtui.model.kubernetes.typed import names_a_pod
from meshtui.present.pick import matching, names_an_address
from meshtui.session.demo_control import Offer
from meshtui.session.session import Session
from meshtui.tui.kit.address_input import TypedRows
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.marks import LINK_GLYPHS, LINK_ROLES, counts
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import fit, pad, span, spread


@dataclass(frozen=True, slots=True)
class Choice:
    """One target; ``session`` when it is attached already."""

    target: str
    title: str
    description: str = ""
    session: Session | None = None
    front: bool = False


@dataclass(frozen=True, slots=True)
class PickPods:
    """The pods of a cluster are wanted."""


def choices(sessions: Sequence[Session], front: Session | None, offers: Sequence[Offer]) -> tuple[Choice, ...]:
    """Attached targets first, then the offers that are not attached."""
    titles = {offer.target: offer for offer in offers}
    attached = []
    for session in sessions:
        offer = titles.get(session.target, Offer(session.target, session.target))
        attached.append(Choice(session.target, offer.title, offer.description, session, session is front))
    known = {session.target for session in sessions}
    offered = [Choice(offer.target, offer.title, offer.description) for offer in offers if offer.target not in known]
    return (*attached, *offered)


class ChoiceRows(TypedRows):
    """The targets, a line each, and a last one for the pods of a cluster."""

    def __init__(self, offered: Sequence[Choice], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.choices = tuple(offered)
        self.set_reactive(Rows.cursor, next((at for at, choice in enumerate(self.choices) if choice.front), 0))

    def count(self) -> int:
        return len(self.choices) + 1

    @property
    def chosen(self) -> str | PickPods:
        """What the cursor is on."""
        return self.choices[self.cursor].target if self.cursor < len(self.choices) else PickPods()

    def line(self, index: int, width: int) -> Line:
        if index == len(self.choices):
            name = pad("pods …", max(width * 2 // 5, 12))
            return fit((Span("   "), Span(name), Span("  "), Span("pick one of a Kubernetes cluster", Role.DIM)), width)
        choice = self.choices[index]
        name = pad(choice.title, max(width * 2 // 5, 12))
        if choice.session is None:
            said = choice.description or choice.target
            return fit((Span("   "), span(name), Span("  "), span(said, Role.DIM)), width)
        link = choice.session.state.link
        head = (Span(f" {LINK_GLYPHS[link.state]} ", LINK_ROLES[link.state]), span(name, Role.STRONG), Span("  "))
        right = (*counts(choice.session.state.snapshot), Span(" "))
        return spread((*head, span(link.state.value, Role.DIM)), right, width)


class Title(Bar):
    """A dialog's first line."""

    def __init__(self, text: str, hint: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text, self._hint = text, hint

    def say(self, text: str) -> None:
        """Show another text."""
        self._text = text
        self.refresh()

    def line(self, width: int) -> Line:
        return spread((span(f" {self._text}", Role.TITLE),), (span(f"{self._hint} ", Role.DIM),), width)


class TargetsDialog(ModalScreen[str | PickPods | None]):
    """Returns the target to attach or bring to the front, that pods are wanted, or ``None`` when left."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="targets.back", tooltip="Stay where you are"),
        Binding(
            "tab", "app.focus_next", "Type an address", id="targets.next", tooltip="Between the list and the address"
        ),
    ]

    def __init__(self, offered: Sequence[Choice]) -> None:
        super().__init__()
        self._rows = ChoiceRows(offered, id="target-rows")
        self._input = Input(
            placeholder="or type a target: host:port, unix:///path, pod/NAME -n NAMESPACE",
            compact=True,
            select_on_focus=False,
            id="target-input",
        )
        self._rows.field = self._input

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title("Targets", "enter opens · esc back")
            yield self._rows
            yield self._input

    def on_mount(self) -> None:
        self._rows.styles.height = max(min(self._rows.count(), 14), 1)
        self._rows.focus()

    def on_rows_entered(self) -> None:
        self.dismiss(self._rows.chosen)

    def on_rows_moved(self) -> None:
        """The dialog itself has nothing that follows the cursor."""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(self._meant(event.value.strip()))

    def _meant(self, text: str) -> str:
        """The one target whose name has these words, or the address as it stands."""
        if names_an_address(text) or names_a_pod(text):
            return text
        found = [choice.target for choice in self._rows.choices if matching((choice.title,), text)]
        return found[0] if len(found) == 1 else text
