"""The real demo mesh with backends that hang: the finding names the one that does, and it is over when it answers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from meshtui.demo.mesh import Mesh
from meshtui.model.target import TargetOptions
from meshtui.model.xds.resource import Health
from meshtui.present.ladder import traffic_rung
from meshtui.session.session import Session
from meshtui.session.state import SessionState
from meshtui.targets import open_session
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh("traffic-shift") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def session(mesh: Mesh) -> AsyncIterator[Session]:
    following = open_session(mesh.pods["client"].admin, TargetOptions())
    following.start()
    yield following
    await following.stop()


async def until(session: Session, holds: Callable[[SessionState], bool]) -> SessionState:
    """The first state for which something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(session.state):
            await asyncio.sleep(0.05)
    return session.state


def codes(state: SessionState) -> set[str]:
    return {finding.code for finding in state.findings}


def mark(state: SessionState) -> Health | None:
    return traffic_rung(state.channels, state.traffic).health


def well(state: SessionState) -> bool:
    """Calls have come back for a while, to both backends, and nothing is wrong."""
    peers = state.traffic.peers if state.traffic else ()
    answered = [flow for flow in peers if len(flow.answering) >= 10]
    return len(answered) == 2 and mark(state) is Health.OK and not state.findings


@pytest.mark.parametrize("stopped", [("echo-v2",), ("echo-v1", "echo-v2")], ids="+".join)
async def test_a_backend_that_hangs_is_found_and_named(mesh: Mesh, session: Session, stopped: tuple[str, ...]) -> None:
    await until(session, well)
    pids = [mesh.processes[pod, "app"] for pod in stopped]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        state = await until(session, lambda state: "calls-hang" in codes(state))
        found = [finding for finding in state.findings if finding.code == "calls-hang"]
        assert all(any(pod in finding.title for pod in stopped) for finding in found)
        assert mark(state) is Health.REFUSED
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    state = await until(session, lambda state: not codes(state))
    assert mark(state) is not Health.REFUSED


async def test_an_app_that_was_killed_and_came_back_is_told(mesh: Mesh, session: Session) -> None:
    await until(session, lambda state: state.traffic is not None and state.traffic.channels != ())
    os.kill(mesh.processes["client", "app"], signal.SIGKILL)
    state = await until(session, lambda state: any("restarted" in event.text for event in state.events))
    told = [event for event in state.events if "restarted" in event.text]
    assert len(told) == 1
    assert told[0].health is not Health.OK
