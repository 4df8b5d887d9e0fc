"""The grpcurl line that the echo view copies, run by a shell with the real grpcurl."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from meshtui.model.echo.grpcurl import grpcurl_line
from meshtui.model.echo.spec import EchoRequestSpec
from tests.meshes import RunningMesh
from tests.peers.mesh_client import SERVICE
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.peers, pytest.mark.mesh]

TOKEN = "Bearer s3cret$HOME `id` s3cret"

MESSAGE = 'it\'s "so" $HOME; `id` ✓'


def test_the_copied_line_sends_the_same_probe(grpcurl: Path, shifted_mesh: RunningMesh) -> None:
    headers = (("x-canary", "a b'c"), ("authorization", TOKEN))
    spec = EchoRequestSpec(SERVICE, count=6, qps=50, headers=headers, message=MESSAGE)
    line = grpcurl_line(spec, shifted_mesh.admin("client"))
    assert TOKEN not in line
    path = f"{grpcurl}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        ["sh", "-c", line],
        env={**os.environ, "PATH": path, "AUTHORIZATION": TOKEN},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outputs = json.loads(done.stdout)["output"]
    assert len(outputs) == spec.count
    for index, text in enumerate(outputs):
        lines = text.splitlines()
        assert f"[{index} body] Echo={MESSAGE}" in lines
        assert f"[{index} body] RequestHeader=Authorization:{TOKEN}" in [
            line.replace("=authorization:", "=Authorization:") for line in lines
        ]
        assert f"[{index} body] RequestHeader=x-canary:a b'c" in [
            line.replace("X-Canary", "x-canary") for line in lines
        ]
