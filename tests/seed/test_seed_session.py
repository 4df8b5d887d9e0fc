"""The session this project grew from, as one would do it today: a proxyless echo mesh, and ``meshtui echo`` beside it.

What was done then with grpcurl, jq and counting by eye, and how it ended: five calls by a short name; a header that
chooses the version; 20 and 80 per cent; mTLS on the client alone, which fails, and with STRICT, which works; a canary
in steps; and a batch while pods fail.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli.echo.report import echo_document
from meshtui.demo import scenarios
from meshtui.demo.mesh import Mesh
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.target import TargetOptions
from meshtui.model.xds.config import TlsMode
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.controller import load_of
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import EchoSettings
from meshtui.targets import open_session
from tests.attaching import attached
from tests.meshes import RunningMesh
from tests.program import Done, meshtui, running
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.mesh

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"
SURE = ("--alpha", "0.000001")
"""A sound mesh fails a test that asks for this once in a million."""


async def echo(admin: str, *arguments: str, url: str = URL) -> Done:
    return await meshtui("echo", admin, "--url", url, *arguments, "-o", "json")


def check_accounts(data: dict[str, Any]) -> None:
    """Every request is in exactly one count, and every one that came back in exactly one epoch or change-over."""
    assert data["sent"] == data["completed"] + data["failed"] + data["lost"] + data["abandoned"]
    assert data["completed"] == sum(data["by_version"].values()) + data["unknown_version"]
    judged = sum(
        sum(epoch["by_version"].values()) + epoch["unknown_version"] + epoch["failed"] + epoch["lost"]
        + epoch["changeover"]
        for epoch in data["epochs"]
    )  # fmt: skip
    assert judged == data["sent"] - data["abandoned"]


async def until_accepted(mesh: Mesh, holds: Callable[[Snapshot], bool], pod: str = "client") -> None:
    """Wait until a pod runs on config that passes a test."""
    async with attached(mesh.pods[pod].admin) as source, asyncio.timeout(PATIENCE_S):
        while not holds(await source.poll()):
            await asyncio.sleep(0.05)


def put(manifests: Path, *files: Path) -> None:
    """Put manifests into the directory, each in one step."""
    for file in files:
        draft = manifests / f".{file.name}.new"
        shutil.copyfile(file, draft)
        draft.replace(manifests / file.name)


@pytest.mark.parametrize("host", ["echo", "echo.echo-grpc", "echo.echo-grpc.svc", "echo.echo-grpc.svc.cluster.local"])
async def test_five_calls_by_a_short_name(shifted_mesh: RunningMesh, host: str) -> None:
    done = await echo(shifted_mesh.admin("echo-v1"), "--count", "5", url=f"xds:///{host}:7070")
    assert done.code == 0, done.err
    data = done.json
    assert (data["completed"], data["failed"], data["sent"]) == (5, 0, 5)
    assert sum(data["by_hostname"].values()) == 5
    assert set(data["by_version"]) <= {"v1", "v2"}


@pytest.mark.parametrize("pod", ["client", "echo-v1"])
async def test_twenty_and_eighty_by_subsets(shifted_mesh: RunningMesh, pod: str) -> None:
    """From a pod that holds the config anyway, and from one that holds it only while it is asked to send."""
    done = await echo(shifted_mesh.admin(pod), "--expect", "config", "--until-decided", "--count", "2000", *SURE)
    data = done.json
    assert (done.code, data["verdict"]) == (0, "consistent"), data["sentence"]
    assert data["expected"] == {"v1": 0.2, "v2": 0.8}
    assert data["expectation"]["source"] == "config"
    assert all(low <= data["expected"][version] <= high for version, (low, high) in data["intervals"].items())
    check_accounts(data)


async def test_a_header_chooses_the_version() -> None:
    async with Mesh("subsets") as mesh:
        admin = mesh.pods["client"].admin
        chosen = await echo(admin, "--header", "version:v2", "--expect", "config", "--until-decided")
        others = await echo(admin, "--expect", "config", "--until-decided")
        wrong = await echo(admin, "--header", "version:v2", "--expect", "v1=100", "--count", "10")
    assert (chosen.code, chosen.json["expected"], set(chosen.json["by_version"])) == (0, {"v2": 1.0}, {"v2"})
    assert (others.code, others.json["expected"], set(others.json["by_version"])) == (0, {"v1": 1.0}, {"v1"})
    assert (wrong.code, wrong.json["verdict"], wrong.json["unexpected"]) == (1, "mismatch", ["v2"])


async def test_mutual_tls_on_the_client_alone_fails_with_its_cause_and_strict_works() -> None:
    async with Mesh("mtls-client-only") as mesh:
        admin = mesh.pods["client"].admin
        failing = await echo(admin, "--count", "5")
        put(mesh.manifests, scenarios.scenario("mtls-strict").directory / "peer-authentication.yaml")
        for pod in ("echo-v1", "echo-v2"):
            await until_accepted(mesh, demands_mtls, pod)
        working = await first_success(admin)
        judged = await echo(admin, "--expect", "config", "--until-decided", "--count", "2000", *SURE)
    assert failing.code == 1
    data = failing.json
    assert (data["completed"], data["failed"] + data["lost"]) == (0, 5)
    (error,) = data["errors"]
    assert error["code"] == "tls-to-plaintext"
    assert "PeerAuthentication" in error["explanation"] + error["fix"]
    assert "WRONG_VERSION_NUMBER" in error["message"]
    assert working.json["completed"] == 5
    assert (judged.code, judged.json["verdict"]) == (0, "consistent"), judged.out


def demands_mtls(snapshot: Snapshot) -> bool:
    """Whether the server's inbound listener takes clients with a certificate only."""
    from meshtui.model.xds.config import Listener

    bodies = [resource.body for resource in snapshot.resources.values()]
    chains = [chain for body in bodies if isinstance(body, Listener) for chain in body.chains]
    return any(chain.tls.mode is TlsMode.MTLS and chain.tls.require_client_certificate for chain in chains)


