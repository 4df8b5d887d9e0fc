"""View 3 on the real demo mesh: one key runs it, and a canary is seen stepping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from meshtui.demo.scenarios import scenario
from meshtui.model.split.assessment import Verdict
from meshtui.model.target import TargetOptions
from meshtui.session.session import Session
from meshtui.session.state import SessionState
from meshtui.session.workspace import Workspace
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.views.echo.view import EchoView
from tests.meshes import RunningMesh, headless_mesh
from tests.tui.echo_scripted import page_text
from tests.tui.scripted import settle
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.mesh


@asynccontextmanager
async def at_view_3(address: str) -> AsyncIterator[tuple[Pilot[None], Session]]:
    """The real app on a real pod, its Echo view in front."""
    workspace = Workspace(lambda target: open_session(target, TargetOptions(), interval=0.2))
    async with MeshtuiApp(workspace, target=address).run_test(size=(160, 45)) as pilot:
        async with asyncio.timeout(PATIENCE_S):
            while not workspace.sessions:
                await pilot.pause(0.02)
        session = workspace.sessions[0]
        await until(session, lambda state: state.snapshot is not None and state.snapshot.has_outbound)
        await pilot.press("3")
        await settle(pilot)
        view = pilot.app.screen.query_one(EchoView)
        view.draft.form = view.draft.form.with_field("alpha", "0.000001")  # the traffic is drawn anew each time
        yield pilot, session


async def until(session: Session, holds: Callable[[SessionState], bool]) -> SessionState:
    async with asyncio.timeout(PATIENCE_S):
        while not holds(session.state):
            await asyncio.sleep(0.02)
    return session.state


async def test_one_key_and_a_yes_give_the_split(shifted_mesh: RunningMesh) -> None:
    async with at_view_3(shifted_mesh.admin("client")) as (pilot, session):
        await pilot.press("exclamation_mark", "y")
        state = await until(session, lambda state: state.echo is not None and state.echo.phase.ended)
        await settle(pilot)
        assert state.echo is not None
        assert state.echo.tally.sent == 500
        assert state.echo.tally.completed == 500
        assert state.echo.assessment.verdict is not Verdict.MISMATCH
        seen = page_text(pilot.app)
        assert "500 of 500 answers" in seen
        assert "want 20 %" in seen
        assert "want 80 %" in seen
        assert f"n {state.echo.tally.by_version['v2']}" in seen


async def test_a_canary_steps_before_ones_eyes() -> None:
    with headless_mesh("canary") as mesh:
        async with at_view_3(mesh.admin("client")) as (pilot, session):
            await pilot.press("u", "exclamation_mark", "y")
            await until(session, lambda state: state.echo is not None and state.echo.tally.completed > 20)
            step(mesh.manifests, 3)
            state = await until(
                session,
                lambda state: (
                    state.echo is not None
                    and len(state.echo.epochs) == 2
                    and state.echo.assessment.counts.by_version.get("v2", 0) > 5
                ),
            )
            await settle(pilot)
            seen = page_text(pilot.app)
            assert "epoch 2: 50/50 since" in seen
            assert "want 50 %" in seen
            assert state.echo is not None
            assert state.echo.assessment.verdict is not Verdict.MISMATCH
            await pilot.press("x")
            await until(session, lambda state: state.echo is not None and state.echo.phase.ended)


def step(manifests: Path, number: int) -> None:
    """Apply a step of the canary scenario as its user would: its file over the one before, in one move."""
    source = scenario("canary").step(number).directory / "virtual-service.yaml"
    staged = manifests / "virtual-service.new"
    staged.write_text(source.read_text())
    staged.replace(manifests / "virtual-service.yaml")
