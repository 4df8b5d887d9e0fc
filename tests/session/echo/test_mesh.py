"""The echo lab on the real demo mesh: real xDS, real pods, real failures."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from meshtui.demo.mesh import Mesh
from meshtui.model.address import parse_address
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.split.assessment import Verdict
from meshtui.model.split.typed import parse_expectation
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import EchoSettings, EchoState, Phase
from meshtui.sources.echo import EchoClient
from meshtui.sources.grpc.channel import open_channel
from tests.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"
SHORT = ("xds:///echo:7070", "xds:///echo.echo-grpc:7070", "xds:///echo.echo-grpc.svc:7070", URL)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh("traffic-shift") as running:
        yield running


@asynccontextmanager
async def probe(mesh: Mesh, pod: str = "client") -> AsyncIterator[Callable[..., EchoRun]]:
    """A maker of runs that are sent by a pod of the mesh."""
    address = parse_address(mesh.pods[pod].admin)
    async with open_channel(address) as channel:
        client, runs = EchoClient(channel, address), list[EchoRun]()

        def make(spec: EchoRequestSpec, settings: EchoSettings | None = None, **more: Any) -> EchoRun:
            runs.append(EchoRun(client, spec, settings, **more))
            return runs[-1]

        yield make
        for run in runs:
            await run.cancel()


async def finished(run: EchoRun) -> EchoState:
    run.start()
    async with asyncio.timeout(PATIENCE_S):
        state = await run.wait()
    tally = state.tally
    assert tally.sent == tally.completed + tally.failed + tally.lost + tally.abandoned
    return state


async def test_the_configured_split_is_consistent(mesh: Mesh) -> None:
    settings = EchoSettings(alpha=1e-6, until_decided=True)
    async with probe(mesh) as make:
        run = make(EchoRequestSpec(URL, count=5000), settings, expectation=parse_expectation("v1=20,v2=80"))
        state = await finished(run)
    assert state.phase is Phase.DONE
    assert state.assessment.verdict is Verdict.CONSISTENT
    assert state.tally.completed == state.tally.sent
    assert state.tally.failed == 0
    assert set(state.tally.by_version) == {"v1", "v2"}
    assert len(state.tally.by_hostname) == 2
    assert state.tally.latency is not None


async def test_a_wrong_expectation_is_a_mismatch(mesh: Mesh) -> None:
    async with probe(mesh) as make:
        expectation = parse_expectation("v1=50,v2=50")
        state = await finished(
            make(EchoRequestSpec(URL, count=2000), EchoSettings(until_decided=True), expectation=expectation)
        )
    assert state.assessment.verdict is Verdict.MISMATCH
    assert state.tally.sent < 1000
    assert "want 50 %" in state.sentence


@pytest.mark.parametrize("url", SHORT)
async def test_five_calls_by_any_name(mesh: Mesh, url: str) -> None:
    async with probe(mesh, "echo-v1") as make:
        state = await finished(make(EchoRequestSpec(url, count=5)))
    assert (state.tally.completed, state.tally.failed) == (5, 0)
    assert {answer.status_code for answer in state.tally.answers} == {200}


async def test_an_unknown_host_is_explained(mesh: Mesh) -> None:
    async with probe(mesh) as make:
        state = await finished(make(EchoRequestSpec("xds:///nowhere:7070", count=2, timeout_s=3.0)))
    assert state.tally.completed == 0
    assert state.tally.failed + state.tally.lost == 2
    assert not state.tally.causes[0].code.startswith("unknown")


async def test_a_pod_that_is_killed_in_the_middle_loses_no_request_from_the_accounts(mesh: Mesh) -> None:
    """v2 dies and comes back, whenever that is. Its failures are counted, and no mismatch is made of them."""
    async with probe(mesh) as make:
        run = make(
            EchoRequestSpec(URL, count=None, qps=150, timeout_s=3.0),
            EchoSettings(alpha=1e-6),
            expectation=parse_expectation("v1=20,v2=80"),
        )
        run.start()
        await until(lambda: run.state.tally.completed >= 150)
        os.kill(mesh.processes["echo-v2", "app"], signal.SIGKILL)
        await until(lambda: run.state.tally.failed > 0)
        answered = run.state.tally.by_version["v2"]
        await until(lambda: run.state.tally.by_version["v2"] > answered + 20)
        await run.cancel()
        state = run.state
    tally = state.tally
    assert tally.sent == tally.completed + tally.failed + tally.lost + tally.abandoned
    assert state.assessment.verdict is not Verdict.MISMATCH
    assert all(not cause.code.startswith("unknown") for cause in tally.causes)


async def test_the_probes_own_pod_is_killed_in_the_middle(mesh: Mesh) -> None:
    async with probe(mesh, "echo-v1") as make:
        run = make(EchoRequestSpec(URL, count=600, qps=100), EchoSettings(give_up_after_s=30.0))
        run.start()
        await until(lambda: run.state.tally.completed >= 50 and run._book._in_flight)
        os.kill(mesh.processes["echo-v1", "app"], signal.SIGKILL)
        await until(lambda: run.state.tally.lost > 0)
        state = await finished(run)
    assert state.phase is Phase.DONE
    assert state.tally.sent == 600
    assert "probe-lost" in [cause.code for cause in state.tally.causes]
