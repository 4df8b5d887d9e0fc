"""Start, keys, resize; and the terminal as it was, however the program ends."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import Start

pytestmark = pytest.mark.terminal

SHOW_CURSOR = b"\x1b[?25h"
LEAVE_SCREEN = b"\x1b[?1049l"
NO_MOUSE = b"\x1b[?1000l"


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where something listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_quit_leaves_the_screen_clean(terminal: Start, silent: str) -> None:
    program = terminal("attach", silent)
    program.wait_for_text("Overview")
    program.press("q")
    assert program.wait_for_end() == 0
    assert program.attributes == program.before
    for wanted in (SHOW_CURSOR, LEAVE_SCREEN, NO_MOUSE):
        assert wanted in program.raw
    assert program.raw.rindex(LEAVE_SCREEN) > program.raw.rindex(b"Overview")
    assert b"Traceback" not in program.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: str(number.name))
def test_a_signal_leaves_the_terminal_as_it_was(terminal: Start, silent: str, number: signal.Signals) -> None:
    program = terminal("attach", silent)
    program.wait_for_text("Overview")
    program.process.send_signal(number)
    assert program.wait_for_end() == 130
    assert program.attributes == program.before
    assert LEAVE_SCREEN in program.raw
    assert b"Traceback" not in program.raw


def test_nothing_answers(terminal: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"127.0.0.1:{server.getsockname()[1]}"
    program = terminal("attach", free, size=(80, 24))
    seen = program.wait_for_text("No config from")
    assert free in seen
    program.press("?")
    program.wait_for_text("One line up")
    program.press("\x1b")
    program.wait_for_text("No config from")
    program.press("q")
    assert program.wait_for_end() == 0


def test_resize(terminal: Start, silent: str) -> None:
    program = terminal("attach", silent, size=(80, 24))
    program.wait_for_text("q quit")  # all of the first paint, or the new size could be lost in it
    program.resize(140, 40)
    program.wait_for(lambda text: len(text.split("\n")[0]) > 100, "a header as wide as the window")
    program.resize(80, 24)
    program.wait_for(lambda text: 60 < len(text.split("\n")[0]) <= 80, "a header as narrow as the window")
    program.press("q")
    assert program.wait_for_end() == 0


def test_the_start_screen_takes_an_address(terminal: Start, silent: str) -> None:
    program = terminal()
    program.wait_for_text("A real mesh on this machine")
    program.press("a")
    program.wait_for_text("enter attach")
    program.press(f"{silent}\r")
    program.wait_for_text("Connecting to")
    program.press("q")
    assert program.wait_for_end() == 0


@pytest.mark.mesh
def test_the_demo_from_start_to_end(terminal: Start) -> None:
    program = terminal("demo", "--scenario", "canary", size=(120, 40))
    program.wait_for_text("config is whole")
    program.press("2")
    program.wait_for_text("▾ ✓  100 %  v1")
    program.press("c")
    program.wait_for_text("Play the next step?")
    program.press("y")
    program.wait_for_text("10 %")
    program.press("o")
    program.wait_for_text("echo-v2")
    program.press("j\r")
    program.wait_for_text("2/2")
    program.press("q")
    assert program.wait_for_end() == 0
    assert program.attributes == program.before
    assert b"Traceback" not in program.raw


@pytest.mark.mesh
def test_leaving_during_a_run_says_what_was_counted(terminal: Start) -> None:
    program = terminal("demo", size=(120, 40))
    program.wait_for_text("config is whole")
    program.press("3")
    program.wait_for_text("until stopped")
    program.press("u!")
    program.wait_for_text("Send this?")
    program.press("y")
    program.wait_for_text("▶ running")
    program.press("q")
    assert program.wait_for_end() == 0
    said = " ".join(program.text.split())
    assert "was stopped on leaving:" in said
    assert "sent, " in said
    assert program.attributes == program.before


DEFECT = """
from meshtui.tui.screens.body import Body

def paint(self, frame):
    token = "hunter2"
    raise ValueError("a defect of a test")

Body.paint = paint
"""


def test_a_defect_of_the_screen_ends_in_a_sentence_and_leaves_the_terminal_as_it_was(
    terminal: Start, silent: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DEFECT)
    program = terminal("attach", silent, PYTHONPATH=str(tmp_path))
    program.wait_for_text("This should not happen: ValueError: a defect of a test.")
    assert program.wait_for_end() == 70
    assert program.attributes == program.before
    assert b"Traceback" not in program.raw
    assert b"hunter2" not in program.raw
