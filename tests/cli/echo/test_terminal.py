"""Progress on a real terminal, and only there."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

import pytest

from tests.echo_server import serving
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.terminal


def drain(terminal: int) -> bytes:
    """All that was written to a terminal whose other side is closed by now."""
    shown = b""
    with suppress(OSError):  # how Linux says that the other side is closed
        while part := os.read(terminal, 4096):
            shown += part
    return shown


async def test_one_line_is_rewritten_on_standard_error_and_the_document_stays_clean() -> None:
    terminal, other_side = os.openpty()
    try:
        async with serving() as server:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "meshtui", "echo", str(server.address), "--url", "xds:///echo:7070",
                "--count", "60", "--qps", "100", "-o", "csv",
                stdout=asyncio.subprocess.PIPE, stderr=other_side,
            )  # fmt: skip
            os.close(other_side)
            shown = asyncio.create_task(asyncio.to_thread(drain, terminal))
            try:
                async with asyncio.timeout(PATIENCE_S):
                    out, _ = await process.communicate()
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            text = (await shown).decode()
    finally:
        os.close(terminal)
    assert process.returncode == 0
    assert b"\x1b" not in out
    assert out.startswith(b"at,seconds,")
    assert "will send 60 requests to xds:///echo:7070 at 100 a second" in text
    _, *frames = text.split("\r\x1b[K")
    assert len(frames) > 2
    assert all("of 60" in frame and "\n" not in frame for frame in frames[:-1])
    assert frames[-1] == "", "the line is taken away in the end"
