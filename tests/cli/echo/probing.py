"""``meshtui echo`` run against a real ForwardEcho server."""

from __future__ import annotations

from typing import Any

from tests.echo_server import Serving
from tests.program import Done, meshtui

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


async def echo(server: Serving, *arguments: str) -> Done:
    return await meshtui("echo", str(server.address), "--url", URL, *arguments)


def check_accounts(data: dict[str, Any]) -> None:
    """Every request sent is in exactly one count."""
    assert data["sent"] == data["completed"] + data["failed"] + data["lost"] + data["abandoned"]
    assert data["completed"] == sum(data["by_version"].values()) + data["unknown_version"]
