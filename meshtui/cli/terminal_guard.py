"""Puts the terminal back when the screen's process ends without being able to: killed, or aborted by a library.

Nothing in a process survives SIGKILL or an ``abort()``. grpcio 1.84 and 1.85 abort the whole process when a peer ends
its connection with an HTTP/2 error code that has no name, so any peer can do that to us. A small process therefore
waits at a pipe for the end of this one. It is forked before there are threads and before anything large is imported,
and it ends with us.
"""

from __future__ import annotations

import os
import signal
import termios
from contextlib import suppress
from typing import Any, Final

from meshtui.cli.watchdog import RESTORE

DRAWING: Final = b"1"
DONE: Final = b"0"
"""What is told through the pipe: whether the terminal is in the screen's hands."""

WORDS: Final = (
    "meshtui: The program was ended from outside (kill -9, no memory left) or aborted by its gRPC library, and the"
    " terminal was put back for it.",
    'try: start it again; if one target ends it each time, see "Aborted by a peer" in docs/headless.md',
)
"""Said on the terminal. Which of the two it was is what the shell says beside it, such as Killed or Aborted."""

UNMOVED_BY: Final = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
)
"""Signals to the whole job: the other process answers them, and its end is what is waited for."""


WRITE_SECONDS: Final = 1
"""How long a terminal that takes no output is tried: nothing may stay behind in front of it."""


class TerminalGuard:
    """The process beside this one; made while this one has a single thread."""

    def __init__(self, terminal: int) -> None:
        before = None
        with suppress(termios.error):
            before = termios.tcgetattr(terminal)
        ended, self._told = os.pipe()
        if os.fork() == 0:
            try:
                os.close(self._told)
                for number in UNMOVED_BY:
                    signal.signal(number, signal.SIG_IGN)
                _wait(ended, terminal, before)
            finally:
                os._exit(0)
        os.close(ended)

    def drawing(self, drawn_on: bool) -> None:
        """Whether the terminal is the screen's from now on, or the shell's again. Any thread may tell."""
        with suppress(OSError):  # somebody ended the process beside us
            os.write(self._told, DRAWING if drawn_on else DONE)


def _wait(ended: int, terminal: int, before: list[Any] | None) -> None:
    last = DONE
    while told := os.read(ended, 64):
        last = told[-1:]
    if last == DRAWING:
        _put_back(terminal, before)


def _put_back(terminal: int, before: list[Any] | None) -> None:
    with suppress(OSError, termios.error):
        # A shell that was quicker has set modes of its own, and those take signals from keys.
        if before is not None and not termios.tcgetattr(terminal)[3] & termios.ISIG:
            termios.tcsetattr(terminal, termios.TCSANOW, before)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(WRITE_SECONDS)
    with suppress(OSError):
        os.write(terminal, RESTORE + "".join(f"{words}\r\n" for words in WORDS).encode())
