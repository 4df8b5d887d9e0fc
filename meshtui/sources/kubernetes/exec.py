"""One command in a container, of which the output is read: how files of a pod are seen. It is given no input."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.model.kubernetes.rights import EXEC, rules_yaml
from meshtui.model.phrases import one_line, size_words
from meshtui.sources.kubernetes.exec_frames import SUBPROTOCOLS, ExecEnd, ExecFrames, TooMuch
from meshtui.sources.kubernetes.failures import ANONYMOUS, ApiRefused
from meshtui.sources.kubernetes.pod_server import PodServer, open_to_pod
from meshtui.sources.kubernetes.port_forward_frames import FrameProblem

LARGEST_OUTPUT: Final = 1 << 20
"""Bytes; a bootstrap has some 3 KiB, a bundle of all public roots a quarter of a MiB."""

LONGEST_QUOTE: Final = 300
"""Characters of a node's words in a sentence."""

NOT_STARTED: Final = frozenset({126, 127})
"""Exit codes by which a runtime, too, says that it could not run or not find a program (POSIX, as a shell does)."""


READ_ONLY: Final = "--read-only forbids running anything in a container, even cat."
"""What is said where the user forbade it."""


class ExecFailure(StrEnum):
    """Why a command came to nothing."""

    READ_ONLY = "read-only"
    """The user forbade it: nothing was sent."""
    FORBIDDEN = "forbidden"
    """A right is missing."""
    NO_PROGRAM = "no such program"
    """The container has none: its image is distroless, say."""
    NOT_RUNNING = "not running"
    """The container does not run."""
    TOO_LARGE = "too large"
    TOO_LATE = "too late"
    CUT = "cut"
    """The connection ended before the command did, or what came is no exec."""
    NODE = "the node's error"
    """Another reason of the node or its container runtime."""


class ExecFailed(TargetUnreachable):
    """A command in a container came to nothing; ``said`` is what the server or the node said of it, or empty."""

    def __init__(self, what: str, hint: str = "", *, failure: ExecFailure, said: str = "") -> None:
        super().__init__(what, hint)
        self.failure = failure
        self.said = said


@dataclass(frozen=True, slots=True)
class PodContainer:
    """Where a command runs. With ``uid`` it is that pod alone, and not another one of the same name."""

    namespace: str
    pod: str
    container: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command that ran has written, its complaints in one harmless line, and its exit code."""

    output: bytes
    complaints: str
    code: int


async def run_command(
    api: PodServer,
    place: PodContainer,
    command: Sequence[str],
    *,
    read_only: bool,
    timeout: float,
    largest: int = LARGEST_OUTPUT,
) -> ExecResult:
    """Run ``command``, a program and its arguments without a shell, and return what it wrote.

    ``timeout`` is for all of it, in seconds; ``largest`` the most bytes it may write. Raises ``ExecFailed``, which says
    how it failed; other ``MeshtuiError`` for an API server that is not reached, and ``PodReplaced``.
    """
    if read_only:
        raise ExecFailed(READ_ONLY, failure=ExecFailure.READ_ONLY)
    try:
        async with asyncio.timeout(timeout):
            socket = await _open(api, place, command)
            try:
                frames = await _to_its_end(socket, place, command, largest)
            finally:
                socket.transport.abort()
    except TimeoutError:
        raise ExecFailed(
            f"{command[0]} in container {place.container} did not end within {timeout:g} s.",
            failure=ExecFailure.TOO_LATE,
        ) from None
    return _result(frames, frames.end, place, command)


async def _open(api: PodServer, place: PodContainer, command: Sequence[str]) -> ClientConnection:
    query = [("command", word) for word in command]
    query += [("container", place.container), ("stdout", "true"), ("stderr", "true")]
    try:
        return await open_to_pod(api, place.namespace, place.pod, place.uid, "exec", query, SUBPROTOCOLS)
    except ApiRefused as error:
        raise _refused(error, place) from None


async def _to_its_end(
    socket: ClientConnection, place: PodContainer, command: Sequence[str], largest: int
) -> ExecFrames:
    """Everything that came. Raises ``ExecFailed`` for too much and for what is no exec."""
    frames = ExecFrames(largest)
    try:
        while not frames.is_complete:
            frames.take(await socket.recv())
    except ConnectionClosed:
        pass  # whether that was the end or a cut is told by the status
    except TooMuch:
        raise ExecFailed(
            f"{command[0]} in container {place.container} writes more than {size_words(largest)}, the most that is"
            " taken.",
            failure=ExecFailure.TOO_LARGE,
        ) from None
    except FrameProblem as problem:
        raise ExecFailed(
            f"What the API server, or a proxy before it, sent is no exec: {problem}.", failure=ExecFailure.CUT
        ) from None
    return frames


def _result(frames: ExecFrames, end: ExecEnd | None, place: PodContainer, command: Sequence[str]) -> ExecResult:
    where = f"container {place.container}"
    if end is None:
        raise ExecFailed(f"The connection was cut before {command[0]} in {where} ended.", failure=ExecFailure.CUT)
    if end.code is not None and end.code not in NOT_STARTED:
        return ExecResult(frames.output, frames.complaints, end.code)
    said = end.message or frames.complaints
    raise _failed(said, end.code, place, command)


def _failed(said: str, code: int | None, place: PodContainer, command: Sequence[str]) -> ExecFailed:
    words = said.lower()
    where = f"container {place.container}"
    quoted = one_line(said, LONGEST_QUOTE)
    if code in NOT_STARTED or "executable file" in words or f'exec: "{command[0]}": stat ' in words:
        return ExecFailed(
            f"{where.capitalize()} has no {command[0]}: its image may hold nothing but the app (distroless).",
            failure=ExecFailure.NO_PROGRAM,
            said=said,
        )
    if "container not found" in words or "container not running" in words:
        return ExecFailed(f"{where.capitalize()} does not run.", failure=ExecFailure.NOT_RUNNING, said=said)
    return ExecFailed(
        f"{command[0]} could not be run in {where}: {quoted or 'without a reason'}.",
        failure=ExecFailure.NODE,
        said=said,
    )


def _refused(error: ApiRefused, place: PodContainer) -> MeshtuiError:
    """A refused handshake: rights and containers that do not run are told apart, the rest stays what it is."""
    if error.code == 403 and ANONYMOUS not in error.message:
        rule = rules_yaml(EXEC.rights)
        said = error.message.rstrip(": .")  # a missing "create" is said with nothing behind the colon
        return ExecFailed(
            f"You may not run anything in pod/{place.pod}: {said}.",
            f"This rule in a Role of namespace {place.namespace} allows it:\n{rule}"
            if error.lacks_right
            else error.hint,
            failure=ExecFailure.FORBIDDEN,
            said=error.message,
        )
    if error.message.startswith("container not found"):
        return _failed(error.message, None, place, ("",))
    return error
