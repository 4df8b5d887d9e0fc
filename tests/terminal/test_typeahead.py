"""Bursts written to the terminal in one go, into the real program that looks at a real CSDS server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

import tests.xds_messages as xds
from tests.csds_server import serving
from tests.terminal.conftest import Start

pytestmark = pytest.mark.terminal

TIMES = 2
"""How often each burst is written."""

CLEAR, PALETTE = "\x15", "\x10"
BACK = "\x1b\x1b\x1b2\x1b\x1b1"

BURSTS = [
    (":view identity!", "view identity!"),
    (":vi\t", "view overview"),
    ("4/canary q", "filter canary q"),
    ("2/v2cq!", "v2cq!"),
    ("2/\x1b[200~v2cq!\nq\x1b[201~", "v2cq!"),
    ("2ggjj\x1b:cq!", "cq!"),
    ("2\x1b[200~cq:\x1b[31mq\x1b[0m\x1b[201~:cq!", "cq!"),
    ("?jjq:cq!", "cq!"),
    ("o\tcq!:1", "cq!:1"),
    ("o\x1b:cq!", "cq!"),
    (PALETTE + "cq!", "cq!"),
    ("2s" + CLEAR + "cq!", "cq!"),
    ("3e\t" + CLEAR + "777", "777"),
    ("3e\t" + CLEAR + "777\x1b:cq!", "cq!"),
]
"""What is written, and the text that is to be seen then, in the one place that takes it."""


@pytest.fixture
def target() -> Iterator[str]:
    """The address of a client with a canary, served by an event loop of its own."""
    there = threading.Event()
    found: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with serving(xds.canary_answer().SerializeToString()) as server:
            end = asyncio.Event()
            found.append((server.address, asyncio.get_running_loop(), end))
            there.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    there.wait()
    address, loop, end = found[0]
    yield address
    loop.call_soon_threadsafe(end.set)
    thread.join()


def _gone(text: str, seen: str) -> bool:
    return text not in seen


def test_bursts_reach_what_their_first_keys_open(terminal: Start, target: str) -> None:
    program = terminal("attach", target, size=(80, 24))
    program.wait_for_text("live")
    for _ in range(TIMES):
        for burst, wanted in BURSTS:
            program.press(burst)
            program.wait_for_text(wanted)
            assert program.process.poll() is None
            program.press(BACK)
            program.wait_for(partial(_gone, wanted), f"the end of {burst!r}")
    program.press("q")
    assert program.wait_for_end() == 0


@pytest.mark.parametrize(
    ("burst", "wanted"),
    [(":view config\r", "outbound|7070"), ("2/v2cq!", "v2cq!"), ("2\x1b[200~q\x1b[201~:cq!", "cq!")],
)
def test_what_is_written_before_the_first_paint_waits_for_it(
    terminal: Start, target: str, burst: str, wanted: str
) -> None:
    for _ in range(TIMES):
        program = terminal("attach", target)
        program.press(burst)  # the terminal is not even in raw mode
        program.wait_for_text(wanted)


def test_the_start_screen_passes_on_what_is_written(terminal: Start, target: str) -> None:
    for _ in range(TIMES):
        program = terminal()
        program.press(f"a{target}\r:view config\r")
        program.wait_for_text("outbound|7070")
