"""``meshtui demo --headless`` as a process: one line when ready, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = pytest.mark.mesh

PROGRAM = """
import asyncio, sys
from pathlib import Path
from meshtui.demo.headless import run_headless

def write(line): print(line, flush=True)
def tell(line): print(line, file=sys.stderr, flush=True)

manifests = Path(sys.argv[1]) if len(sys.argv) > 1 else None
sys.exit(asyncio.run(run_headless(write, tell, manifests=manifests)))
"""


def exists(path: str | Path) -> bool:
    """Whether there is a file or directory."""
    return Path(path).exists()


def supervisor_of(pid: int) -> int:
    """The only child of the demo's process; 0 where the system has no way to ask."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return int(children.read_text().split()[0]) if children.exists() else 0


def check_files(pod: dict[str, str]) -> None:
    """What the ready line names is there."""
    assert set(pod) == {"admin", "echo", "agent", "bootstrap", "certs"}
    assert json.loads(Path(pod["bootstrap"]).read_text())["node"]["metadata"]["GENERATOR"] == "grpc"
    assert Path(pod["certs"], "cert-chain.pem").is_file()


async def start(*arguments: str) -> asyncio.subprocess.Process:
    """The headless demo, with all three streams as pipes."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_one_line_when_ready_and_the_end_of_stdin_ends_it() -> None:
    process = await start()
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))
    assert (ready["event"], ready["traffic"], ready["schema"]) == ("ready", "flowing", 1)
    assert set(ready["pods"]) == {"echo-v1", "echo-v2", "client"}
    for pod in ready["pods"].values():
        check_files(pod)
    directory = Path(ready["manifests"]).parent
    assert exists(directory)
    rest, told = await asyncio.wait_for(process.communicate(b""), PATIENCE_S)
    assert process.returncode == 0
    assert rest == b"", "nothing but the one line"
    assert b"The mesh is ready; traffic is flowing." in told
    assert b"calls fail" not in told
    assert not exists(directory)


async def test_an_empty_stdin_ends_it_and_says_so() -> None:
    process = await start()
    out, told = await asyncio.wait_for(process.communicate(b""), PATIENCE_S)
    assert (process.returncode, out) == (0, b"")
    assert b"Standard input ended before the mesh was up" in told


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_well(signum: signal.Signals) -> None:
    process = await start()
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))
    process.send_signal(signum)
    await asyncio.wait_for(process.wait(), PATIENCE_S)
    assert process.returncode == 0
    assert not exists(ready["manifests"])


async def test_a_signal_before_it_is_ready_ends_it_too() -> None:
    process = await start()
    assert process.stderr is not None
    first = await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)
    directory = Path(first.decode().split(" in ")[1].strip().rstrip("."))
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0
    assert out == b""
    assert not exists(directory)


async def test_unusable_manifests_are_told_in_plain_words(tmp_path: Path, make_lab: type[Lab]) -> None:
    (tmp_path / "a.yaml").write_text(make_lab.SERVICE)
    (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: Wombat\nmetadata: {name: x}\n")
    process = await start(str(tmp_path))
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    _, told = await asyncio.wait_for(process.communicate(b""), PATIENCE_S)
    wanted = "b.yaml:2 cannot be used, nothing in it is in force: the demo mesh does not know the kind"
    assert wanted in told.decode()


async def test_a_lost_mesh_is_exit_code_1() -> None:
    process = await start()
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))
    supervisor = supervisor_of(process.pid)
    if not supervisor:
        pytest.skip("needs Linux's /proc to find the supervisor")
    os.kill(supervisor, signal.SIGKILL)
    assert process.stderr is not None
    told = await asyncio.wait_for(process.stderr.read(), PATIENCE_S)  # communicate() would end stdin, and so the demo
    assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 1
    assert "its supervisor is gone" in told.decode()
    assert not exists(ready["manifests"])
