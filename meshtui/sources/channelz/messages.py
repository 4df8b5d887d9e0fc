"""Parts of channelz messages as model values, in the shapes C-core, grpc-go and grpc-java give them."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

from meshtui.model.address import host_port
from meshtui.model.channels import Calls, ChannelState, PeerCertificate

_STATES: Final = {
    0: ChannelState.UNKNOWN,
    1: ChannelState.IDLE,
    2: ChannelState.CONNECTING,
    3: ChannelState.READY,
    4: ChannelState.TRANSIENT_FAILURE,
    5: ChannelState.SHUTDOWN,
}
"""``ChannelConnectivityState.State`` by its wire number."""

_JAVA_ADDRESS: Final = re.compile(r"/([^/\[\]{}\s]{1,255}):([0-9]{1,5})\]")
"""An address within what grpc-java prints for a subchannel's: ``[[[echo/10.0.0.1:17070]/{attributes}]]``."""

_JAVA_SOCKET: Final = re.compile(r"/([\d.]{7,15}|[0-9a-fA-F:]{2,39}):([0-9]{1,5})")
"""The address of a socket, as ``InetSocketAddress`` prints it."""

_SCHEMES: Final = ("ipv4:", "ipv6:", "dns:///")
"""Prefixes that say nothing a reader needs; ``unix:`` does."""


@dataclass(frozen=True, slots=True)
class Socket:
    """One socket's ends and its peer's certificate, if the connection is secured and the library tells."""

    local: str
    remote: str
    peer: PeerCertificate | None


def socket(message: Any) -> Socket:
    """``grpc.channelz.v1.Socket``."""
    remote = _address(message.remote)
    return Socket(_address(message.local), remote, _peer(message, remote))


def _peer(message: Any, remote: str) -> PeerCertificate | None:
    if message.security.WhichOneof("model") != "tls":
        return None
    tls = message.security.tls
    der, own = _der(tls.remote_certificate), _der(tls.local_certificate)
    return PeerCertificate(remote, der, own) if der or own else None


def _der(certificate: bytes) -> bytes:
    """C-core sends PEM, grpc-go DER; what is neither is dropped."""
    if not certificate.lstrip().startswith(b"-----BEGIN"):
        return certificate
    try:
        return ssl.PEM_cert_to_DER_cert(certificate.decode("ascii").strip())
    except ValueError:
        return b""


def calls(data: Any) -> Calls:
    """The counters of a channel, subchannel or server."""
    return Calls(data.calls_started, data.calls_succeeded, data.calls_failed, _moment(data.last_call_started_timestamp))


def state(data: Any) -> ChannelState:
    """Connectivity; a number from a newer proto is UNKNOWN."""
    return _STATES.get(data.state.state, ChannelState.UNKNOWN)


def subchannel_address(message: Any, sockets: Sequence[Socket]) -> str:
    """Where a subchannel connects to: its target, else the far end of its socket, else its name."""
    target = str(message.data.target)
    for scheme in _SCHEMES:
        target = target.removeprefix(scheme)
    in_java = _JAVA_ADDRESS.search(target) if target.startswith("[[") else None
    known = host_port(_host(in_java[1]), int(in_java[2])) if in_java else unquote(target)
    return known or next((socket.remote for socket in sockets if socket.remote), "") or str(message.ref.name)


def _address(address: Any) -> str:
    """``host:port``, ``unix:path``, or the name of another kind of address."""
    form = address.WhichOneof("address")
    if form == "tcpip_address":
        return _host_port(address.tcpip_address)
    if form == "uds_address":
        return f"unix:{address.uds_address.filename}"
    return _of_java(str(address.other_address.name)) if form == "other_address" else ""


def _of_java(name: str) -> str:
    """grpc-java gives its sockets' addresses as ``/10.0.0.1:17070``; another name as it is."""
    found = _JAVA_SOCKET.fullmatch(name)
    return host_port(_host(found[1]), int(found[2])) if found else name


def _host(text: str) -> str:
    """Without the zeros that Java writes out in an IPv6 address."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def _host_port(address: Any) -> str:
    try:
        host = str(ipaddress.ip_address(address.ip_address))
    except ValueError:
        return ""
    return host_port(host, address.port)


def _moment(timestamp: Any) -> datetime | None:
    if not timestamp.seconds:
        return None
    try:
        return datetime.fromtimestamp(timestamp.seconds, UTC).replace(microsecond=timestamp.nanos // 1_000)
    except (ValueError, OverflowError, OSError):
        return None
