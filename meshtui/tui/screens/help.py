"""Every key there is, what the marks mean, and what can be typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

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
from meshtui.tui.kit.text import pad, span

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


class HelpScreen(ModalScreen[None]):
    """Shown over whatever it is about."""

    CSS_PATH = "../dialogs/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss(None)", "Back", id="help.back", tooltip="Close the help"),
    ]

    def __init__(self, bindings: Sequence[Binding], commands: Sequence[Command], timer: float) -> None:
        """``timer``: the seconds after which gRPC gives up what it asked for."""
        super().__init__()
        self._timer = timer
        self._shown_bindings = tuple(bindings)
        self._commands = commands
        self._page = Page(id="help-page")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title("Help", "esc back")
            yield self._page

    def on_mount(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))
        self._page.focus()

    def _lines(self, width: int) -> Iterator[Line]:
        yield EMPTY
        yield (Span(" Keys", Role.TITLE),)
        for keys, text in _merged(self._shown_bindings):
            yield from _row(keys, text, width)
        yield EMPTY
        yield (Span(" Marks", Role.TITLE),)
        for health, meaning in MEANINGS:
            words = meaning.format(timer=self._timer)
            yield from hanging((Span("   "), glyph(health), Span(" ")), words, max(width - 6, 12))
        changed = "changed a moment ago; the dot stays for a minute"
        yield from hanging((Span("   "), Span("● ", Role.ACCENT)), changed, max(width - 6, 12))
        yield EMPTY
        yield (Span(" After a colon", Role.TITLE),)
        for command in self._commands:
            yield from _row(command.usage, command.help, width)


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


def _row(head: str, text: str, width: int) -> Iterator[Line]:
    column = 22
    yield from hanging((Span("   "), span(pad(head, column), Role.KEY)), text, max(width - column - 4, 12))
