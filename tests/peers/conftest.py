"""Other implementations of gRPC as clients of the demo mesh.

They are built from modules of their own registries, which takes minutes the first time: only with MESHTUI_PEERS=1, as
``make peers`` sets it. There a missing tool or a failed build is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.meshes import RunningMesh, headless_mesh
from tests.peers.tools import GO, JAVA, NODE, Tool, environment

HERE = Path(__file__).parent
BUILD_SECONDS = 900
"""grpc-go takes four minutes on a busy machine when nothing of it is built yet."""

GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl"
"""As ``go/go.mod`` names and pins it."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """A copy of a peer's folder, and the environment with the tools that build and run it."""

    folder: Path
    variables: dict[str, str]

    def run(self, *command: str) -> None:
        """Run a step of a build, which must go well."""
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.fail(f"{' '.join(command)} did not end within {BUILD_SECONDS} s", pytrace=False)
        if done.returncode:
            told = (done.stderr.strip() or done.stdout.strip())[-2000:]
            pytest.fail(f"{' '.join(command)} failed with {done.returncode}:\n{told}", pytrace=False)

    def path_of(self, command: str) -> str:
        """A tool's place."""
        found = shutil.which(command, path=self.variables["PATH"])
        assert found is not None
        return found


def _workshop(name: str, tool: Tool, folder: Path) -> Workshop:
    if not os.environ.get("MESHTUI_PEERS"):
        pytest.skip("other gRPC implementations are built and tested by `make peers` only (MESHTUI_PEERS=1)")
    variables = environment(tool)
    if variables is None:
        pytest.fail(f"{tool.words} is not here: `make peers` installs it", pytrace=False)
    return Workshop(shutil.copytree(HERE / name, folder / name), variables)


@pytest.fixture(scope="session")
def go_workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The Go module of the peers, with nothing built."""
    made = _workshop("go", GO, tmp_path_factory.mktemp("peers"))
    # No C compiler is needed, and none is looked for.
    return Workshop(made.folder, {**made.variables, "CGO_ENABLED": "0"})


@pytest.fixture(scope="session")
def go_peer(go_workshop: Workshop) -> list[str]:
    """The command of the grpc-go client."""
    go_workshop.run("go", "build", "-o", "peer", ".")
    return [str(go_workshop.folder / "peer")]


@pytest.fixture(scope="session")
def grpcurl(go_workshop: Workshop) -> Path:
    """The folder with grpcurl in it."""
    go_workshop.run("go", "build", "-o", "bin/grpcurl", GRPCURL)
    return go_workshop.folder / "bin"


@pytest.fixture(scope="session")
def js_peer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the grpc-js client."""
    workshop = _workshop("js", NODE, tmp_path_factory.mktemp("peers"))
    workshop.run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    return [workshop.path_of("node"), str(workshop.folder / "peer.js")]


@pytest.fixture(scope="session")
def java_peer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the grpc-java client."""
    workshop = _workshop("java", JAVA, tmp_path_factory.mktemp("peers"))
    workshop.run("mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=lib")
    workshop.run("javac", "-cp", "lib/*", "-d", "classes", "Peer.java")
    return [workshop.path_of("java"), "-cp", f"{workshop.folder}/lib/*:{workshop.folder}/classes", "Peer"]


@pytest.fixture(scope="session")
def core_peer() -> list[str]:
    """The command of the C-core client, which needs nothing but Python."""
    return [sys.executable, str(HERE / "core" / "peer.py")]


@pytest.fixture
def mesh() -> Iterator[RunningMesh]:
    """A mesh of the test's own, whose manifests it may change."""
    with headless_mesh("traffic-shift") as running:
        yield running
