"""gRPC's failures in one clear sentence: which address, why, and what to try.

Three kinds are told apart: no gRPC connection came about; the connection was there and broke, or what came over it was
no proper answer; the peer answered with a status of its own. A text that is not known is quoted.
"""

from __future__ import annotations

import os
import re
import stat
from typing import Final

import grpc
import grpc.aio

from meshtui.doctor.explain.at_target import (
    BROKEN_OFF,
    CLOSES,
    HTTP2_ERRORS,
    NOT_CONNECTED,
    STATUS_HINTS,
    why_not_taken,
    why_unconnected,
)
from meshtui.doctor.explain.hints import APP_LOG, GRPC_PORT, PORT_FORWARD, RESTART
from meshtui.model.address import Address, AddressKind
from meshtui.model.errors import BadAnswer, NoAnswer, ServiceMissing, TargetUnreachable
from meshtui.model.istio_ports import ADMIN, KNOWN_PORTS
from meshtui.model.phrases import shorten
from meshtui.model.printable import printable

QUOTED_LENGTH: Final = 300
"""Characters of a peer's own words that are quoted: two lines and a half of a terminal."""

REGISTER: Final = (
    "Register them in the app: admin.Register(server) in Go, grpc::AddAdminServices(&builder) in C++, "
    "AdminInterface.getStandardServices() in Java, grpc_admin.add_admin_servicers(server) in Python; "
    "for Istio's echo set EXPOSE_GRPC_ADMIN=true."
)
"""How an app comes to serve CSDS and channelz (gRFC A38)."""

OURS: Final = "Deadline Exceeded"
"""C-core's words for a call that was given up on this side."""

NOT_DIALLED: Final = "Failed to create channel to "
"""C-core's words for an address that it cannot use, such as a zone that is no network interface here."""

TOO_LARGE: Final = ("message larger than max", "Decompressed message larger")
"""What C-core says of an answer beyond ``grpc.max_receive_message_length``, packed or while it unpacks it."""

DENIED_BY_POLICY: Final = ("Unauthorized RPC rejected", "RBAC: access denied")
"""What the RBAC filters of C-core, and of grpc-go and Envoy, say."""

_HTTP_STATUS: Final = re.compile(r"http2 header with status: (\d{1,3})")
_BREAKS: Final = re.compile(r"GOAWAY|RST_STREAM")
_ERROR_CODE: Final = re.compile(r"[Ee]rror code:? (\d{1,10})(; Debug Text: )?")
_WRAPPED: Final = re.compile(r"Stream removed \((.*)\)", re.DOTALL)
"""What C-core puts around its own reason for the end of a call."""


def explain(
    error: grpc.aio.AioRpcError, address: Address, service: str, *, tls: bool = False
) -> TargetUnreachable | ServiceMissing:
    """A failed call as one of our own errors. ``service`` is what people call it, such as ``CSDS``."""
    return explain_status(error.code(), error.details() or "", address, service, tls=tls)


def explain_status(
    code: grpc.StatusCode, details: str, address: Address, service: str, *, tls: bool = False
) -> TargetUnreachable | ServiceMissing:
    """A call's status, other than a deadline missed on this side, as one of our own errors."""
    if details.startswith(f"{NOT_DIALLED}'{address.target}'"):
        return TargetUnreachable(
            f"{address} was not dialled: gRPC takes it for no address.", "Check it; a zone after % names an interface."
        )
    if code is grpc.StatusCode.UNAVAILABLE and any(text in details for text in NOT_CONNECTED):
        return _no_connection(details, address, tls)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and any(text in details for text in TOO_LARGE):
        return BadAnswer(
            f"The answer of {service} at {address} is larger than this program takes ({quoted(details)}).",
            "--max-message SIZE lifts the limit, which is there because a small compressed answer can unpack to "
            "gigabytes.",
        )
    return (
        _http_status(details, address)
        or _no_proper_answer(details, address, service)
        or _broken_off(details, address, service)
        or _answered(code, details, address, service)
    )


def no_answer(address: Address, service: str, timeout: float, state: grpc.ChannelConnectivity) -> NoAnswer:
    """The error for a call without an answer in time; what the channel's state says of the connection goes with it."""
    within = f"within {timeout:g} s"
    if state is grpc.ChannelConnectivity.READY:
        return NoAnswer(
            f"{address} is connected, but {service} did not answer {within}.",
            "The app may be stopped, overloaded or behind a dead port-forward; --timeout gives it more time.",
        )
    return NoAnswer(
        f"{address} does not answer: no gRPC connection came about {within}.",
        _port_hint(address)
        or "Something may listen there that does not speak gRPC, or packets are dropped; check port, firewall and VPN.",
    )


def no_message(address: Address, service: str) -> BadAnswer:
    """The error for a call that ended well and brought nothing, or something that is no message."""
    return BadAnswer(
        f"{address} answers {service} with status OK, but without a message that can be read.",
        f"No gRPC server does that; a proxy or a stub may answer in its place. {GRPC_PORT}",
    )


def never_connected(details: str) -> bool:
    """Whether a call with these details found no connection, so that nothing was sent."""
    return any(text in details for text in NOT_CONNECTED)


def is_no_grpc(details: str) -> bool:
    """Whether what answered was something else than a gRPC server, as far as it can be told."""
    return bool(_HTTP_STATUS.search(details)) or why_not_taken(details) is not None


