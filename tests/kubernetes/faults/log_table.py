"""Faults of reading a container's log."""

from __future__ import annotations

from typing import Final

from tests.kubernetes.double.cluster import Endless
from tests.kubernetes.double.said import Says, bad_request, plain
from tests.kubernetes.faults.arranging import Fault, instead

LOG: Final = "log pod/echo-v1"

FOLLOWED: Final = f"{LOG} --follow --timeout 3"

PREVIOUS: Final = f"{LOG} --previous"


def _says(name: str, says: Says | Endless, command: str = LOG) -> Fault:
    return Fault(name=f"log: {name}", command=command, arrange=instead(says, "pods/log"))


LOG_FAULTS: Final = (
    Fault(name="log: forbidden", command=LOG, user="readonly"),
    Fault(name="log: no such pod", command="log pod/nope"),
    Fault(name="log: no such container", command=f"{LOG} --container nope"),
    _says(
        "not started yet",
        bad_request('container "istio-proxy" in pod "echo-v1" is waiting to start: ContainerCreating'),
    ),
    _says(
        "no process before this one",
        bad_request('previous terminated container "istio-proxy" in pod "echo-v1" not found'),
        PREVIOUS,
    ),
    _says("500 of the kubelet", plain(500, "Internal Server Error")),
    _says("silent in its middle", Endless(Says(200, b"2026-11-28T12:00:00Z begun")), f"{LOG} --timeout 3"),
    _says("a line without an end", Endless(Says(200, b""), bytes(1 << 20))),
    _says("a refusal that does not end", Endless(Says(403, b"{")), f"{LOG} --timeout 3"),
    _says("a refusal that does not end, followed", Endless(Says(403, b"{")), FOLLOWED),
)
