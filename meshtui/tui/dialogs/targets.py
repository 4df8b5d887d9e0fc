"""Which target to look at: the attached ones, those on offer, a pod of a cluster, or an address to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from meshtui.model.kubernetes.typed import names_a_pod, short_line
from meshtui.present.pick import matching, names_an_address
from meshtui.session.demo_control import Offer
from meshtui.session.session import Session
from meshtui.tui.kit.address_input import TypedRows
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.marks import LINK_GLYPHS, LINK_ROLES, counts
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, fit, pad, span, spread, width_of

BESIDE: Final = 24
"""Cells kept for what stands beside a target's name."""


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


def choices(
    sessions: Sequence[Session], front: Session | None, offers: Sequence[Offer], now: datetime
) -> tuple[Choice, ...]:
    """Attached targets first, each with the pod that succeeds it, then the offers that are not attached."""
    titles = {offer.target: offer for offer in offers}
    known = {session.target for session in sessions}
    attached: list[Choice] = []
    short = Counter(short_line(session.target) for session in sessions)
    for session in sessions:
        title = short_line(session.target)
        title = title if short[title] == 1 else session.target  # as of one name in two namespaces
        offer = titles.get(session.target, Offer(session.target, title))
        attached.append(Choice(session.target, offer.title, offer.description, session, session is front))
        successor = _successor(session, now)
        if successor is not None and successor.target not in known:
            known.add(successor.target)
            attached.append(successor)
    offered = [Choice(offer.target, offer.title, offer.description) for offer in offers if offer.target not in known]
    return (*attached, *offered)


def _successor(session: Session, now: datetime) -> Choice | None:
    """The pod that takes the place of a session's; one of the same name is no other target."""
    if session.state.fate is None:
        return None
    from meshtui.present.pod_fate import next_pod

    found = next_pod(session.state, now)
    if found is None or found.anew:
        return None
    return Choice(found.target, found.title, f"takes the place of {short_line(session.target)}")


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

    def _named(self, name: str, width: int) -> str:
        """In a column as wide as the longest name asks for: pods of one workload differ at their ends."""
        longest = max((width_of((span(choice.title),)) for choice in self.choices), default=0)
        return pad(cut(name, max(width - BESIDE, 12)), max(min(longest, width - BESIDE), width * 2 // 5, 12))

    def line(self, index: int, width: int) -> Line:
        if index == len(self.choices):
            name = self._named("pods …", width)
            return fit((Span("   "), Span(name), Span("  "), Span("pick one of a Kubernetes cluster", Role.DIM)), width)
        choice = self.choices[index]
        name = self._named(choice.title, width)
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
        return spread((span(f" {self._text}", Role.TITLE),), (span(f"  {self._hint} ", Role.DIM),), width)


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
