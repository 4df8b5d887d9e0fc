"""Processes: they come back when they die, and nothing stays when the parent goes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meshtui.demo import addresses as demo_addresses
from meshtui.demo import temporary
from meshtui.demo.events import DemoEvent, DemoEventKind, parse
from meshtui.demo.mesh import Mesh
from meshtui.model.errors import TargetUnreachable, UsageError
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = pytest.mark.mesh

OWNER = """
import asyncio, json, sys
from meshtui.demo.events import DemoEvent, parse
from meshtui.demo.mesh import Mesh

async def main():
    async with Mesh("traffic-shift") as mesh:
        print(json.dumps({**mesh.ready_event(), "pids": list(mesh.processes.values()),
                          "supervisor": mesh.supervisor_pid, "directory": str(mesh.directory)}), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not Path("/proc/self").exists()  # it ended just now, or this is not Linux
    return state != "Z"


def listening(address: str) -> bool:
    """Whether somebody accepts connections there."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def exists(path: str | Path) -> bool:
    """Whether there is a file or directory."""
    return Path(path).exists()


def addresses(ready: dict[str, Any]) -> list[str]:
    """Every address of a mesh's pods."""
    found = []
    for pod in ready["pods"].values():
        found += [pod["admin"], pod["agent"].removeprefix("http://")]
        found += [pod["echo"]] if pod["echo"] else []
    return found


async def until_nothing_is_left(lab_eventually: Any, ready: dict[str, Any]) -> None:
    """Wait until no process, port or file of a mesh is there."""

    async def gone() -> bool | None:
        left = [pid for pid in [*ready["pids"], ready["supervisor"]] if alive(pid)]
        return not (left or exists(ready["directory"]) or still_served()) or None

    def still_served() -> bool:
        istiod = addresses(ready)[0].rpartition(":")[0].rpartition(".")[0] + ".10"
        claim = demo_addresses._claim(istiod)
        if claim is None:  # by a mesh of another test, which found every port free
            return False
        with claim:
            return any(map(listening, addresses(ready)))

    await lab_eventually("no process, port or file is left", gone)


def start_owner(temporary_directory: str | None = None) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """A process that owns a mesh, and what it says about it."""
    environment = {**os.environ, **({"TMPDIR": temporary_directory} if temporary_directory else {})}
    command = [sys.executable, "-c", OWNER]
    owner = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    assert owner.stdout is not None
    ready = json.loads(owner.stdout.readline())
    assert all(alive(pid) for pid in ready["pids"])
    assert all(map(listening, addresses(ready)))
    return owner, ready


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_nothing_stays_when_the_parent_goes(signum: signal.Signals, make_lab: type[Lab]) -> None:
    owner, ready = await asyncio.to_thread(start_owner)
    with owner:
        os.killpg(owner.pid, signum)
        owner.wait(PATIENCE_S)
        await until_nothing_is_left(make_lab.eventually, ready)


async def test_what_is_left_when_all_are_killed_is_swept_by_the_next(
    make_lab: type[Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A place of its own, where no mesh of another test sweeps; a short one, as Unix sockets are in it.
    place = tempfile.mkdtemp(prefix="sweep-")
    owner, ready = await asyncio.to_thread(start_owner, place)
    with owner:
        os.kill(ready["supervisor"], signal.SIGSTOP)  # it shall not clean up meanwhile
        owner.kill()
        os.kill(ready["supervisor"], signal.SIGKILL)
        owner.wait(PATIENCE_S)

        async def ended() -> bool | None:
            return not any(map(alive, ready["pids"])) or None

        await make_lab.eventually("the children end without a supervisor", ended)
    assert exists(ready["directory"])
    monkeypatch.setattr(tempfile, "tempdir", place)
    temporary.sweep()
    assert not exists(ready["directory"])
    os.rmdir(place)


async def test_a_lost_supervisor_is_noticed_and_cleaned_up_after(make_lab: type[Lab]) -> None:
    async with Mesh("discovery") as mesh:
        pids = list(mesh.processes.values())
        os.kill(mesh.supervisor_pid, signal.SIGKILL)
        assert await mesh.wait_for(lambda event: False, PATIENCE_S) is None, "the events end"
    assert not mesh.directory.exists()

    async def ended() -> bool | None:
        return not any(map(alive, pids)) or None

    await make_lab.eventually("the children end without a supervisor", ended)


async def test_what_dies_is_started_again(make_lab: Callable[[Mesh], Lab]) -> None:
    async with Mesh("traffic-shift") as mesh:
        for pod, process in (("echo-v1", "app"), ("client", "agent"), ("istiod", "istiod")):
            await kill_and_come_back(mesh, pod, process)
        lab = make_lab(mesh)
        await lab.apply(service=lab.SERVICE)
        await lab.until_accepted(lab.ROUTE, lambda found: found.virtual_hosts[0].routes[0].name == "default")

        async def both_answer() -> bool | None:
            with contextlib.suppress(Exception):
                return set(await lab.versions(count=6)) == {"v1", "v2"} or None
            return None

        await lab.eventually("both versions answer again", both_answer)


async def kill_and_come_back(mesh: Mesh, pod: str, process: str) -> None:
    """Kill a process of the mesh; its death and its return are told."""
    before = mesh.processes[pod, process]
    os.kill(before, signal.SIGKILL)

    def about_it(kind: DemoEventKind) -> Callable[[DemoEvent], bool]:
        return lambda event: (event.kind, event.pod, event.process) == (kind, pod, process)

    died = await mesh.wait_for(about_it(DemoEventKind.PROCESS_DIED), PATIENCE_S, from_start=True)
    assert died is not None
    assert died.text("how") == "signal SIGKILL"
    assert await mesh.wait_for(about_it(DemoEventKind.PROCESS_RESTARTED), PATIENCE_S, from_start=True) is not None
    assert mesh.processes[pod, process] != before


async def test_two_meshes_at_once(make_lab: Callable[[Mesh], Lab]) -> None:
    one, two = Mesh("discovery"), Mesh("mtls-strict")
    await asyncio.gather(one.__aenter__(), two.__aenter__())
    try:
        for mesh in (one, two):
            assert (await make_lab(mesh).versions(count=10)).total() == 10
        first, second = addresses(one.ready_event()), addresses(two.ready_event())
        assert not set(first) & set(second)
        assert one.directory != two.directory
    finally:
        await asyncio.gather(one.stop(), two.stop())
    assert not one.directory.exists()
    assert not two.directory.exists()


ON_ONE_ADDRESS = """
import sys
from meshtui.demo import addresses, scenarios, supervisor
from meshtui.demo.pods import Order
addresses._NETWORKS = 0  # as where 127.0.1.x is not this machine's
supervisor.main(Order(str(scenarios.scenario("mtls-strict").directory), True, 240))
"""


async def test_a_mesh_on_one_address_works_too(make_lab: Callable[[Mesh], Lab]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ON_ONE_ADDRESS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    mesh = Mesh("mtls-strict")
    async with asyncio.timeout(PATIENCE_S):
        async for line in process.stdout:
            event = parse(line)
            assert event is not None
            await mesh._take(event)
            if event.kind is DemoEventKind.READY:
                break
    assert {pod.admin.rpartition(":")[0] for pod in mesh.pods.values()} == {"127.0.0.1"}
    assert (await make_lab(mesh).versions(count=10)).total() == 10
    process.stdin.close()
    await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert not exists(mesh.directory)


async def test_own_manifests_are_read_in_place(tmp_path: Path, make_lab: type[Lab]) -> None:
    (tmp_path / "echo.yaml").write_text(make_lab.SERVICE)
    (tmp_path / "broken.yaml").write_text("kind: [")
    async with Mesh(manifests=tmp_path) as mesh:
        assert mesh.manifests == tmp_path
        problem = await mesh.wait_for(
            lambda event: event.kind is DemoEventKind.MANIFEST_ERROR, PATIENCE_S, from_start=True
        )
        assert problem is not None
        assert problem.text("file") == "broken.yaml"
        with pytest.raises(UsageError, match="no steps"):
            await mesh.step()
    assert sorted(os.listdir(tmp_path)) == ["broken.yaml", "echo.yaml"]


async def test_what_cannot_be_meant_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no demo scenario 'nope'.*traffic-shift"):
        Mesh("nope")
    with pytest.raises(UsageError, match="is not a directory"):
        async with Mesh(manifests=tmp_path / "missing"):
            pass


async def test_a_mesh_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "grpc").mkdir()
    (tmp_path / "grpc" / "__init__.py").write_text("raise ImportError('grpc is broken here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    mesh = Mesh("discovery")
    with pytest.raises(TargetUnreachable, match="grpc is broken here"):
        async with mesh:
            pass
    assert not mesh.directory.exists()
