"""The echo lab of a session, on the real mesh: the expectation follows the accepted config."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from meshtui.model.echo.batch import Batch, BatchReply
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import Expectation, Verdict
from meshtui.model.target import TargetOptions
from meshtui.model.timeline import EventKind
from meshtui.model.xds.config import ClusterLoadAssignment, Endpoint
from meshtui.model.xds.resource import CDS, EDS, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.controller import EchoController, load_of
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import EchoSettings, EchoState, Phase
from meshtui.session.session import Session
from meshtui.session.state import SessionState
from meshtui.targets import open_session
from tests.meshes import RunningMesh, headless_mesh
from tests.waiting import PATIENCE_S
from tests.world.clock import NOW
from tests.world.config import canary, key, resource, subset, with_resource, without

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


async def until(session: Session, holds: Callable[[SessionState], bool]) -> SessionState:
    async with asyncio.timeout(PATIENCE_S):
        while not holds(session.state):
            await asyncio.sleep(0.02)
    return session.state


async def attached(address: str) -> Session:
    session = open_session(address, TargetOptions(), interval=0.2)
    session.start()
    await until(session, lambda state: state.snapshot is not None)
    return session


def begin(controller: EchoController, spec: EchoRequestSpec, settings: EchoSettings, *, probe: str) -> EchoRun:
    """Agree to a run and begin it."""
    controller.agree(load_of(spec, settings, probe, None))
    return controller.start(spec, settings, probe=probe)


def echo(state: SessionState) -> EchoState:
    assert state.echo is not None
    return state.echo


@pytest.mark.mesh
async def test_a_run_is_judged_by_the_accepted_config(shifted_mesh: RunningMesh) -> None:
    session = await attached(shifted_mesh.admin("client"))
    try:
        assert session.echo is not None
        run = begin(
            session.echo,
            EchoRequestSpec(URL, count=600),
            EchoSettings(alpha=1e-6, awaits_confirmation=True),
            probe="client",
        )
        with pytest.raises(UsageError, match="under way"):
            begin(session.echo, EchoRequestSpec(URL, count=1), EchoSettings(), probe="client")
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
    assert told[0].startswith("probe ended: 600 of 600 answered; ")


@pytest.mark.mesh
async def test_a_probe_from_a_pod_without_channels_learns_the_config_while_it_runs(shifted_mesh: RunningMesh) -> None:
    session = await attached(shifted_mesh.admin("echo-v1"))
    try:
        assert session.echo is not None
        assert session.state.snapshot is not None
        assert not session.state.snapshot.has_outbound
        begin(session.echo, EchoRequestSpec(URL, count=None, qps=50), EchoSettings(), probe="echo-v1")
        state = await until(
            session,
            lambda state: state.echo is not None and state.echo.assessment.expectation is not None,
        )
        found = echo(state).assessment.expectation
        assert found is not None
        assert found.testable
        await session.echo.stop()
        assert session.echo.run is not None
        assert session.echo.run.state.phase is Phase.CANCELLED
    finally:
        await session.stop()


@pytest.mark.mesh
async def test_a_changed_split_starts_an_epoch() -> None:
    with headless_mesh("traffic-shift") as mesh:
        session = await attached(mesh.admin("client"))
        try:
            assert session.echo is not None
            begin(
                session.echo,
                EchoRequestSpec(URL, count=None, qps=100),
                EchoSettings(alpha=1e-6, awaits_confirmation=True),
                probe="client",
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


class Endless:
    """A source that answers nothing before it is told to stop."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing sets this event")


def arriving(at: datetime) -> Snapshot:
    """The route is there and one of its clusters is not yet."""
    seen = without(canary(at), key(CDS, subset("v1")), key(EDS, subset("v1")))
    return with_resource(seen, resource(CDS, subset("v1"), None, status=Status.REQUESTED), at)


@pytest.fixture
def source() -> Endless:
    return Endless()


@pytest.fixture
async def controller(source: Endless) -> AsyncIterator[EchoController]:
    controller = EchoController(source, lambda state: None)
    yield controller
    await controller.stop()


def expected(run: EchoRun) -> Expectation | None:
    return run.state.epochs[-1].expectation


LATER = [NOW + timedelta(seconds=second) for second in range(10)]
"""Looks at the config, a second apart."""


async def test_a_look_into_the_arrival_of_the_config_is_no_other_split(controller: EchoController) -> None:
    controller.config_seen(canary(LATER[0]))
    run = begin(controller, EchoRequestSpec(URL, count=None, qps=50), EchoSettings(), probe="echo-v1")
    before = expected(run)
    for at in range(1, 7):  # every other look finds half of it
        controller.config_seen(arriving(LATER[at]) if at % 2 else canary(LATER[at]))
        assert expected(run) == before


async def test_the_versions_of_pods_are_what_answers_are_expected_of(controller: EchoController) -> None:
    controller.config_seen(canary(LATER[0]))
    run = begin(controller, EchoRequestSpec(URL, count=None, qps=50), EchoSettings(), probe="echo-v1")
    named = expected(run)
    assert named is not None
    assert set(named.shares) == {"v1", "v2"}
    pods = {
        endpoint.address.partition(":")[0]: f"pod-{version}"
        for version in ("v1", "v2")
        for endpoint in endpoints_of(version)
    }
    controller.pods_seen(pods)
    told = expected(run)
    assert told is not None
    assert told.shares == {"pod-v1": pytest.approx(0.2), "pod-v2": pytest.approx(0.8)}
    controller.pods_seen(pods)
    assert expected(run) is told


def endpoints_of(version: str) -> tuple[Endpoint, ...]:
    body = canary(NOW).resources[key(EDS, subset(version))].body
    assert isinstance(body, ClusterLoadAssignment)
    return body.endpoints


async def test_a_config_that_stays_half_is_told(controller: EchoController) -> None:
    controller.config_seen(canary(LATER[0]))
    run = begin(controller, EchoRequestSpec(URL, count=None, qps=50), EchoSettings(), probe="echo-v1")
    for at in range(1, 4):
        controller.config_seen(arriving(LATER[at]))
    found = expected(run)
    assert found is not None
    assert not found.testable
    assert "names v1, which is not there" in found.reason


async def test_until_decided_does_not_give_up_while_the_config_arrives(
    controller: EchoController, source: Endless
) -> None:
    controller.config_seen(arriving(LATER[0]))
    run = begin(controller, EchoRequestSpec(URL, count=100), EchoSettings(until_decided=True), probe="echo-v1")
    assert expected(run) is None
    await asyncio.wait_for(source.asked.wait(), PATIENCE_S)
    controller.config_seen(canary(LATER[1]))
    found = expected(run)
    assert found is not None
    assert found.testable
    assert run.state.phase is Phase.RUNNING


def turn_weights(manifests: Path) -> None:
    """Exchange 20 and 80 in the VirtualService, in one step."""
    (file,) = [file for file in manifests.glob("*.yaml") if "weight: 20" in file.read_text()]
    turned = file.read_text().replace("weight: 20", "weight: 00").replace("weight: 80", "weight: 20")
    staged = file.with_suffix(".new")
    staged.write_text(turned.replace("weight: 00", "weight: 80"))
    shutil.move(staged, file)