def quoted(text: str) -> str:
    """A peer's own words, fit for a message of ours: one line, printable, not too long."""
    wrapped = _WRAPPED.fullmatch(text.strip())
    return shorten(printable((wrapped[1] if wrapped else text).strip().rstrip(".")), QUOTED_LENGTH) or "no details"


def _no_connection(details: str, address: Address, tls: bool) -> TargetUnreachable:
    reached, meaning, hint = _why_unconnected(details, address, tls)
    if not reached:
        return TargetUnreachable(f"{address} cannot be reached: {meaning}.", _port_hint(address) or hint)
    return _at_port(address, meaning, hint)


def _why_unconnected(details: str, address: Address, tls: bool) -> tuple[bool, str, str]:
    known = why_unconnected(details)
    if known is not None:
        return known.reached, known.phrase, known.hint
    if "Connection refused" in details:
        if address.kind is AddressKind.UNIX:
            what = _no_socket(address.path)
            if what:
                return False, f"it is {what}, not a socket", "Type the path of the socket file itself."
            return False, "connection refused, no process listens on this socket", "Is the app running?"
        return False, "connection refused, nothing listens there", PORT_FORWARD
    if any(text in details for text in CLOSES):
        if tls:
            hint = "It may demand a client certificate (give --cert and --key), or speak no TLS of 1.2 or later."
            return True, "closes the connection during or after the TLS handshake", hint
        hint = "It may speak TLS (try --tls or --ca FILE), or a port-forward may lead to a port nobody serves."
        return True, "accepts connections and closes them", hint
    return False, quoted(details), PORT_FORWARD


def _no_socket(path: str) -> str:
    """What is at the path in the place of a socket, or empty; connecting to anything else is refused as well."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISSOCK(mode):
        return ""
    return "a directory" if stat.S_ISDIR(mode) else "a file" if stat.S_ISREG(mode) else "a device or a pipe"


def _at_port(address: Address, meaning: str, hint: str) -> TargetUnreachable:
    """A peer that answers otherwise than it should; what its well-known port is for goes with it."""
    known = KNOWN_PORTS.get(address.port)
    if known is None:
        return BadAnswer(f"{address} {meaning}.", hint)
    return BadAnswer(f"{address} {meaning}; {address.port} is {known.is_what}.", known.hint)


def _port_hint(address: Address) -> str:
    known = KNOWN_PORTS.get(address.port)
    return f"{address.port} is {known.is_what}. {known.hint}" if known is not None else ""


def _http_status(details: str, address: Address) -> TargetUnreachable | None:
    found = _HTTP_STATUS.search(details)
    if found is None:
        return None
    hint = GRPC_PORT
    if found[1] in ("502", "503", "504"):
        hint = f"A proxy answers in the place of the app: does the app behind it run? {GRPC_PORT}"
    elif found[1] in ("401", "403", "407"):
        hint = f"Something before the app wants to know the caller. {GRPC_PORT}"
    elif found[1].startswith("3"):
        hint = f"It sends callers elsewhere, as web servers do. {GRPC_PORT}"
    return _at_port(address, f"speaks HTTP/2, but not gRPC: it answers with HTTP status {found[1]}", hint)


def _no_proper_answer(details: str, address: Address, service: str) -> TargetUnreachable | None:
    known = why_not_taken(details)
    return _at_port(address, f"{known.phrase} (asked for {service})", known.hint) if known is not None else None


def _broken_off(details: str, address: Address, service: str) -> TargetUnreachable | None:
    frame = _BREAKS.search(details)
    code = _ERROR_CODE.search(details, frame.end()) if frame is not None else None
    if frame is not None and code is not None:
        number = int(code[1])
        name = HTTP2_ERRORS[number] if number < len(HTTP2_ERRORS) else f"HTTP/2 error {number}"
        what = "closed the connection" if frame[0] == "GOAWAY" else "broke off the call"
        said = details[code.end() :].rstrip(")") if code[2] else ""
        why = f"{frame[0]}, {name}" + (f": {quoted(said)}" if said else "")
        return BadAnswer(f"{address} {what} before {service} was answered ({why}).", BROKEN_OFF.get(name, APP_LOG))
    if any(text in details for text in CLOSES):
        return _at_port(address, f"closed the connection in the middle of the call to {service}", RESTART)
    return None


def _answered(
    code: grpc.StatusCode, details: str, address: Address, service: str
) -> TargetUnreachable | ServiceMissing:
    """What the peer itself says."""
    if code is grpc.StatusCode.UNIMPLEMENTED:
        what = f"{address} answers, but does not serve {service}"
        known = KNOWN_PORTS.get(address.port)
        if known is not None:  # the admin services have a port of their own then, so nothing is known of them here
            return ServiceMissing(f"{what} on this port; {address.port} is {known.is_what}.", known.hint)
        return ServiceMissing(f"{what}: no gRPC admin services are registered on this port.", REGISTER)
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        hint = "Attach to a port without authorization (17171 for Istio's echo), or give --cert, --key and --ca."
        by = ""
        if any(text in details for text in DENIED_BY_POLICY):
            by, hint = " by an AuthorizationPolicy of the mesh", f"The mesh configures this port. {ADMIN}"
        return _at_port(address, f"refuses {service} to this caller{by} ({code.name}: {quoted(details)})", hint)
    return BadAnswer(
        f"{address} answers {service} with {code.name}: {quoted(details)}.", STATUS_HINTS.get(code.name, APP_LOG)
    )
