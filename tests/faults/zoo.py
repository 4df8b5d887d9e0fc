"""The peers in a process of their own, so that a command under test has its own event loop and nothing to wait for.

A line on standard input is the name of the peer that is wanted; its address comes back on standard output. An empty
line, or the end of the input, ends the process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.faults.peers import serve


class Zoo:
    """The process, as a test uses it."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zoo", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def start(self, peer: str) -> str:
        """Start the peer, and end the one before; its address."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(peer, file=self._process.stdin, flush=True)
        address = self._process.stdout.readline().strip()
        assert address, f"the zoo has no {peer}"
        return address

    def close(self) -> None:
        """End the process and whatever it serves."""
        self._process.kill()
        self._process.communicate()


async def main() -> None:
    async def ask() -> str:
        line: str = await asyncio.to_thread(sys.stdin.readline)
        return line.strip()

    await serve(Path(sys.argv[1]), ask, lambda address: print(address, flush=True))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
