"""The demo mesh comes up: what is waited for, and why it did not when it did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen

from meshtui.model.errors import MeshtuiError
from meshtui.model.timeline import Event
from meshtui.session.demo_control import DemoControl, Offer
from meshtui.tui.kit.key_bar import KeyBar
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.paragraphs import labelled, paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import span
from meshtui.tui.screens.notice import SPINNER
from meshtui.tui.screens.start import Banner


class StartingScreen(Screen[tuple[Offer, ...]]):
    """Starts a demo and returns its offers. Stays, with the reason, when it cannot start."""

    CSS_PATH = "start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.quit", "Quit", id="starting.quit", tooltip="End what was started and leave"),
    ]

    class Failed(Message):
        """The mesh does not come."""

    def __init__(self, demo: DemoControl, happened: Callable[[Event], None]) -> None:
        super().__init__()
        self._demo = demo
        self._happened = happened
        self._steps: list[str] = []
        self._error: MeshtuiError | None = None
        self._tick = 0
        self._page = Page(id="starting-page")

    @property
    def keys_wait(self) -> bool:
        """What is typed while the mesh starts is for the screen that shows it."""
        return self._error is None

    def compose(self) -> ComposeResult:
        with Vertical(id="start"):
            yield Banner()
            yield self._page
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self._page.focus()
        self._paint()
        self.set_interval(0.2, self._beat)
        self.run_worker(self._start(), exit_on_error=False)

    async def _start(self) -> None:
        try:
            offers = await self._demo.start(self._progress, self._happened)
        except MeshtuiError as error:
            self._error = error
            self.post_message(self.Failed())
            self._paint()
        else:
            self.dismiss(offers)

    def _progress(self, text: str) -> None:
        self._steps.append(text)
        self._paint()

    def _beat(self) -> None:
        self._tick += 1
        self._paint()

    def _paint(self) -> None:
        self._page.show(lambda width: list(self._lines(width)))

    def _lines(self, width: int) -> Iterator[Line]:
        yield EMPTY
        scenario = self._demo.scenario
        yield (span(f" Starting a real mesh: {scenario.name}", Role.STRONG),)
        yield from paragraph(scenario.description, width, Role.DIM)
        yield EMPTY
        for number, step in enumerate(self._steps):
            last = number == len(self._steps) - 1 and self._error is None
            # One begins before the one before has ended: only the mesh as a whole is told to be there.
            mark = Span(f"  {SPINNER[self._tick % len(SPINNER)]} ", Role.ACCENT) if last else Span("  · ", Role.FAINT)
            yield (mark, span(step, Role.TEXT if last else Role.DIM))
        if self._error is not None:
            yield EMPTY
            yield (Span("  ✗ ", Role.ALARM), Span("The mesh did not start", Role.ALARM))
            yield from paragraph(self._error.what, width, Role.TEXT)
            if self._error.hint:
                yield from labelled("try", self._error.hint, width)
