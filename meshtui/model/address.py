"""Addresses as people type them, made into what gRPC dials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from meshtui.model.errors import UsageError
from meshtui.model.phrases import shorten

DEFAULT_PORT: Final = 17171
"""Where Istio's echo serves gRPC without xDS, and so its admin services; only ``localhost`` may leave the port out."""

SOCKET_PATH_LIMIT: Final = 107
"""Bytes that fit into ``sockaddr_un.sun_path`` on Linux with its closing zero (unix(7)); macOS has 103."""

FORMS: Final = "Type host:port, [::1]:port or unix:///path/of/socket."
"""The forms of an address, as a hint."""

LONGEST: Final = 1_000
"""Characters of an address: a host name has 253 at most, a socket's path 107 bytes."""

LONGEST_HOST: Final = 253
"""Characters of a host name (RFC 1035 §2.3.4, without the last dot)."""

QUOTED_LENGTH: Final = 80
"""Characters of what was typed that an error says again."""

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?")
_ZONE: Final = r"[A-Za-z0-9._-]+"
_PORT_DIGITS: Final = 6


class AddressKind(Enum):
    """What is behind an address."""

    TCP = "tcp"
    UNIX = "unix"


@dataclass(frozen=True, slots=True, kw_only=True)
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
    if len(typed) > LONGEST:
        raise UsageError(f"The address has {len(typed)} characters, more than any address: {as_typed(typed)}.", FORMS)
    if not typed.isprintable() or " " in typed:
        raise UsageError(f"{as_typed(typed)} is no address: it contains spaces or control characters.", FORMS)
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
            f"{as_typed(typed)} names a service of the mesh, not an app to look into.",
            "Attach to the app's own gRPC port, such as localhost:17171.",
        )
    if scheme in ("http", "https"):
        raise UsageError(
            f"{as_typed(typed)} is an HTTP address; the gRPC admin services are dialled without a scheme.",
            f"Type {shorten(rest.rstrip('/'), QUOTED_LENGTH) or 'host:port'}{' --tls' if scheme == 'https' else ''}.",
        )
    raise UsageError(f"{as_typed(typed)} has the scheme {as_typed(scheme)}, which meshtui does not know.", FORMS)


def host_port(host: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"{in_brackets(host)}:{port}"


def in_brackets(host: str) -> str:
    """The host as it stands before a port: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def host_of(text: str) -> str:
    """The host of ``host:port`` or ``[::1]:port``, without brackets; empty where there is no port."""
    return text.rpartition(":")[0].strip("[]")


def host_alone(text: str) -> str:
    """The host of ``host:port``, ``host``, ``[::1]:port``, ``[::1]`` or ``::1``, without brackets."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text if text.count(":") > 1 else text.partition(":")[0]


def socket_path(target: str) -> str:
    """The path of a ``unix:`` target as gRPC reads it (``unix:path`` or ``unix:///absolute``), or empty for others."""
    scheme, _, path = target.partition(":")
    return path.removeprefix("//") if scheme.lower() == "unix" else ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: ``localhost``, or an address of RFC 1122 §3.2.1.3 or RFC 4291 §2.5.3."""
    import ipaddress  # few addresses need it

    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def as_typed(text: str) -> str:
    """What was typed, in quotes, with its escapes, not too long."""
    return repr(shorten(text, QUOTED_LENGTH))


def _is_ipv6(text: str) -> bool:
    import ipaddress  # few addresses need it

    address, percent, zone = text.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return not percent or re.fullmatch(_ZONE, zone) is not None


def _unix(typed: str) -> Address:
    path = typed.removeprefix("unix:")
    if path.startswith("//"):
        path = path[2:]
        if not path.startswith("/"):
            raise UsageError(
                f"{as_typed(typed)} has {as_typed(path.partition('/')[0])} where unix:// has nothing.",
                "Type unix:///… for an absolute path or unix:… for a relative one."
                if len(path) > QUOTED_LENGTH
                else f"Type unix:///{path} for an absolute path or unix:{path} for a relative one.",
            )
    if not path:
        raise UsageError(f"{as_typed(typed)} names no socket.", FORMS)
    if len(path.encode()) > SOCKET_PATH_LIMIT:
        raise UsageError(
            f"The socket's path has {len(path.encode())} bytes; a Unix socket takes {SOCKET_PATH_LIMIT}.",
            "Change to its directory and type the relative path.",
        )
    from urllib.parse import quote  # few addresses need it

    return Address(text=typed, target=f"unix:{quote(path)}", kind=AddressKind.UNIX, path=path)


def _tcp(typed: str, rest: str) -> Address:
    host, port_text = _split(typed, rest)
    port = _port(typed, host, port_text)
    if ":" in host:
        return Address(
            text=typed, target=f"ipv6:[{host.replace('%', '%25')}]:{port}", kind=AddressKind.TCP, host=host, port=port
        )
    return Address(text=typed, target=f"dns:///{host}:{port}", kind=AddressKind.TCP, host=host, port=port)


def _split(typed: str, rest: str) -> tuple[str, str | None]:
    """Host without brackets, and the port as typed or ``None``."""
    if rest.startswith("["):
        host, bracket, tail = rest[1:].partition("]")
        if not bracket or not _is_ipv6(host):
            raise UsageError(f"{as_typed(typed)} has no IPv6 address between its brackets.", FORMS)
        if tail and not tail.startswith(":"):
            raise UsageError(f"{as_typed(typed)} has {as_typed(tail)} after its brackets where a port belongs.", FORMS)
        return host, tail[1:] if tail else None
    if rest.count(":") > 1:
        raise UsageError(f"{as_typed(typed)} has more than one colon.", "Put an IPv6 address in brackets: [::1]:17171.")
    host, colon, port = rest.partition(":")
    if not host:
        example = f"localhost:{port}" if port else f"localhost:{DEFAULT_PORT}"
        raise UsageError(f"{as_typed(typed)} names no host.", f"Type {example} for this machine. {FORMS}")
    if not _HOST.fullmatch(host) or len(host) > LONGEST_HOST:
        raise UsageError(f"{as_typed(typed)} is no address: {as_typed(host)} is no host name.", FORMS)
    return host, port if colon else None


def _port(typed: str, host: str, text: str | None) -> int:
    if text is None:
        if host == "localhost":
            return DEFAULT_PORT
        example = f"localhost:{host}" if host.isdecimal() else host_port(host, DEFAULT_PORT)
        raise UsageError(f"{as_typed(typed)} has no port.", f"Type {example}, say.")
    digits = text.isascii() and text.isdigit() and len(text) <= _PORT_DIGITS
    if not digits or not 1 <= int(text) <= 65_535:
        raise UsageError(f"{as_typed(typed)} has the port {as_typed(text)}; a port is a number from 1 to 65535.", FORMS)
    return int(text)
