"""The frames of a command in a container over a websocket: ``v5.channel.k8s.io`` and ``v4``, without any I/O.

Each binary message begins with a byte that says its channel: 1 is what the command writes, 2 its complaints, 3 a
``Status`` in JSON with how it ended, once and last. An empty message on channel 1 comes first. v5 differs from v4 by a
way to end the command's input alone, which a command without input does not need. Sources:
``remotecommand/websocket.go`` of ``k8s.io/cri-streaming`` 0.37, and a real kube-apiserver 1.37.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from meshtui.model.phrases import shorten
from meshtui.model.printable import printable
from meshtui.sources.kubernetes.port_forward_frames import FrameProblem

SUBPROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""In the order in which they are offered: nodes before 1.30 know only the second."""

OUTPUT: Final = 1
COMPLAINTS: Final = 2
STATUS: Final = 3

LONGEST_STATUS: Final = 16 * 1024
"""Bytes of the status; the longest seen has some 700."""

LONGEST_TEXT: Final = 2_000
"""Characters kept of a message in it."""


class TooMuch(Exception):
    """The command writes more than is taken of it."""


@dataclass(frozen=True, slots=True)
class ExecEnd:
    """How a command ended. ``code`` is its exit code, None when it never ran; ``message`` is what the node says of it,
    ``reason`` the word for it (``NonZeroExitCode``, ``InternalError``), both empty after a success.
    """

    code: int | None
    message: str = ""
    reason: str = ""


class ExecFrames:
    """Reads the messages of one command. ``limit`` is how many bytes it may write; complaints are cut there."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._output = bytearray()
        self._complaints = bytearray()
        self._status = bytearray()

    @property
    def output(self) -> bytes:
        """What the command wrote."""
        return bytes(self._output)

    @property
    def complaints(self) -> str:
        """What it wrote to its standard error, in one line."""
        return shorten(printable(self._complaints.decode("utf-8", "replace").strip()), LONGEST_TEXT)

    @property
    def end(self) -> ExecEnd | None:
        """How it ended; None while nothing was said of it."""
        return read_status(bytes(self._status)) if self._status else None

    @property
    def is_complete(self) -> bool:
        """Whether the status came, which is the last there is. Plain text may go on, so it is not known of it."""
        return bool(self._status) and _document(bytes(self._status)) is not None

    def take(self, message: bytes | str) -> None:
        """Take in one message. Raises ``TooMuch`` beyond the limit, ``FrameProblem`` for what is no message of it."""
        if isinstance(message, str):
            raise FrameProblem("it holds text where the protocol has bytes")
        if not message:
            return
        channel, data = message[0], message[1:]
        match channel:
            case 1:
                if len(self._output) + len(data) > self._limit:
                    raise TooMuch
                self._output += data
            case 2:
                self._complaints += data[: max(0, LONGEST_TEXT * 4 - len(self._complaints))]
            case 3:
                self._status += data[: max(0, LONGEST_STATUS - len(self._status))]
            case _:
                raise FrameProblem(f"it is for channel {channel}, which nobody opened")


def read_status(data: bytes) -> ExecEnd:
    """What the last channel says. Text that is no ``Status`` is taken as the message: old nodes write it plain."""
    status = _document(data)
    if status is None:
        return ExecEnd(None, _words(data.decode("utf-8", "replace")))
    if status.get("status") == "Success":
        return ExecEnd(0)
    return ExecEnd(_exit_code(status.get("details")), _words(status.get("message")), _words(status.get("reason")))


def _document(data: bytes) -> dict[str, Any] | None:
    """The JSON object in ``data``; None for anything else."""
    try:
        found = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _exit_code(details: object) -> int | None:
    """The code among the causes; None where there is none, or none that is a number."""
    causes = details.get("causes") if isinstance(details, dict) else None
    for cause in causes if isinstance(causes, list) else ():
        if isinstance(cause, dict) and cause.get("reason") == "ExitCode":
            said = str(cause.get("message", ""))
            return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None
    return None


def _words(said: object) -> str:
    return shorten(printable(said.strip()), LONGEST_TEXT) if isinstance(said, str) else ""
