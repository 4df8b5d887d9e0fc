"""A peer as a client of the demo mesh."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.meshes import RunningMesh
from tests.peers.conversation import running

SERVICE = "xds:///echo.echo-grpc.svc.cluster.local:7070"


@asynccontextmanager
async def client_of(mesh: RunningMesh, command: list[str], folder: Path) -> AsyncIterator[str]:
    """Run a peer as a client of the mesh's control plane; the address of its admin services."""
    async with running(command, bootstrap_of(mesh), folder) as peer:
        await peer.order(SERVICE)
        yield peer.address


def bootstrap_of(mesh: RunningMesh, *, by_agent: bool = False) -> dict[str, Any]:
    """That of the mesh's client for another one beside it, which asks the control plane, or that client's agent."""
    bootstrap: dict[str, Any] = json.loads(Path(mesh.pods["client"]["bootstrap"]).read_text(encoding="utf-8"))
    if not by_agent:
        bootstrap["xds_servers"][0]["server_uri"] = bootstrap["node"]["metadata"]["PROXY_CONFIG"]["discoveryAddress"]
    bootstrap["node"]["id"] = bootstrap["node"]["id"].replace("client.", "peer.")
    return bootstrap
