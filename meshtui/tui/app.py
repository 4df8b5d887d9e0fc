"""The interactive program: which screen comes when, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from textual import events
from textual.app import App, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver

from meshtui.gc_pause import at_leisure, catch_up
from meshtui.model.clock import utc_now
from meshtui.tui.kit.text import shown
from meshtui.tui.kit.themes import NIGHT, OURS
from meshtui.tui.terminal import TerminalDriver
from meshtui.tui.typeahead import Typeahead

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.command import Provider
    from textual.driver import Driver

    from meshtui.model.timeline import Event
    from meshtui.session.demo_control import DemoControl, Offer, Scenario
    from meshtui.session.echo.state import EchoState
    from meshtui.session.kubernetes.picker import PodPicker
    from meshtui.session.workspace import Workspace
    from meshtui.tui.screens.access_look import AskAccess
    from meshtui.tui.screens.main import MainScreen

OpenDemo: TypeAlias = "Callable[[str | None], DemoControl]"
"""Makes the demo for a scenario, or for its first one."""

OpenPicker: TypeAlias = "Callable[[], PodPicker]"
"""Makes what follows the pods of a cluster while one is picked."""


SWITCH_S: Final = 0.001
"""Seconds that a thread which takes in a large config keeps the interpreter while a key waits for it. A key needs it
several times over, and Python's own 5 ms for each would be felt."""


def _commands() -> type[Provider]:
    """The palette's one provider, imported when the palette is first opened."""
    from meshtui.tui.palette_commands import Commands

    return Commands


SAID_S: Final = 600.0
"""Seconds for which what somebody else says is shown at most; it goes when they have ended, as a plugin does sooner."""

QUIET_S = 2.0
"""Seconds without a key, a click or a turn of the wheel after which no other is expected at once."""

INTERRUPTED = 130
"""The exit status of a program that was told to end."""


