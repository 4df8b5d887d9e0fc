"""The real demo mesh for tests that look at it from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_S


@dataclass(frozen=True, slots=True)
class RunningMesh:
    """A mesh that runs in processes of its own; ``pods`` as in the line it printed when it was ready."""

    manifests: Path
    pods: dict[str, dict[str, Any]]

    def admin(self, pod: str) -> str:
        """The address of a pod's plain server: admin services, ForwardEcho, health."""
        address = self.pods[pod]["admin"]
        assert isinstance(address, str)
        return address


@contextmanager
def headless_mesh(scenario: str) -> Iterator[RunningMesh]:
    """``meshtui demo --headless`` until the block ends; it must end well."""
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "meshtui", "demo", "--headless", "--scenario", scenario],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                told.seek(0)
                raise AssertionError(f"the mesh did not start: {told.read()}")
            ready = json.loads(line)
            yield RunningMesh(Path(ready["manifests"]), ready["pods"])
        finally:
            process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
