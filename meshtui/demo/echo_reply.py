"""What EchoTestService.Echo answers: one ``Key=value`` line per fact, in the order of Istio's echo app."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from meshtui.model.address import host_of

CONTENT_TYPE = ("content-type", "application/grpc")
"""A header of every request and response of gRPC. C-core shows it to nobody; it is what C-core itself sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Who answers."""

    hostname: str
    version: str
    port: int


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, with the headers that C-core tells of, and from where, in gRPC's text for an address."""

    message: str
    authority: str
    headers: Iterable[tuple[str, str | bytes]]
    peer: str


def reply(server: Server, call: Call) -> str:
    """The text of EchoResponse.message."""
    lines = [f"Host={call.authority}"] if call.authority else []
    if call.authority:
        lines.append(f"RequestHeader=:authority:{call.authority}")
    for key, value in (CONTENT_TYPE, *call.headers):
        if not key.endswith("-bin"):
            text = value if isinstance(value, str) else value.decode("latin-1")
            lines.append(f"RequestHeader={key}:{_one_line(text)}")
    lines += [
        "StatusCode=200",
        f"ServiceVersion={server.version}",
        f"ServicePort={server.port}",
        f"IP={peer_ip(call.peer)}",
        "Proto=GRPC",
        f"Echo={call.message}",
        f"Hostname={server.hostname}",
    ]
    return "\n".join(lines) + "\n"


def peer_ip(peer: str) -> str:
    """The IP in ``ipv4:127.0.0.1:1234`` or ``ipv6:%5B::1%5D:1234``; 0.0.0.0 where there is none."""
    kind, _, address = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return "0.0.0.0"
    return host_of(unquote(address))


def _one_line(text: str) -> str:
    return text.replace("\n", " ")
