"""The examples of ``docs/gate-a-rollout.md``, taken from the page and run against the demo mesh."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.meshes import RunningMesh
from tests.waiting import PATIENCE_S

PAGE = Path(__file__).parents[2] / "docs" / "gate-a-rollout.md"
URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def block(language: str) -> str:
    """The page's one block of code in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert isinstance(text, str)
    return text


def workflow() -> dict[Any, Any]:
    """The GitHub Actions workflow."""
    found = yaml.safe_load(block("yaml"))
    assert isinstance(found, dict)
    return found


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as CI would: ``meshtui`` on the path, the variables set, in a folder of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def gate(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The page's shell script."""
    script = folder / "gate.sh"
    script.write_text(block("sh"))
    return run(["sh", str(script)], folder, **variables)


@pytest.mark.mesh
@pytest.mark.parametrize("pod", ["client", "echo-v1"])
@pytest.mark.parametrize("expect", ["config", "v1=20,v2=80"])
def test_the_gate_opens_for_the_right_split(shifted_mesh: RunningMesh, tmp_path: Path, pod: str, expect: str) -> None:
    done = gate(tmp_path, TARGET=shifted_mesh.admin(pod), URL=URL, EXPECT=expect)
    assert (done.returncode, done.stdout) == (0, "gate open\n"), done.stderr
    data = json.loads((tmp_path / "gate.json").read_text())
    assert data["verdict"] == "consistent"
    assert data["expected"] == {"v1": 0.2, "v2": 0.8}
    assert data["failed"] == 0


@pytest.mark.mesh
def test_the_gate_stays_closed_for_a_wrong_one(shifted_mesh: RunningMesh, tmp_path: Path) -> None:
    done = gate(tmp_path, TARGET=shifted_mesh.admin("client"), URL=URL, EXPECT="v1=50,v2=50")
    assert (done.returncode, done.stdout) == (1, "gate closed: see gate.json\n")
    assert "mismatch: v1 answered" in done.stderr
    assert json.loads((tmp_path / "gate.json").read_text())["verdict"] == "mismatch"


def test_the_gate_stays_closed_when_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = gate(tmp_path, TARGET=f"127.0.0.1:{unused.getsockname()[1]}", URL=URL)
    assert (done.returncode, done.stdout) == (3, "gate closed: nothing could be measured (exit code 3)\n")
    assert "connection refused" in done.stderr


def test_the_script_says_what_it_lacks(tmp_path: Path) -> None:
    done = gate(tmp_path, TARGET="localhost:1", URL="")
    assert done.returncode not in (0, 1, 3)
    assert "URL" in done.stderr


@pytest.mark.mesh
@pytest.mark.parametrize(("expect", "code"), [("v1=20,v2=80", 0), ("v1=90,v2=10", 1)])
def test_the_gate_of_the_workflow(shifted_mesh: RunningMesh, tmp_path: Path, expect: str, code: int) -> None:
    steps = workflow()["jobs"]["step"]["steps"]
    (step,) = [step for step in steps if step.get("name") == "Gate"]
    # What GitHub makes of "shell: bash".
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = run(command, tmp_path, TARGET=shifted_mesh.admin("client"), URL=URL, EXPECT=expect)
    assert done.returncode == code, done.stderr
    assert json.loads((tmp_path / "gate.json").read_text()) == json.loads(done.stdout)


def test_the_workflow_is_whole() -> None:
    """It parses as YAML and as shell, uses the shell that the gate needs, and sets what its gate reads."""
    found = workflow()
    job = found["jobs"]["step"]
    assert found["defaults"]["run"]["shell"] == "bash"
    assert found[True].keys() == {"workflow_dispatch"}, "YAML 1.1 reads the key on as true"
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step)
        if "run" in step:
            subprocess.run(
                ["bash", "-n", "-c", re.sub(r"\$\{\{.*?\}\}", "x", step["run"])], check=True, timeout=PATIENCE_S
            )
        used = set(re.findall(r"\$([A-Z_]+)\b", step.get("run", "")))
        assert used <= job["env"].keys() | step.get("env", {}).keys()