async def first_success(admin: str) -> Done:
    """The first run without a failure: connections that were refused back off for a second or two."""
    for _ in range(20):
        done = await echo(admin, "--count", "5")
        if done.code == 0:
            return done
    raise AssertionError(done.err)


async def test_a_canary_in_steps_is_an_epoch_a_step() -> None:
    """One run over all of the rollout: each step restarts the test, and none makes a false mismatch."""
    steps = (0, 0.1, 0.25, 0.5, 1)
    async with Mesh("canary") as mesh:
        admin = mesh.pods["client"].admin
        session = open_session(admin, TargetOptions(), interval=0.3)
        session.start()
        try:
            await until(lambda: session.echo is not None and session.state.snapshot is not None, "the first look")
            assert session.echo is not None
            settings = EchoSettings(alpha=1e-6, awaits_confirmation=True)
            spec = EchoRequestSpec(URL, count=None, qps=100)
            session.echo.agree(load_of(spec, settings, "client", None))
            run = session.echo.start(spec, settings, probe="client")
            for number, v2 in enumerate(steps, 1):
                if v2:
                    await mesh.step()
                await until(partial(is_judged, run, number), f"an epoch with {v2} to v2 that has answers of its own")
            await run.cancel()
            summary = echo_document(admin, run.state, True)
        finally:
            await session.stop()
    assert summary["phase"] == "cancelled"
    assert [epoch["expected"].get("v2", 0) for epoch in summary["epochs"]] == list(steps)
    for epoch in summary["epochs"]:
        assert epoch["verdict"] in ("consistent", "undecided"), epoch
    assert set(summary["epochs"][0]["by_version"]) == {"v1"}
    assert set(summary["epochs"][-1]["by_version"]) == {"v2"}
    assert summary["failed"] + summary["lost"] == 0
    check_accounts(summary)


def is_judged(run: EchoRun, number: int) -> bool:
    """Whether the run has so many epochs, and answers that are judged by the last one's expectation."""
    epochs = run.state.epochs
    return len(epochs) == number and epochs[-1].counts.answered >= 50


HALF_FAILS = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo, namespace: echo-grpc}
spec:
  hosts: [echo]
  http:
    - fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 50}}}
      route:
        - {destination: {host: echo, subset: v1}, weight: 20}
        - {destination: {host: echo, subset: v2}, weight: 80}
"""


async def test_half_of_all_calls_fail_and_the_shares_stay_true(tmp_path: Path) -> None:
    """A failed set takes its other answers along. Were sets not shrunk, what is left would be few and biased."""
    for file in scenarios.scenario("traffic-shift").directory.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    (tmp_path / "virtual-service.yaml").write_text(HALF_FAILS)
    async with Mesh(manifests=tmp_path) as mesh:
        done = await echo(
            mesh.pods["client"].admin, "--count", "1200", "--qps", "150", "--expect", "v1=20,v2=80", *SURE
        )
    data = done.json
    assert done.code == 1
    check_accounts(data)
    assert (data["sent"], data["lost"]) == (1200, 0)
    assert plausible(data["failed"], 1200, 0.5)
    assert [error["code"] for error in data["errors"]] == ["fault-injected"]
    answers = sum(data["by_version"].values())
    assert plausible(data["by_version"]["v1"], answers, 0.2), data["by_version"]
    assert data["unknown_version"] < 60, "few answers are lost to failed sets"
    assert data["verdict"] != "mismatch"
    assert "is not known" in data["caveat"]


def plausible(count: int, of: int, share: float) -> bool:
    """Whether a count fits a share, within five standard deviations."""
    return abs(count - of * share) <= 5 * math.sqrt(of * share * (1 - share))


async def test_one_of_two_pods_dies_again_and_again_while_a_batch_runs() -> None:
    """Four fifths of the calls fail while v2 is down. They are failures, not v1's share: no mismatch is made of it."""
    async with Mesh("traffic-shift") as mesh:
        arguments = ("--count", "1500", "--qps", "100", "--request-timeout", "3")
        judging = ("--expect", "v1=20,v2=80", *SURE, "-o", "ndjson")
        async with running("echo", mesh.pods["client"].admin, "--url", URL, *arguments, *judging) as run:
            for _ in range(3):
                await sent(run.line, 100)
                with suppress(ProcessLookupError):
                    os.kill(mesh.processes["echo-v2", "app"], signal.SIGKILL)
            done = await run.done()
    summary = done.lines[-1]
    assert done.code == 1
    check_accounts(summary)
    assert sum(line["sent"] for line in done.lines[:-1]) == summary["sent"] == 1500
    assert summary["failed"] > 0
    assert summary["by_version"]["v1"] > 0
    assert summary["by_version"]["v2"] > 0
    assert summary["verdict"] != "mismatch", summary["sentence"]
    assert summary["caveat"]
    assert all(not error["code"].startswith("unknown") for error in summary["errors"])


async def sent(line: Callable[[], Any], requests: int) -> None:
    """Wait until so many more requests have come back."""
    while requests > 0:
        requests -= (await line())["sent"]
