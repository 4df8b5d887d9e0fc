"""Every key there is, what the marks mean, and what can be typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshtui.model.xds.resource import Health
from meshtui.tui.commands import Command
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.key_bar import key_name
from meshtui.tui.kit.marks import glyph
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import pad, span, width_of

MEANINGS = (
    (Health.OK, "ACKED: the client accepted this config and acts on it"),
    (
        Health.DEGRADED,
        "degraded: calls are served, but an endpoint is out, some are dropped, or a fallback or a cached config serves",
    ),
    (Health.UNKNOWN, "unknown: whether calls are served cannot be told from here"),
    (Health.WAITING, "waiting: asked for, and no answer yet; gRPC gives up after {timer:g} s"),
    (
        Health.MISSING,
        "missing: nothing of it can be used, so calls that need it fail; the word says why: missing (the control plane "
        "has none), error (it sent one), timeout (it sent nothing), or no endpoint can serve",
    ),
    (
        Health.REFUSED,
        "NACKED: the client refused the newest version; what was before, if anything, goes on",
    ),
)
"""What the marks say, ``timer`` in seconds; one on a parent is the worst below it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the help, and what stands below it: a head of any width, and what it means."""

    title: str
    rows: tuple[tuple[Line, str], ...]


def marks_section(timer: float) -> Section:
    """What the marks of the config say; ``timer``: the seconds after which gRPC gives up what it asked for."""
    marks = tuple(((glyph(health), Span(" ")), meaning.format(timer=timer)) for health, meaning in MEANINGS)
    changed = ((Span("● ", Role.ACCENT),), "changed a moment ago; the dot stays for a minute")
    return Section("Marks", (*marks, changed))


def commands_section(commands: Sequence[Command]) -> Section:
    """What can be typed after a colon."""
    return Section("After a colon", tuple(typed(command.usage, command.help) for command in commands))


def typed(text: str, meaning: str) -> tuple[Line, str]:
    """A row about something that is typed."""
    return (span(pad(text, COLUMN), Role.KEY),), meaning


COLUMN: Final = 22
"""Cells for keys and for what is typed."""


class HelpScreen(ModalScreen[None]):
    """Shown over whatever it is about."""

    CSS_PATH = "../dialogs/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss(None)", "Back", id="help.back", tooltip="Close the help"),
    ]

    def __init__(self, bindings: Sequence[Binding], sections: Sequence[Section]) -> None:
        super().__init__()
        keys = Section("Keys", tuple(typed(*row) for row in _merged(bindings)))
        self._sections = (keys, *sections)
        self._page = Page(id="help-page")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title("Help", "esc back")
            yield self._page

    def on_mount(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))
        self._page.focus()

    def _lines(self, width: int) -> Iterator[Line]:
        for section in self._sections:
            yield EMPTY
            yield (Span(f" {section.title}", Role.TITLE),)
            for head, text in section.rows:
                lead = (Span("   "), *head)
                yield from hanging(lead, text, max(width - width_of(lead) - 1, 12))


def _merged(bindings: Sequence[Binding]) -> Iterator[tuple[str, str]]:
    """Each thing that can be done once, with all its keys; Textual's own bindings, which have no id, left out."""
    keys: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for binding in bindings:
        if binding.id is not None:
            keys.setdefault(binding.id, []).append(key_name(binding))
            texts[binding.id] = binding.tooltip or binding.description
    for id_, names in keys.items():
        yield "  ".join(names), texts[id_]
