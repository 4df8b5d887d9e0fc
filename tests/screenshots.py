"""``make screenshots``: the real program on the real demo mesh, as SVG and, where there is a Chromium, as PNG.

``python -m tests.screenshots [NAME…]`` makes only those whose name begins so.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before the first import of grpc: its log goes to the screen

from textual.pilot import Pilot

from meshtui.cli.scenarios import open_demo
from meshtui.model.target import TargetOptions
from meshtui.model.xds.resource import Health
from meshtui.session.session import Session
from meshtui.session.state import SessionState
from meshtui.session.workspace import Workspace
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp
from tests.picture import browser, draw, without_web_font
from tests.pictured_cluster import TARGET, let_read_the_log, pictured_cluster
from tests.pictured_cluster import app as app_on_a_cluster

FOLDER: Final = Path(__file__).parent.parent / "screenshots"

WIDE: Final = (160, 45)
NARROW: Final = (80, 24)

PATIENCE: Final = 60.0
"""Seconds for the mesh to come up and for each state to be seen, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: pressed keys, then waited ``seconds`` so that ages and marks look as they do at work.

    Without a name only the keys are pressed.
    """

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Story:
    """Pictures of one run of a scenario, after ``steps`` steps, once ``until`` holds.

    ``beside`` are pods attached as well, as the other ends of connections.
    """

    scenario: str
    steps: int
    until: Callable[[SessionState], bool]
    shots: tuple[Shot, ...]
    beside: tuple[str, ...] = ()


def _whole(state: SessionState) -> bool:
    calls = state.channels.mesh_channels[0].calls.started if state.channels and state.channels.mesh_channels else 0
    return calls > 20 and state.snapshot is not None and not state.snapshot.troubled


def _refused(state: SessionState) -> bool:
    return state.snapshot is not None and any(health is Health.REFUSED for health, _, _ in state.snapshot.counts)


STORIES: Final = (
    Story(
        "canary",
        3,
        _whole,
        (
            Shot("overview-160x45", WIDE, ("1",), 3),
            Shot("config-160x45", WIDE, ("2", "g", "j", "v")),
            Shot("config-change-160x45", WIDE, ("v",)),
            Shot("config-80x24", NARROW, ("escape",)),
            Shot("config-table-160x45", WIDE, ("t",)),
            Shot("overview-80x24", NARROW, ("1",)),
        ),
    ),
    Story(
        "canary",
        0,
        _whole,
        (
            Shot("", WIDE, ("3", "u", "exclamation_mark", "y"), 12),
            Shot("", WIDE, ("c", "y"), 16),
            Shot("echo-160x45", WIDE, ("c", "y"), 20),
            Shot("echo-80x24", NARROW),
        ),
    ),
    Story(
        "refused",
        0,
        _refused,
        (Shot("refused-160x45", WIDE, ("1",), 4), Shot("refused-config-160x45", WIDE, ("2", "e"))),
    ),
    Story(
        "mtls-strict",
        0,
        _whole,
        (Shot("identity-160x45", WIDE, ("4",), 8), Shot("identity-80x24", NARROW, (), 1)),
        beside=("echo-v1",),
    ),
)


PODS: Final = (Shot("pods-80x24", NARROW, ("p", "j"), 3), Shot("pods-160x45", WIDE, ()))
"""The picker, from the start screen."""

ACCESS: Final = (Shot("access-160x45", WIDE, ("A", "g", *["j"] * 6), 3), Shot("access-80x24", NARROW))
"""The access ladder of a pod, at the first right that is missing."""

LOG: Final = (Shot("log-160x45", WIDE, ("escape", "8"), 6), Shot("log-80x24", NARROW, ("x", "w"), 1))
"""The log of its agent, once the right to read it is granted."""


async def make_pods(wanted: Sequence[str]) -> None:
    """The pictures of a cluster's pods."""
    if wanted and not any(shot.name.startswith(tuple(wanted)) for shot in (*PODS, *ACCESS, *LOG)):
        return
    with pictured_cluster() as double:
        async with app_on_a_cluster().run_test(size=WIDE) as pilot:
            for shot in PODS:
                await _take(pilot, shot, write=not wanted or shot.name.startswith(tuple(wanted)))
        attached = app_on_a_cluster(TARGET)
        async with attached.run_test(size=WIDE) as pilot:
            await asyncio.sleep(8)  # the mesh, the files and the rights are seen
            for shot in ACCESS:
                await _take(pilot, shot, write=not wanted or shot.name.startswith(tuple(wanted)))
            let_read_the_log(double)
            for shot in LOG:
                await _take(pilot, shot, write=not wanted or shot.name.startswith(tuple(wanted)))


async def make(story: Story, wanted: Sequence[str]) -> None:
    """Run one story and write its pictures."""
    shots = [shot for shot in story.shots if not wanted or shot.name.startswith(tuple(wanted))]
    if not shots:
        return
    demo = open_demo(story.scenario)
    workspace = Workspace(lambda target: open_session(target, demo.options(target) or TargetOptions()))
    app = MeshtuiApp(workspace, demo=demo)
    async with app.run_test(size=WIDE) as pilot:
        session = await _front(workspace)
        for _ in range(story.steps):
            await _until(session, lambda state: state.snapshot is not None and state.snapshot.has_outbound)
            await demo.next_step()
            await asyncio.sleep(2)  # so that each step is a change of its own in the timeline
        await _until(session, story.until)
        for name in story.beside:
            workspace.attach(demo.address(name))
        workspace.attach(session.target)
        for shot in story.shots:
            await _take(pilot, shot, write=shot in shots and bool(shot.name))


async def _take(pilot: Pilot[None], shot: Shot, *, write: bool) -> None:
    await pilot.resize_terminal(*shot.size)
    await pilot.press(*shot.keys)
    await asyncio.sleep(shot.seconds)
    await pilot.pause()
    if not write:
        return
    svg = pilot.app.export_screenshot(title="meshtui")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{shot.name}.svg").write_text(without_web_font(svg), encoding="utf-8")
    if browser() is not None:
        await asyncio.to_thread(draw, svg, FOLDER / f"{shot.name}.png")
    sys.stdout.write(f"{shot.name}\n")


async def _front(workspace: Workspace) -> Session:
    async with asyncio.timeout(PATIENCE):
        while workspace.front is None:
            await asyncio.sleep(0.1)
    return workspace.front


async def _until(session: Session, condition: Callable[[SessionState], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition(session.state):
            await asyncio.sleep(0.1)


async def main(wanted: Sequence[str]) -> None:
    """All stories, one after the other."""
    for story in STORIES:
        await make(story, wanted)
    await make_pods(wanted)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
