"""Targets whose answers the test writes: real sessions and the real app over a scripted config source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from meshtui.model.errors import TargetUnreachable
from meshtui.model.xds.resource import Resource
from meshtui.session.demo_control import DemoControl, Offer, Scenario
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.session.workspace import Workspace
from meshtui.tui.app import MeshtuiApp, OpenPicker
from meshtui.tui.screens.access_look import AskAccess
from meshtui.tui.screens.main import MainScreen
from meshtui.tui.views.registry import View
from tests.waiting import PATIENCE_S, until
from tests.world.clock import Clock
from tests.world.sources import ScriptedConfig


@dataclass
class Bench:
    """Targets by name, each with its scripted source, and the app over them."""

    clock: Clock
    sources: dict[str, ScriptedConfig] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)

    def add(self, target: str = "127.0.1.13:17171", resources: Iterable[Resource] = ()) -> ScriptedConfig:
        self.sources[target] = ScriptedConfig(self.clock, list(resources))
        return self.sources[target]

    def open_session(self, target: str) -> Session:
        async def connect() -> Sources:
            source = self.sources.get(target)
            if source is None:
                raise TargetUnreachable(f"Nothing answers at {target}: connection refused.", "check the port-forward")
            return Sources(source)

        # Polled only when told (poll_now): the interval is longer than any test.
        session = Session(target, connect, interval=3600, now=self.clock)
        self.sessions[target] = session
        return session

    def app(
        self,
        target: str | None = "127.0.1.13:17171",
        *,
        demo: DemoControl | None = None,
        open_demo: Callable[[str | None], DemoControl] | None = None,
        scenarios: tuple[Scenario, ...] = (),
        recents: tuple[Offer, ...] = (),
        open_picker: OpenPicker | None = None,
        ask_access: AskAccess | None = None,
        cluster_known: bool = True,
    ) -> MeshtuiApp:
        return MeshtuiApp(
            Workspace(self.open_session),
            target=target,
            demo=demo,
            open_demo=open_demo,
            scenarios=scenarios,
            recents=recents,
            open_picker=open_picker,
            ask_access=ask_access,
            cluster_known=cluster_known,
            now=self.clock,
        )

    async def frame(self, pilot: Pilot[None], target: str = "127.0.1.13:17171") -> None:
        """Let the target be polled once more, and the screen paint it."""
        session, source = self.sessions[target], self.sources.get(target)
        polls, revision = source.polls if source else 0, session.state.revision
        session.poll_now()
        await until(
            lambda: (source is None or source.polls > polls) and session.state.revision > revision, "one more look"
        )
        await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    """Let the pump beat and everything it moves be painted; a view is imported and mounted first.

    That the process is idle says nothing on a busy machine, where it may just not have had its turn.
    """
    calm = 0
    async with asyncio.timeout(PATIENCE_S):
        while calm < 3:
            screen = pilot.app.screen
            pump = getattr(screen, "_pump", None)
            if pump is not None:
                pump.pump()
            await pilot.pause()
            still = screen is pilot.app.screen and _at_rest(screen) and not _typing(pilot)
            calm = calm + 1 if still and _shows_something(screen) else 0


def _typing(pilot: Pilot[None]) -> bool:
    app = pilot.app
    return isinstance(app, MeshtuiApp) and bool(app.typeahead._waiting)


def _at_rest(screen: Screen[Any]) -> bool:
    """No widget still has to be composed, to read a message, to be laid out or to be painted."""
    app = screen.app
    if app.message_queue_size or app._pending_message is not None or app._next_callbacks:
        return False
    if screen._callbacks or screen._dirty_widgets:
        return False
    return not any(
        not node.is_mounted
        or node.message_queue_size
        or node._pending_message is not None
        or node._next_callbacks
        or node._layout_required
        or node._repaint_required
        or node._recompose_required
        for node in screen.walk_children(Widget, with_self=True)
    )


def _shows_something(screen: Screen[Any]) -> bool:
    if not isinstance(screen, MainScreen):
        return True
    if screen.query_one("#notice").display:
        return True
    return any(view.display and view.frame is not None and view.size for view in screen.query(View))
