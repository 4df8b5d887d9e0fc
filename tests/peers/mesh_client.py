"""A peer as a client of the demo mesh."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.meshes import RunningMesh
from tests.waiting import PATIENCE_S

SERVICE = "xds:///echo.echo-grpc.svc.cluster.local:7070"


@contextmanager
def client_of(mesh: RunningMesh, command: list[str], folder: Path) -> Iterator[str]:
    """Run a peer as a client of the mesh's control plane; the address of its admin services."""
    bootstrap = json.loads(Path(mesh.pods["client"]["bootstrap"]).read_text(encoding="utf-8"))
    bootstrap["xds_servers"][0]["server_uri"] = bootstrap["node"]["metadata"]["PROXY_CONFIG"]["discoveryAddress"]
    bootstrap["node"]["id"] = bootstrap["node"]["id"].replace("client.", "peer.")
    written = folder / "bootstrap.json"
    written.write_text(json.dumps(bootstrap), encoding="utf-8")
    process = subprocess.Popen(
        [*command, SERVICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "GRPC_XDS_BOOTSTRAP": str(written)},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the peer did not start"
        yield address
    finally:
        try:
            process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
