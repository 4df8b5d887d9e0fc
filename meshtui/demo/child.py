"""One child process of the supervisor: started, heard, reaped, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from meshtui.demo.lifeline import child_environment

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
"""A process that dies is started again soon; one that keeps dying, ever later."""

_STEADY_SECONDS = 10.0
"""A process that lived so long starts again without the pause its earlier deaths had earned."""

_LONGEST_LINE = 256 * 1024
"""Bytes of one event; a longer line is dropped."""


class Child:
    """A process that runs a module of the demo with a plan as its only argument."""

    def __init__(
        self, pod: str, process: str, module: str, plan: str, logs: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.pod = pod
        self.process = process
        self.restarts = -1
        self._command = [sys.executable, "-P", "-m", module, plan]
        self._environment = {**child_environment(dict(os.environ)), **(environment or {})}
        self._log = logs / f"{pod}-{process}.log"
        self._running: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._started = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self._due: float | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 when it does not run."""
        return self._running.pid if self._running is not None else 0

    @property
    def output(self) -> int:
        """The file descriptor its events come from."""
        assert self._running is not None
        assert self._running.stdout is not None
        return self._running.stdout.fileno()

    def start(self) -> int:
        """Start it, and return the file descriptor of its events. Its standard input is its lifeline."""
        with self._log.open("wb") as log:
            self._running = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._due = None
        self._buffer = b""
        self._started = time.monotonic()
        self.restarts += 1
        os.set_blocking(self.output, False)
        return self.output

    def read(self) -> list[dict[str, Any]] | None:
        """The events it has sent since the last call, or None when it has ended."""
        try:
            data = os.read(self.output, 65536)
        except BlockingIOError:
            return []
        if not data:
            return None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._buffer = self._buffer[-_LONGEST_LINE:]
        return [message for line in lines if (message := _message(line)) is not None]

    def reap(self) -> str:
        """Wait for its end, say how it ended, and plan its next start."""
        if self._running is None:
            return ""
        self._running.kill()
        code = self._running.wait()
        for pipe in (self._running.stdin, self._running.stdout):
            if pipe is not None:
                pipe.close()
        self._running = None
        now = time.monotonic()
        if now - self._started > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        self._due = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}{self._last_words()}"

    def _last_words(self) -> str:
        """The last line it wrote to standard error: of a traceback, the one that says what happened."""
        try:
            lines = self._log.read_bytes()[-4096:].decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f": {lines[-1]}" if lines else ""

    def due(self, now: float) -> bool:
        """Whether it is dead and should be started again now."""
        return self._due is not None and now >= self._due

    def kill(self) -> None:
        """Kill it, if it runs; ``reap`` waits for it."""
        if self._running is not None:
            self._running.kill()


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
