"""The program as a user runs it: a process of its own, waited for or interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.waiting import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Done:
    """How the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its one JSON document."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A run under way; what it writes is read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._read: list[bytes] = []

    async def line(self) -> dict[str, Any]:
        """The next line of JSON."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            text = await self._process.stdout.readline()
        self._read.append(text)
        found: dict[str, Any] = json.loads(text)
        return found

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def done(self) -> Done:
        """Wait for the end."""
        async with asyncio.timeout(PATIENCE_S):
            out, err = await self._process.communicate()
        assert self._process.returncode is not None
        done = Done(self._process.returncode, (b"".join(self._read) + out).decode(), err.decode())
        assert "Traceback" not in done.err, done.err
        return done


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Running]:
    """``meshtui ARGUMENTS`` in the background; ended with the block if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "meshtui",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        yield Running(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def meshtui(*arguments: str) -> Done:
    """Run the program to its end."""
    async with running(*arguments) as run:
        return await run.done()
