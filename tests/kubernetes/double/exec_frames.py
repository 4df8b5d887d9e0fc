"""Exec by websocket: frames of ``v5.channel.k8s.io`` and ``v4.channel.k8s.io``."""

from __future__ import annotations

import json
from typing import Any, Final

from aiohttp import web

from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Cluster, Ran

PROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")

CHUNK: Final = 32 * 1024
"""Bytes of a frame at most, as Go copies."""

OUT, ERR, STATUS = b"\x01", b"\x02", b"\x03"

_NOT_STARTED: Final = (
    "error executing command in container: failed to exec in container: failed to start exec "
    '"6563686f2d677270": OCI runtime exec failed: exec failed: unable to start container process: exec: '
)


class NotStarted(Exception):
    """The command could not be started; its text is the runtime's."""


async def serve(cluster: Cluster, asked: Asked, socket: web.WebSocketResponse) -> None:
    """Run the command and tell what came of it, in the frames and the order of the real one."""
    await socket.send_bytes(OUT)
    newest = socket.ws_protocol == PROTOCOLS[0]
    try:
        ran = run(cluster, asked)
    except NotStarted as error:
        await socket.send_bytes(STATUS + _compact(_internal(str(error), newest)))
    else:
        for channel, text in ((OUT, ran.out), (ERR, ran.err)):
            if asked.one({OUT: "stdout", ERR: "stderr"}[channel]) in ("1", "true"):
                for begin in range(0, len(text), CHUNK):
                    await socket.send_bytes(channel + text[begin : begin + CHUNK])
        await socket.send_bytes(STATUS + _compact(_ended(ran.code, newest)))
    await socket.close()


def run(cluster: Cluster, asked: Asked) -> Ran:
    """What the command does in that container; raises NotStarted."""
    command = asked.all_of("command")
    if not command:
        return Ran()
    where = (asked.namespace, asked.name, asked.one("container"))
    if command[0] in cluster.programs:
        return cluster.programs[command[0]](command)
    name = command[0].rpartition("/")[2]
    if name not in ("cat", "true", "false", "echo", "sh") or cluster.is_distroless(*where):
        missing = "executable file not found in $PATH"
        if "/" in command[0]:
            missing = f"stat {command[0]}: no such file or directory"
        raise NotStarted(f'{_NOT_STARTED}"{command[0]}": {missing}')
    match name:
        case "cat":
            return _cat(cluster, where, command[1:])
        case "echo":
            return Ran(" ".join(command[1:]).encode() + b"\n")
        case "sh":
            return Ran(code=int(command[-1].rpartition(" ")[2]))
        case _:
            return Ran(code=int(name == "false"))


def _cat(cluster: Cluster, where: tuple[str, str, str], paths: list[str]) -> Ran:
    out, err, code = b"", b"", 0
    for path in (path for path in paths if path != "--"):
        contents = cluster.contents(*where, path)
        if contents is None:
            err, code = err + f"cat: can't open '{path}': No such file or directory\n".encode(), 1
        else:
            out += contents
    return Ran(out, err, code)


def _ended(code: int, newest: bool) -> dict[str, Any]:
    head: dict[str, Any] = {"metadata": {}} if newest else {}
    if not code:
        return {**head, "status": "Success"}
    words = f"command terminated with exit code {code}" if newest else f"exit status {code}"
    return {
        **head,
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {words}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def _internal(text: str, newest: bool) -> dict[str, Any]:
    said = f"Internal error occurred: {text}"
    if newest:
        said = f"Internal error occurred: {said}"
    return {
        **({"metadata": {}} if newest else {}),
        "status": "Failure",
        "message": said,
        "reason": "InternalError",
        **({"details": {"causes": [{"message": said.removeprefix("Internal error occurred: ")}]}} if newest else {}),
        "code": 500,
    }


async def say_not_found(socket: web.WebSocketResponse, container: str) -> None:
    """How nodes before 1.36 say it: after 101, on channel 3."""
    await socket.send_bytes(OUT)
    text = f'container not found ("{container}")'
    said = {"metadata": {}, "status": "Failure", "message": text, "reason": "InternalError", "code": 500}
    await socket.send_bytes(STATUS + _compact(said))
    await socket.close()


def _compact(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
