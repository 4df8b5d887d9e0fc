"""Other implementations of gRPC as clients of the demo mesh.

They are built from modules of their own registries, which takes minutes the first time: only with MESHTUI_PEERS=1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.meshes import RunningMesh, headless_mesh

HERE = Path(__file__).parent
BUILD_SECONDS = 900
"""grpc-go takes four minutes on a busy machine when nothing of it is built yet."""


def _needs(tool: str) -> None:
    if not os.environ.get("MESHTUI_PEERS"):
        pytest.skip("other gRPC implementations are built and tested with MESHTUI_PEERS=1 only")
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="session")
def go_peer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the grpc-go client."""
    _needs("go")
    folder = shutil.copytree(HERE / "go", tmp_path_factory.mktemp("peers") / "go")
    _run("go", "build", "-o", "peer", ".", cwd=folder)
    return [str(folder / "peer")]


@pytest.fixture(scope="session")
def js_peer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the grpc-js client."""
    _needs("node")
    _needs("npm")
    folder = shutil.copytree(HERE / "js", tmp_path_factory.mktemp("peers") / "js")
    _run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    return ["node", str(folder / "peer.js")]


@pytest.fixture
def mesh() -> Iterator[RunningMesh]:
    """A mesh of the test's own, whose manifests it may change."""
    with headless_mesh("traffic-shift") as running:
        yield running