class MeshtuiApp(App[None]):
    """Given sessions to open and, for the demo, what starts it; opens no source itself.

    With ``target`` it attaches and goes straight in. With ``demo`` it starts that and attaches its first offer. With
    neither it asks: ``open_picker`` shows a cluster's pods, ``cluster_known`` says that there is a kubeconfig;
    ``ask_access`` tells what the user may do with a target. ``now``
    is the clock of all ages. On the way out everything attached or started is ended; ``left`` is called before that,
    when the terminal is as it was, with the exit status.
    """

    CSS_PATH = "app.tcss"
    TITLE = "meshtui"
    COMMANDS = {_commands}  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit", tooltip="Leave meshtui"),
    ]

    def __init__(
        self,
        workspace: Workspace,
        *,
        target: str | None = None,
        demo: DemoControl | None = None,
        open_demo: OpenDemo | None = None,
        scenarios: tuple[Scenario, ...] = (),
        recents: tuple[Offer, ...] = (),
        open_picker: OpenPicker | None = None,
        ask_access: AskAccess | None = None,
        cluster_known: bool = False,
        now: Callable[[], datetime] = utc_now,
        left: Callable[[int], None] = lambda code: None,
        drawing: Callable[[bool], None] = lambda drawn_on: None,
        lending: Callable[[bool], None] = lambda lent: None,
    ) -> None:
        super().__init__()
        self._events: asyncio.AbstractEventLoop | None = None
        self._told_to_end = False
        self._left = left
        self._lending = lending
        self.drawing = drawing
        """Told whether the terminal is the screen's or, left or suspended, the shell's."""
        self._workspace = workspace
        self._target = target
        self._demo = demo
        self._open_demo = open_demo
        self._scenarios = scenarios
        self._recents = recents
        self._open_picker = open_picker
        self._ask_access = ask_access
        self._cluster_known = cluster_known
        self._pickers: list[PodPicker] = []
        self._says = False
        self._now = now
        self.stopped_runs: tuple[EchoState, ...] = ()
        """The runs that were under way when the program was left, as far as they came."""
        self.defect: Exception | None = None
        """What ended the program although nothing should; ``None`` when it was left in order."""
        self._input_at = 0.0
        self._until_left = ExitStack()
        self.typeahead = Typeahead(self, super().on_event)
        self.animation_level = "none"
        for theme in OURS:
            self.register_theme(theme)
        self.theme = NIGHT.name

    def get_driver_class(self) -> type[Driver]:
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def _handle_exception(self, error: Exception) -> None:
        if self.defect is None:
            self.defect = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End. Textual would print a traceback with every local variable, which can hold a token of the mesh; whoever
        runs the program says what is kept in ``defect`` instead."""
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """The same for errors that would draw themselves."""
        self._fatal_error()

    def on_load(self) -> None:
        self._events = asyncio.get_running_loop()
        if self._told_to_end:
            self.exit(None, INTERRUPTED)

    def end(self) -> None:
        """Leave, told from outside. Any thread may call it, at any time; harmless once the program has ended."""
        self._told_to_end = True
        if self._events is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._events.call_soon_threadsafe(self.exit, None, INTERRUPTED)

    async def on_mount(self) -> None:
        self._until_left.enter_context(at_leisure())
        self._until_left.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_S)
        self.set_interval(1, self._tidy)
        if self._target is not None:
            self._enter(self._target, self._recents)
        elif self._demo is not None:
            self._begin(self._demo)
        else:
            self._ask()

    def _tidy(self) -> None:
        catch_up(busy=monotonic() - self._input_at < QUIET_S)

    async def on_event(self, event: events.Event) -> None:
        """What is typed goes through the typeahead; what came out of it, and all else, is Textual's."""
        if isinstance(event, events.InputEvent):
            self._input_at = monotonic()
        if isinstance(event, events.Key | events.Paste | events.MouseDown | events.MouseUp) and not event.is_forwarded:
            await self.typeahead.take(event)
        else:
            await super().on_event(event)

    def say(self, line: str) -> None:
        """A line of somebody else's, such as a login plugin's, over whatever is shown until :meth:`said_all`."""
        self._says = True
        self.notify(shown(line), markup=False, timeout=SAID_S)

    def said_all(self) -> None:
        """Who said something has ended."""
        if self._says:
            self._says = False
            self.call_later(self.clear_notifications)  # not before the newest line has come there

    @asynccontextmanager
    async def lend_terminal(self, needed: bool) -> AsyncIterator[bool]:
        """The terminal for a program that cannot go without, such as a login plugin that asks something.

        What it yields is whether it is lent; the screen is away meanwhile, and nothing is drawn.
        """
        with ExitStack() as lent:
            if needed:
                try:
                    # Until the screen is back, and Ctrl+C a key again.
                    self._lending(True)
                    lent.callback(self._lending, False)
                    lent.enter_context(self.batch_update())
                    lent.enter_context(self.suspend())
                except SuspendNotSupported:
                    needed = False
            try:
                yield needed
            finally:
                lent.pop_all().close()  # without an error in hand, at which Textual would leave the terminal as it is
        self.refresh()

    async def on_unmount(self) -> None:
        """End every session and the mesh, whatever way the program is left."""
        self._left(self.return_code or 0)
        self._until_left.close()
        demo, self._demo = self._demo, None
        await self._stop_runs()
        pickers = (picker.close() for picker in self._pickers)
        await asyncio.gather(self._workspace.close(), *pickers, *([demo.stop()] if demo is not None else []))

    async def action_quit(self) -> None:
        """Leave; what is being sent is stopped first, and the screen says so."""
        going = self._workspace.going
        if going:
            urls = ", ".join(run.spec.url for run in going)
            self.notify(shown(f"Stopping the run to {urls} …"), markup=False)
        self.run_worker(self._leave(), exclusive=True, group="leave", exit_on_error=False)

    async def _leave(self) -> None:
        try:
            await self._stop_runs()
        finally:
            self.exit()

    async def _stop_runs(self) -> None:
        """Stop what is sent; it takes well under a second. What was counted is kept to be reported."""
        going = self._workspace.going
        await asyncio.gather(*(session.echo.close() for session in self._workspace.sessions if session.echo))
        self.stopped_runs += tuple(run.state for run in going)

    def _ask(self) -> None:
        from meshtui.tui.screens.start import Attach, ClusterKnown, Demo, PickPod, StartScreen

        def chosen(choice: Attach | Demo | PickPod | None) -> None:
            if isinstance(choice, Attach):
                self._enter(choice.target, self._recents)
            elif isinstance(choice, PickPod):
                self.pick_pod(picked)
            elif isinstance(choice, Demo) and self._open_demo is not None:
                self._begin(self._open_demo(choice.scenario))

        def picked(target: str | None) -> None:
            if target is None:
                self._ask()
            else:
                self._enter(target, self._recents)

        known = ClusterKnown.YES if self._cluster_known else ClusterKnown.NO
        cluster = known if self._open_picker is not None else ClusterKnown.NEVER
        self.push_screen(StartScreen(self._scenarios, self._recents, self._open_demo is not None, cluster), chosen)

    def pick_pod(self, picked: Callable[[str | None], None]) -> None:
        """Show the pods of a cluster; ``picked`` is told the target, or ``None`` when the list was left."""
        from meshtui.tui.screens.pods.screen import PodsScreen

        if self._open_picker is not None:
            picker = self._open_picker()
            self._pickers.append(picker)
            self.push_screen(PodsScreen(picker, self._now), picked)

    def _begin(self, demo: DemoControl) -> None:
        from meshtui.tui.screens.starting import StartingScreen

        self._demo = demo

        def started(offers: tuple[Offer, ...] | None) -> None:
            if offers:
                self._enter(offers[0].target, offers)

        self.push_screen(StartingScreen(demo, self._happened), started)

    def _enter(self, target: str, offers: tuple[Offer, ...]) -> None:
        from meshtui.tui.screens.opening import OpeningScreen

        opening = OpeningScreen(target)
        self.push_screen(opening)
        opening.call_after_refresh(self._open_main, target, offers)

    def _open_main(self, target: str, offers: tuple[Offer, ...]) -> None:
        """The main screen, whose imports take as long as the rest of the start, after the first paint."""
        from meshtui.tui.screens.main import MainScreen

        self.switch_screen(MainScreen(self._workspace, offers, self._now, self._demo, opening=target))

    def on_main_screen_refused(self, message: MainScreen.Refused) -> None:
        """What was typed is no target: back to the question, with the reason."""
        self.typeahead.forget()
        self.pop_screen()
        self._ask()
        self.notify(shown(message.reason), severity="error", markup=False)

    def on_main_screen_pick_pod(self, message: MainScreen.PickPod) -> None:
        """Another pod, beside what is attached."""
        if self._open_picker is None:
            message.screen.complain("No cluster can be asked from here.")
        else:
            self.pick_pod(lambda target: message.screen.attach(target) if target is not None else None)

    def on_main_screen_show_access(self, message: MainScreen.ShowAccess) -> None:
        """What can be had of the target in front."""
        from meshtui.tui.dialogs.access import AccessDialog
        from meshtui.tui.screens.access_look import AccessLook

        if self._workspace.front is None:
            message.screen.complain("No target is attached yet.")
            return
        look = AccessLook(self._workspace.front, self._ask_access)

        def ask() -> None:
            self.run_worker(look.ask(), group="access", exclusive=True, exit_on_error=False)

        self.push_screen(AccessDialog(look, ask))
        ask()

    def on_starting_screen_failed(self) -> None:
        """What was typed ahead was for a mesh that does not come."""
        self.typeahead.forget()

    def _happened(self, event: Event) -> None:
        for session in self._workspace.sessions:
            session.record(event)
