"""Ends the screen when its terminal ends or a signal says so, even while the event loop is blocked.

Textual writes and reads the terminal in threads of its own; the event loop waits for them. When the terminal goes
away, or takes no more output, a signal handler that needs the loop never runs. So a thread waits here for the three
things that end the program: a signal (through ``signal.set_wakeup_fd``, which C code writes to at once), the hang-up of
the terminal, and the time that an orderly end may take. It needs neither the loop nor the main thread.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
import time
from collections.abc import Callable
from math import inf
from types import FrameType
from typing import Any, Final, NoReturn

ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Signals that end the program. SIGINT arrives only by ``kill``: on the screen Ctrl+C is a key. While the terminal is
lent, whoever has that is meant by it (:meth:`Watchdog.lending`)."""

GRACE_SECONDS: Final = 1.0
"""How long sessions and the demo may take to end in order; their processes and calls end with the program anyway."""

LEAVING_SECONDS: Final = 10.0
"""The same for one who leaves by a key: a read that hangs in a thread must not keep the program for ever."""

WRITE_SECONDS: Final = 0.5
"""How long a terminal that takes no output is tried before it is left to whoever watches beside us."""

HELD_SECONDS: Final = 1.0
"""How long after a first Ctrl+C another one is for the same program that was lent the terminal. It is ended meanwhile;
where nothing has ended, the next one ends us."""

RESTORE: Final = (
    b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What Textual's driver writes when it leaves: bracketed paste, mouse, keyboard, alternate screen, cursor, focus."""


class Watchdog:
    """Watches from :meth:`start` until the process ends. ``code`` is the exit status of a program told to end, and
    ``restored`` is called before it ends the process, unless the terminal could not be put back in time."""

    def __init__(self, terminal: int, code: int, restored: Callable[[], None] = lambda: None) -> None:
        self._restored = restored
        self._terminal = terminal
        self._code = code
        self._end: Callable[[], None] | None = None
        self._drawing = False
        self._lent = False
        self._back_at = -inf
        self._broken_off_at = -inf
        self._ending = False
        self._deadline: float | None = None
        self._before: list[Any] | None = None
        self._woken, self._wake = os.pipe()
        for descriptor in (self._woken, self._wake):
            os.set_blocking(descriptor, False)

    def start(self) -> None:
        """Begin to watch; called in the main thread. Until :meth:`attach` a signal ends the process at once."""
        with contextlib.suppress(termios.error):
            self._before = termios.tcgetattr(self._terminal)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._noticed)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def attach(self, end: Callable[[], None]) -> None:
        """From now on the terminal is drawn on, and ``end`` begins an orderly end; it is called in another thread."""
        self._end = end
        self._drawing = True

    def lending(self, lent: bool) -> None:
        """Whether another program of our process group has the terminal, whose Ctrl+C is a signal to us all then."""
        if lent:
            self._broken_off_at = -inf
        else:
            self._back_at = time.monotonic()
        self._lent = lent

    def broken_off_at(self) -> float:
        """When Ctrl+C was first pressed at the terminal since it was lent last, on the clock of ``time.monotonic``."""
        return self._broken_off_at

    def _noticed(self, signum: int, frame: FrameType | None) -> None:
        """Ends nothing; the handler is there so that the signal reaches the thread and kills nobody.

        It runs in the main thread before that goes on. So a Ctrl+C is known there before the end of the plugin, which
        got it at the same moment.
        """
        if signum == signal.SIGINT and self._lent and self._broken_off_at == -inf:
            self._broken_off_at = time.monotonic()

    def _is_for_another(self, number: int) -> bool:
        """Whether a signal is for the program that has the terminal, or had it a moment ago: one that was pressed there
        may be read here only when the screen is back."""
        if number != signal.SIGINT:
            return False
        now = time.monotonic()
        if self._lent:
            return now - self._first_at(now) < HELD_SECONDS
        return now - self._back_at < HELD_SECONDS

    def _first_at(self, now: float) -> float:
        """When Ctrl+C was first pressed; ``now`` where the main thread has not noticed it yet."""
        return now if self._broken_off_at == -inf else self._broken_off_at

    def leaving(self, code: int) -> None:
        """The screen was left and the terminal is as it was: what still ends has :data:`LEAVING_SECONDS`."""
        self._drawing = False
        if not self._ending:
            self._code = code
            self._end = None
            self._deadline = time.monotonic() + LEAVING_SECONDS
            self._nudge()

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake, b"\0")

    def _watch(self) -> NoReturn:
        # Restoring the terminal from the background would otherwise stop this thread, and all of the process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.register(self._terminal, 0)  # no events: a hang-up is always reported
        while True:
            for descriptor, event in poll.poll(self._milliseconds()):
                if descriptor == self._woken:
                    if any(number in ENDING and not self._is_for_another(number) for number in self._signals()):
                        self._begin()
                elif event & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
                    poll.unregister(self._terminal)
                    self._drawing = False
                    self._begin()
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._exit()

    def _signals(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return os.read(self._woken, 512)
        return b""

    def _milliseconds(self) -> float | None:
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0) * 1000

    def _begin(self) -> None:
        """End in order if anything is open, and at once if not."""
        if self._ending:
            return
        self._ending = True
        if self._end is None:
            self._exit()
        self._deadline = time.monotonic() + GRACE_SECONDS
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._end()

    def _exit(self) -> NoReturn:
        if self._drawing and self._in_front():
            restoring = threading.Thread(target=self._restore, daemon=True)
            restoring.start()
            restoring.join(WRITE_SECONDS)
            if restoring.is_alive():
                os._exit(self._code)
        self._restored()
        os._exit(self._code)

    def _in_front(self) -> bool:
        """Whether the terminal is ours to change: in the background it is the shell's."""
        try:
            return os.tcgetpgrp(self._terminal) == os.getpgrp()
        except OSError:
            return True  # not our controlling terminal, so there is no foreground to share it with

    def _restore(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            if self._before is not None:
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
            os.write(self._terminal, RESTORE)
