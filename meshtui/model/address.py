"""Addresses as people type them, made into what gRPC dials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import quote

from meshtui.model.errors import UsageError

DEFAULT_PORT: Final = 17171
"""Where Istio's echo serves gRPC without xDS, and so its admin services; only ``localhost`` may leave the port out."""

SOCKET_PATH_LIMIT: Final = 107
"""Bytes that fit into ``sockaddr_un.sun_path`` on Linux with its closing zero (unix(7)); macOS has 103."""

FORMS: Final = "Type host:port, [::1]:port or unix:///path/of/socket."
"""The forms of an address, as a hint."""

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?")
_IPV6: Final = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?")


class AddressKind(Enum):
    """What is behind an address."""

    TCP = "tcp"
    UNIX = "unix"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a target answers. ``text`` is for people, ``target`` what gRPC dials.

    ``host`` (without brackets) and ``port`` are set for TCP, ``path`` for a Unix socket.
    """

    text: str
    target: str
    kind: AddressKind
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        return self.text


def parse_address(text: str) -> Address:
    """The address that was typed. Raises ``UsageError``, which names what is wrong with it and the forms there are."""
    typed = text.strip()
    if not typed:
        raise UsageError("The address is empty.", FORMS)
    if not typed.isprintable() or " " in typed:
        raise UsageError(f"{typed!r} is no address: it contains spaces or control characters.", FORMS)
    if typed.startswith("unix:"):
        return _unix(typed)
    scheme, separator, rest = typed.partition("://")
    if separator:
        return _with_scheme(typed, scheme, rest.lstrip("/"))
    return _tcp(typed, typed)


def _with_scheme(typed: str, scheme: str, rest: str) -> Address:
    if scheme in ("dns", "ipv4", "ipv6", "grpc"):
        return _tcp(typed, rest)
    if scheme == "xds":
        raise UsageError(
            f"{typed!r} names a service of the mesh, not an app to look into.",
            "Attach to the app's own gRPC port, such as localhost:17171.",
        )
    if scheme in ("http", "https"):
        raise UsageError(
            f"{typed!r} is an HTTP address; the gRPC admin services are dialled without a scheme.",
            f"Type {rest.rstrip('/') or 'host:port'}{' --tls' if scheme == 'https' else ''}.",
        )
    raise UsageError(f"{typed!r} has the scheme {scheme!r}, which meshtui does not know.", FORMS)


def _unix(typed: str) -> Address:
    path = typed.removeprefix("unix:")
    if path.startswith("//"):
        path = path[2:]
        if not path.startswith("/"):
            raise UsageError(
                f"{typed!r} has {path.partition('/')[0]!r} where unix:// has nothing.",
                f"Type unix:///{path} for an absolute path or unix:{path} for a relative one.",
            )
    if not path:
        raise UsageError(f"{typed!r} names no socket.", FORMS)
    if len(path.encode()) > SOCKET_PATH_LIMIT:
        raise UsageError(
            f"The socket's path has {len(path.encode())} bytes; a Unix socket takes {SOCKET_PATH_LIMIT}.",
            "Change to its directory and type the relative path.",
        )
    return Address(typed, f"unix:{quote(path)}", AddressKind.UNIX, path=path)


def _tcp(typed: str, rest: str) -> Address:
    host, port_text = _split(typed, rest)
    port = _port(typed, host, port_text)
    if ":" in host:
        return Address(typed, f"ipv6:[{host.replace('%', '%25')}]:{port}", AddressKind.TCP, host, port)
    return Address(typed, f"dns:///{host}:{port}", AddressKind.TCP, host, port)


def _split(typed: str, rest: str) -> tuple[str, str | None]:
    """Host without brackets, and the port as typed or ``None``."""
    if rest.startswith("["):
        host, bracket, tail = rest[1:].partition("]")
        if not bracket or not _IPV6.fullmatch(host):
            raise UsageError(f"{typed!r} has no IPv6 address between its brackets.", FORMS)
        if tail and not tail.startswith(":"):
            raise UsageError(f"{typed!r} has {tail!r} after its brackets where a port belongs.", FORMS)
        return host, tail[1:] if tail else None
    if rest.count(":") > 1:
        raise UsageError(f"{typed!r} has more than one colon.", "Put an IPv6 address in brackets: [::1]:17171.")
    host, colon, port = rest.partition(":")
    host = host or "localhost"
    if not _HOST.fullmatch(host):
        raise UsageError(f"{typed!r} is no address: {host!r} is no host name.", FORMS)
    return host, port if colon else None


def _port(typed: str, host: str, text: str | None) -> int:
    if text is None:
        if host == "localhost":
            return DEFAULT_PORT
        example = f"localhost:{host}" if host.isdecimal() else f"{f'[{host}]' if ':' in host else host}:{DEFAULT_PORT}"
        raise UsageError(f"{typed!r} has no port.", f"Type {example}, say.")
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65_535:
        raise UsageError(f"{typed!r} has the port {text!r}; a port is a number from 1 to 65535.", FORMS)
    return int(text)
