"""The echo lab of a session, on the real mesh: the expectation follows the accepted config."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from meshtui.model.echo import EchoRequestSpec
from meshtui.model.errors import UsageError
from meshtui.model.split import Verdict
from meshtui.model.target import TargetOptions
from meshtui.model.timeline import EventKind
from meshtui.session.echo_state import EchoSettings, EchoState, Phase
from meshtui.session.session import Session
from meshtui.session.state import SessionState
from meshtui.targets import open_session
from tests.meshes import RunningMesh, headless_mesh

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"

pytestmark = pytest.mark.mesh


async def until(session: Session, holds: Callable[[SessionState], bool], seconds: float = 30) -> SessionState:
    async with asyncio.timeout(seconds):
        while not holds(session.state):
            await asyncio.sleep(0.02)
    return session.state


async def attached(address: str) -> Session:
    session = open_session(address, TargetOptions(), interval=0.2)
    session.start()
    await until(session, lambda state: state.snapshot is not None)
    return session


def echo(state: SessionState) -> EchoState:
    assert state.echo is not None
    return state.echo


async def test_a_run_is_judged_by_the_accepted_config(shifted_mesh: RunningMesh) -> None:
    session = await attached(shifted_mesh.admin("client"))
    try:
        assert session.echo is not None
        run = session.echo.start(
            EchoRequestSpec(URL, count=600), EchoSettings(awaits_confirmation=True), probe="client"
        )
        with pytest.raises(UsageError, match="under way"):
            session.echo.start(EchoRequestSpec(URL, count=1), EchoSettings(), probe="client")
        await run.wait()
        state = echo(await until(session, lambda state: echo(state).phase.ended))
    finally:
        await session.stop()
    assert state.phase is Phase.DONE
    assert state.tally.sent == 600
    assert state.assessment.expectation is not None
    assert state.assessment.expectation.shares == {"v1": pytest.approx(0.2), "v2": pytest.approx(0.8)}
    assert state.assessment.verdict in (Verdict.CONSISTENT, Verdict.UNDECIDED)
    assert not state.unconfirmed
    told = [event.text for event in session.state.events if event.kind is EventKind.ECHO]
    assert told[-1] == "probe started: 600 requests"
    assert told[0].startswith("probe done: 600 of 600 answered, 0 failed; ")


async def test_a_probe_from_a_pod_without_channels_learns_the_config_while_it_runs(shifted_mesh: RunningMesh) -> None:
    session = await attached(shifted_mesh.admin("echo-v1"))
    try:
        assert session.echo is not None
        assert session.state.snapshot is not None
        assert not session.state.snapshot.has_outbound
        session.echo.start(EchoRequestSpec(URL, count=None, qps=50), EchoSettings(), probe="echo-v1")
        state = await until(
            session,
            lambda state: state.echo is not None and state.echo.assessment.expectation is not None,
        )
        assert echo(state).assessment.expectation.testable  # type: ignore[union-attr]
        await session.echo.stop()
        assert session.echo.run is not None
        assert session.echo.run.state.phase is Phase.CANCELLED
    finally:
        await session.stop()


async def test_a_changed_split_starts_an_epoch() -> None:
    with headless_mesh("traffic-shift") as mesh:
        session = await attached(mesh.admin("client"))
        try:
            assert session.echo is not None
            session.echo.start(
                EchoRequestSpec(URL, count=None, qps=100), EchoSettings(awaits_confirmation=True), probe="client"
            )
            await until(session, lambda state: state.echo is not None and state.echo.assessment.counts.answered > 20)
            turn_weights(mesh.manifests)
            state = await until(session, lambda state: len(echo(state).epochs) == 2)
            shares = [epoch.expectation.shares for epoch in echo(state).epochs if epoch.expectation]
            assert shares == [
                {"v1": pytest.approx(0.2), "v2": pytest.approx(0.8)},
                {"v1": pytest.approx(0.8), "v2": pytest.approx(0.2)},
            ]
            await until(session, lambda state: echo(state).assessment.counts.answered > 20)
            assert echo(session.state).assessment.verdict is not Verdict.MISMATCH
            assert "judged by a new split: v1 80 % · v2 20 %" in [event.text for event in session.state.events]
        finally:
            await session.stop()


def turn_weights(manifests: Path) -> None:
    """Exchange 20 and 80 in the VirtualService, in one step."""
    (file,) = [file for file in manifests.glob("*.yaml") if "weight: 20" in file.read_text()]
    turned = file.read_text().replace("weight: 20", "weight: 00").replace("weight: 80", "weight: 20")
    staged = file.with_suffix(".new")
    staged.write_text(turned.replace("weight: 00", "weight: 80"))
    shutil.move(staged, file)
