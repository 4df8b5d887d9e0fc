"""The program ends without being able to tidy up: the terminal is as it was all the same, and a sentence says so."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.faults.zoo import Zoo
from tests.sources.grpc.tls_files import TlsFiles
from tests.terminal.conftest import Start, Terminal
from tests.terminal.test_program import LEAVE_SCREEN, NO_MOUSE, SHOW_CURSOR
from tests.waiting import until

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

SAID = "The program was ended from outside"


@pytest.fixture
def zoo(tmp_path: Path) -> Iterator[Zoo]:
    TlsFiles.made_in(tmp_path)
    zoo = Zoo(tmp_path)
    yield zoo
    zoo.close()


def _beside(program: Terminal) -> int:
    """The process that waits for the program's end."""
    pid = program.process.pid
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def _state(pid: int) -> str:
    """``T`` is a process that is stopped; empty is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _gone(pid: int) -> bool:
    return _state(pid) in ("", "Z")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT], ids=lambda number: str(number.name))
async def test_the_terminal_is_put_back_when_the_program_is_killed(
    terminal: Start, zoo: Zoo, number: signal.Signals
) -> None:
    program = terminal("attach", zoo.start("HTTP/2: settings never"))
    program.wait_for_text("Overview")
    beside = _beside(program)
    program.process.send_signal(number)
    assert program.wait_for_end() == -number
    seen = program.wait_for_text_after_the_end("docs/headless.md")
    assert SAID in seen
    assert program.attributes == program.before
    for wanted in (SHOW_CURSOR, LEAVE_SCREEN, NO_MOUSE):
        assert wanted in program.raw
    await until(lambda: _gone(beside))


@pytest.mark.skipif(
    not version("grpcio").startswith(("1.84.", "1.85.")), reason="only these are known to abort; see docs/headless.md"
)
def test_a_peer_that_makes_grpc_abort_leaves_a_usable_terminal_and_a_sentence(terminal: Start, zoo: Zoo) -> None:
    program = terminal("attach", zoo.start("HTTP/2: GOAWAY 13"))
    assert program.wait_for_end() == -signal.SIGABRT
    assert SAID in program.wait_for_text_after_the_end("docs/headless.md")
    assert program.attributes == program.before
    assert LEAVE_SCREEN in program.raw


async def test_one_who_leaves_in_order_hears_nothing_and_nobody_waits_any_longer(terminal: Start, zoo: Zoo) -> None:
    program = terminal("attach", zoo.start("HTTP/2: settings never"))
    program.wait_for_text("Overview")
    beside = _beside(program)
    os.kill(beside, signal.SIGTERM)  # as for the whole job; it stays
    program.press("q")
    assert program.wait_for_end() == 0
    await until(lambda: _gone(beside))
    assert SAID.encode() not in program.raw


async def test_a_suspended_program_that_is_killed_leaves_the_terminal_to_the_shell(terminal: Start, zoo: Zoo) -> None:
    program = terminal("attach", zoo.start("HTTP/2: settings never"))
    program.wait_for_text("Overview")
    beside = _beside(program)
    program.process.send_signal(signal.SIGTSTP)
    program.wait_for(lambda _: _state(program.process.pid) == "T", "a stopped process")
    program.process.kill()
    assert program.wait_for_end() == -signal.SIGKILL
    await until(lambda: _gone(beside))
    assert SAID.encode() not in program.raw
