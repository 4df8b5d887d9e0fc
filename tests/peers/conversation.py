"""What a test says to a peer, and hears from it: a line of JSON each, over its standard input and output.

A peer first prints the address of its admin services. Each line it reads is an order: close the channel it has, open
another one, and make these calls over it, one after the other. It answers with what came of each call, and keeps the
channel open until the next order, so that its admin services can be asked about it. With ``beside`` in an order grpc-go
leaves the channel that it has open for good; the other peers do not know that.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Call:
    """One unary call with an empty message; a header may come several times."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server replied, or why the call failed; ``status`` as gRPC names it, in whatever letters."""

    text: str
    status: str

    @property
    def ok(self) -> bool:
        """Whether a server replied."""
        return self.status == "OK"


class Peer:
    """A running peer; ``address`` is where it serves its admin services."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.address = ""

    async def greet(self) -> None:
        """Wait until it serves."""
        self.address = (await self._line()).strip()

    async def order(
        self, target: str, calls: Iterable[Call] = (), authority: str = "", *, beside: bool = False
    ) -> list[Answer]:
        """Have it open a channel to a target and make some calls."""
        assert self._process.stdin is not None
        wanted = {
            "target": target,
            "authority": authority,
            "beside": beside,
            "patience": PATIENCE_S,
            "calls": [{"path": call.path, "headers": call.headers} for call in calls],
        }
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        await self._process.stdin.drain()
        return [Answer(**answer) for answer in json.loads(await self._line())]

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line: bytes = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S)
        assert line, "the peer ended"
        return line.decode()


@asynccontextmanager
async def running(command: list[str], bootstrap: Mapping[str, Any], folder: Path) -> AsyncIterator[Peer]:
    """A peer with a bootstrap of its own, until the block ends."""
    written = folder / "bootstrap.json"
    written.write_text(json.dumps(bootstrap), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "GRPC_XDS_BOOTSTRAP": str(written)},
    )
    peer = Peer(process)
    try:
        await peer.greet()
        yield peer
    finally:
        try:
            await asyncio.wait_for(process.communicate(b""), PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.communicate()
