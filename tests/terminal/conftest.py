"""The real program in a pseudo-terminal, its screen kept by a terminal emulator."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from tests.waiting import PATIENCE_S

KEPT_AWAY = ("NO_COLOR", "COLORTERM", "COLUMNS", "LINES")
"""Variables of the one who runs the tests that would change the screen; pytest-xdist sets the last two itself."""


IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "meshtui", *sys.argv[1:]])
"""
"""The terminal at its standard input becomes the one whose keys are signals."""


class Terminal:
    """A program in a pseudo-terminal of a size; :attr:`screen` is what a person would see."""

    def __init__(
        self, arguments: list[str], size: tuple[int, int], environment: dict[str, str], *, controlling: bool
    ) -> None:
        """``controlling`` makes it the one whose Ctrl+C is a signal, where that is no key."""
        self.screen = pyte.HistoryScreen(*size)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self._set_size(slave, size)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            [sys.executable, *(("-c", IN_A_TERMINAL) if controlling else ("-m", "meshtui")), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=not controlling,
        )

    def resize(self, columns: int, lines: int) -> None:
        """As when a window is dragged."""
        self._set_size(self._slave, (columns, lines))
        self.screen.resize(lines, columns)
        self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def wait_for(self, condition: Callable[[str], bool], what: str = "") -> str:
        """Read until the screen is as wanted. Fails with the screen after :data:`PATIENCE_S`."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if condition(self.text):
                return self.text
            if not self._read(0.1) and self.process.poll() is not None:
                break
        raise AssertionError(f"never seen: {what}\n{self.text}\nended with {self.process.poll()}")

    def wait_for_text(self, text: str) -> str:
        """Read until some text is on the screen."""
        return self.wait_for(lambda screen: text in screen, text)

    def wait_for_end(self) -> int:
        """Read until the program has ended; its exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            reading = self._read(0.1)
            if self.process.poll() is not None and not reading:
                return self.process.returncode
        raise AssertionError(f"does not end\n{self.text}")

    def wait_for_text_after_the_end(self, text: str) -> str:
        """Read what another process writes once the program is gone."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.text:
            assert time.monotonic() < deadline, f"never seen: {text}\n{self.text}"
            self._read(0.1)
        return self.text

    @property
    def text(self) -> str:
        """What can be seen now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def attributes(self) -> list[object]:
        """The terminal's modes now: echo, line editing, signals."""
        return termios.tcgetattr(self._slave)

    def close(self) -> None:
        """End the program, whatever it does, and let the terminal go."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._master)
        os.close(self._slave)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    @staticmethod
    def _set_size(descriptor: int, size: tuple[int, int]) -> None:
        columns, lines = size
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


Start = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Start]:
    """Start the program with arguments in a terminal of a size; all are ended with the test."""
    started: list[Terminal] = []

    def start(
        *arguments: str, size: tuple[int, int] = (110, 30), controlling: bool = False, **environment: str
    ) -> Terminal:
        inherited = {name: value for name, value in os.environ.items() if name not in KEPT_AWAY}
        own = {"TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path), **environment}
        started.append(Terminal(list(arguments), size, {**inherited, **own}, controlling=controlling))
        return started[-1]

    yield start
    for process in started:
        process.close()
