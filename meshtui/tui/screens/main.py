"""The screen one works in: header, tabs, a view, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from meshtui.model.errors import MeshtuiError
from meshtui.model.xds.resource import resource_timer
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.tui.commands import Command, understand
from meshtui.tui.frame import Frame
from meshtui.tui.kit.backdrop import Backdrop
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.key_bar import KeyBar
from meshtui.tui.kit.text import shown
from meshtui.tui.pump import RATE, Pump
from meshtui.tui.screens.body import Body
from meshtui.tui.screens.command_line import CommandLine
from meshtui.tui.screens.first_sight import FIRST_RATE, FirstSight, was_seen
from meshtui.tui.screens.header_bar import HeaderBar
from meshtui.tui.screens.main_commands import main_commands
from meshtui.tui.screens.main_keys import MAIN_KEYS
from meshtui.tui.screens.pod_banner import PodBanner
from meshtui.tui.screens.trail import Place, Trail
from meshtui.tui.screens.view_tabs import ViewTabs
from meshtui.tui.views.registry import VIEWS, Sender, View, place_of

if TYPE_CHECKING:
    from meshtui.present.pod_fate import NextPod
    from meshtui.session.demo_control import DemoControl, Offer
    from meshtui.session.workspace import Workspace


class MainScreen(Screen[None], Backdrop):
    """Paints the session in front of the workspace."""

    CSS_PATH = [  # noqa: RUF012 - Textual's own declaration
        "main.tcss",
        *(f"../{view.css}" for view in VIEWS),
    ]
    TITLE = "meshtui"

    BINDINGS = MAIN_KEYS

    class Refused(Message):
        """What should be opened first is no target."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class PickPod(Message):
        """A pod of a cluster is wanted."""

        def __init__(self, screen: MainScreen) -> None:
            super().__init__()
            self.screen = screen

    class ShowAccess(Message):
        """What each right, port and file gives of the target in front is wanted."""

        def __init__(self, screen: MainScreen) -> None:
            super().__init__()
            self.screen = screen

    def __init__(
        self,
        workspace: Workspace,
        offers: Sequence[Offer],
        now: Callable[[], datetime],
        demo: DemoControl | None = None,
        *,
        opening: str | None = None,
    ) -> None:
        super().__init__()
        self._now = now
        self._opening = opening
        self._workspace = workspace
        self._offers = tuple(offers)
        self._demo = demo
        self._pump = Pump(workspace, self._deliver, now)
        self._frame: Frame | None = None
        self._trail = Trail()
        self._header = HeaderBar(id="header")
        self._tabs = ViewTabs(VIEWS, id="tabs")
        self._banner = PodBanner(id="pod-banner")
        self._body = Body(id="body")
        self.commands: tuple[Command, ...] = main_commands(self)
        self._command = CommandLine(self.commands, id="command")
        self._first_sight = FirstSight(due=opening is not None)

    def compose(self) -> ComposeResult:
        yield self._header
        yield self._tabs
        yield self._banner
        yield self._body
        yield self._command
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self._tabs.chosen = self._body.chosen
        self.set_interval(1 / RATE, self._beat)
        self._awaiting = self.set_interval(1 / FIRST_RATE, self._await_first_sight)
        if self._opening is not None:
            link = Link(LinkState.CONNECTING, self._now())
            state = SessionState(target=self._opening, link=link, interval=1.0)
            self._deliver(Frame(state, self._now(), as_json=lambda _: ""))
            self.call_after_refresh(self._attach_first, self._opening)
        self._pump.pump()

    def _attach_first(self, target: str) -> None:
        """Attach once the screen is painted: what a session needs is imported then, and no one waits for it."""
        self._first_sight.attaching()
        try:
            self._workspace.attach(target)
        except MeshtuiError as error:
            self.post_message(self.Refused(str(error)))
        else:
            self._pump.pump()

    @property
    def keys_wait(self) -> bool:
        """What is typed before the first target is seen is meant for what will be seen, if that comes soon."""
        return self._first_sight.keys_wait(self._frame)

    # what is painted

    def _await_first_sight(self) -> None:
        """Nothing is shown yet: what comes first is painted as it comes. Then :data:`RATE` is often enough."""
        self._pump.pump()
        if was_seen(self._frame):
            self._awaiting.pause()

    def _beat(self) -> None:
        self._pump.pump()
        self._body.beat()

    def _deliver(self, frame: Frame) -> None:
        before, self._frame = self._frame, frame
        self._header.frame = frame
        self._tabs.frame = frame
        self._banner.frame = frame
        self._body.paint(frame)
        if before is None or _what_keys_need(before) != _what_keys_need(frame):
            self.refresh_bindings()

    # what is asked for

    def show_view(self, id_: str) -> View:
        """Bring a view to the front."""
        self._tabs.chosen = id_
        return self._body.show_view(id_)

    def attach(self, target: str) -> None:
        """Bring a target to the front, attaching it first if need be."""
        try:
            self._workspace.attach(target)
        except MeshtuiError as error:
            self.complain(str(error))
            return
        self._look_at_front()

    def _look_at_front(self) -> None:
        if self._pump.frozen:
            self._pump.freeze(False)
        self._pump.pump()
        self._awaiting.resume()

    def complain(self, text: str) -> None:
        """Say what went wrong, for a moment."""
        self.notify(shown(text), severity="error", markup=False)

    def tell(self, text: str) -> None:
        """Say that something was done, for a moment."""
        self.notify(shown(text), markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "view":
            return any(view.id == parameters[0] and view.is_there(self._frame) for view in VIEWS)
        if action == "return":
            return bool(self._trail)
        if action == "next_pod":
            return self._next_pod() is not None
        if action == "step":
            return self._demo is not None and len(self._demo.scenario.steps) > 1
        if action == "switch":
            return True if len(self._workspace.sessions) > 1 else None
        if action == "freeze":
            return True if self._frame is not None and self._frame.state.snapshot is not None else None
        return True

    def action_view(self, id_: str) -> None:
        self._trail.forget()
        self.show_view(id_)

    def _leave_behind(self) -> None:
        """What is shown now is where ``action_return`` leads: its cursor stays as it is meanwhile."""
        self._trail.leave(Place(self._body.chosen))
        self.refresh_bindings()

    def action_return(self) -> None:
        """Back the way one came."""
        place = self._trail.back()
        if place is not None:
            if place.target is not None:
                self.attach(place.target)
            self.show_view(place.view)
            self.refresh_bindings()

    def action_switch(self, step: int) -> None:
        self._workspace.next(step)
        self._pump.pump()

    def _next_pod(self) -> NextPod | None:
        frame = self._frame
        if frame is None or frame.state.fate is None:
            return None
        from meshtui.present.pod_fate import next_pod

        return next_pod(frame.state, frame.now)

    def action_next_pod(self) -> None:
        """Go on with the pod that takes the place of this one; what was seen of this one stays, one step back."""
        found, frame = self._next_pod(), self._frame
        if found is None or frame is None:
            return
        if found.anew:
            self._attach_anew(found.target)
            return
        self._trail.leave(Place(self._body.chosen, frame.state.target))
        self.attach(found.target)
        self.refresh_bindings()

    def _attach_anew(self, target: str) -> None:
        """To another pod of the same name: one name is one target, so the session with the pod before ends."""
        front = self._workspace.front
        if front is not None and front.echo is not None and front.echo.run in self._workspace.going:
            self.complain("A run is under way through the pod that was: x in the echo view stops it.")
            return
        self._workspace.attach_anew(target)
        self._look_at_front()

    def action_freeze(self) -> None:
        self._pump.freeze(not self._pump.frozen)

    def action_poll(self) -> None:
        if self._workspace.front is not None:
            self._workspace.front.poll_now()

    def action_targets(self) -> None:
        from meshtui.tui.dialogs.targets import PickPods, TargetsDialog, choices

        def chosen(target: str | PickPods | None) -> None:
            if isinstance(target, PickPods):
                self.action_pods()
            elif target is not None:
                self.attach(target)

        offered = choices(self._workspace.sessions, self._workspace.front, self._offers, self._now())
        self.app.push_screen(TargetsDialog(offered), chosen)

    def action_pods(self) -> None:
        """Show the pods of a cluster."""
        self.post_message(self.PickPod(self))

    def action_access(self) -> None:
        """Show what each right, port and file gives, and what gives those that are missing."""
        self.post_message(self.ShowAccess(self))

    def action_step(self) -> None:
        """Play the demo's next step, once that is agreed to."""
        if self._demo is not None:
            from meshtui.tui.screens.demo_step import ask_for_step

            ask_for_step(self, self._demo, self.tell, self.complain)

    def action_help(self) -> None:
        from meshtui.tui.screens.help import HelpScreen, commands_section, marks_section

        bindings = [active.binding for active in self.active_bindings.values()]
        timer = self._frame.resource_timer if self._frame is not None else resource_timer().total_seconds()
        self.app.push_screen(HelpScreen(bindings, (marks_section(timer), commands_section(self.commands))))

    def action_command(self, text: str = "") -> None:
        self._command.open(text)

    def _close_command(self) -> None:
        self._command.close()
        self._body.enter()

    # messages

    def on_bar_pressed(self, message: Bar.Pressed) -> None:
        if message.bar is self._tabs:
            self.action_view(message.name)
        elif message.bar is self._banner:
            self.action_next_pod()

    def on_view_go_to(self, message: View.GoTo) -> None:
        place = place_of(message.subject, self._frame.state) if self._frame is not None else None
        if place is not None:
            self._leave_behind()
            self.show_view(place.id).go_to(message.subject)

    def on_view_probe(self, message: View.Probe) -> None:
        self._leave_behind()
        view = self.show_view("echo")
        assert isinstance(view, Sender)
        if self._frame is not None:
            view.frame = self._frame  # a view opened for the first time has none yet
            view.probe(message.url)

    def on_view_thaw(self) -> None:
        if self._pump.frozen:
            self._pump.freeze(False)
            self.tell("The screen goes on, so that the run is seen.")

    def on_view_copy(self, message: View.Copy) -> None:
        self.app.copy_to_clipboard(message.text)
        self.tell(f"Copied {message.what}")

    def on_view_save(self, message: View.Save) -> None:
        from meshtui.tui.dialogs.save import SaveDialog

        def saved(path: object) -> None:
            if path is not None:
                self.tell(f"Saved {path}")

        self.app.push_screen(SaveDialog(message.make, message.suggested, message.title), saved)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input is not self._command:
            return
        said = understand(event.value, self.commands)
        self._close_command()
        if said.command is not None:
            said.command.run(said.argument)
        elif said.problem:
            self.complain(said.problem)

    def on_command_line_left(self) -> None:
        self._close_command()


def _what_keys_need(frame: Frame) -> tuple[bool, object, bool]:
    """What of a frame decides which keys can do something."""
    return frame.state.snapshot is None, frame.state.fate, frame.log is None
