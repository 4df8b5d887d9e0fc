"""gRPC's failures in one clear sentence: which address, why, and what to try.

The texts looked for are those of gRPC's C core; a text that is not known is quoted.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from meshtui.model.address import Address, AddressKind
from meshtui.model.errors import ServiceMissing, TargetUnreachable
from meshtui.model.names import shorten
from meshtui.model.printable import printable
from meshtui.sources import grpc_quiet  # noqa: F401  (must come before grpc)

import grpc  # isort: skip
import grpc.aio  # isort: skip

QUOTED_LENGTH: Final = 300
"""Characters of a peer's own words that are quoted: two lines and a half of a terminal."""

REGISTER: Final = (
    "Register them in the app: admin.Register(server) in Go, grpc::AddAdminServices(&builder) in C++, "
    "AdminInterface.getStandardServices() in Java, grpc_admin.add_admin_servicers(server) in Python; "
    "for Istio's echo set EXPOSE_GRPC_ADMIN=true."
)
"""How an app comes to serve CSDS and channelz (gRFC A38)."""

PORT_FORWARD: Final = "Is the app running, and if it is a pod, the port-forward (kubectl port-forward POD 17171)?"


TOO_LARGE: Final = ("message larger than max", "Decompressed message larger")
"""What C-core says of an answer beyond ``grpc.max_receive_message_length``, packed or while it unpacks it."""


class _Cause(NamedTuple):
    """A text of gRPC's, what it means (after "cannot be reached: ") and what to try."""

    text: str
    meaning: str
    hint: str


_CAUSES: Final = (
    _Cause(
        "WRONG_VERSION_NUMBER",
        "it answers the TLS handshake with something else, so it does not speak TLS",
        "Attach without TLS options.",
    ),
    _Cause("certificate has expired", "its certificate has expired", "Look at the certificates of the target."),
    _Cause("certificate is not yet valid", "its certificate is not valid yet", "Compare the clocks of both machines."),
    _Cause(
        "CERTIFICATE_VERIFY_FAILED",
        "its certificate is signed by none of the trusted CAs",
        "Give the CA that signed it with --ca FILE.",
    ),
    _Cause(
        "Hostname Verification Check failed",
        "its certificate is for another name",
        "Give the name that the certificate is for with --server-name.",
    ),
    _Cause(
        "Failed to create security handshaker",
        "gRPC does not take the certificate, key or CA that were given",
        "Check the files given with --ca, --cert and --key.",
    ),
    _Cause(
        "http1.x server",
        "it speaks HTTP/1, not gRPC",
        "Attach to the app's gRPC port (17171 for Istio's echo), not to an HTTP port such as the agent's 15020.",
    ),
    _Cause("Failed parsing HTTP/2", "what it answers is not HTTP/2, so it is no gRPC server", "Check the port."),
    _Cause("No such file or directory", "there is no such socket file", "Check the path; is the app running?"),
    _Cause("Permission denied", "the socket file may not be opened by this user", "Check owner and mode of the file."),
    _Cause("address lookup failed", "the name cannot be resolved", "Check the name, or use an IP address."),
    _Cause("errors resolving", "the name cannot be resolved", "Check the name, or use an IP address."),
    _Cause("DNS resolution failed", "the name cannot be resolved", "Check the name, or use an IP address."),
    _Cause("before receiving SETTINGS", "it accepts connections but does not speak HTTP/2", "Check the port."),
    _Cause("No route to host", "there is no route to it", "Check the address and the network."),
    _Cause("Network is unreachable", "its network cannot be reached", "Check the address and the network."),
    _Cause("timed out", "connecting took too long", "Check the address, firewalls and the VPN."),
)
"""In the order to look for them: the more telling text first."""


def explain(
    error: grpc.aio.AioRpcError, address: Address, service: str, *, tls: bool = False
) -> TargetUnreachable | ServiceMissing:
    """A failed call as one of our own errors. ``service`` is what people call it, such as ``CSDS``."""
    return explain_status(error.code(), error.details() or "", address, service, tls=tls)


def explain_status(
    code: grpc.StatusCode, details: str, address: Address, service: str, *, tls: bool = False
) -> TargetUnreachable | ServiceMissing:
    """A call's status, other than a missed deadline, as one of our own errors."""
    if code is grpc.StatusCode.UNIMPLEMENTED and "http2 header with status" not in details:
        return ServiceMissing(
            f"{address} answers, but does not serve {service}: the app registers no gRPC admin services.", REGISTER
        )
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return TargetUnreachable(
            f"{address} refuses {service} to this caller ({code.name}: {quoted(details)}).",
            "Attach to a port without authorization (17171 for Istio's echo), or give --cert, --key and --ca.",
        )
    if code is grpc.StatusCode.UNAVAILABLE:
        meaning, hint = _why_unavailable(details, address, tls)
        return TargetUnreachable(f"{address} cannot be reached: {meaning}.", hint)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and any(text in details for text in TOO_LARGE):
        return TargetUnreachable(
            f"The answer of {service} at {address} is larger than this program takes ({quoted(details)}).",
            "--max-message SIZE lifts the limit, which is there because a small compressed answer can unpack to "
            "gigabytes.",
        )
    if "http2 header with status" in details or "content-type" in details:
        return TargetUnreachable(
            f"{address} speaks HTTP/2, but not gRPC ({quoted(details)}).", "Attach to the app's gRPC port."
        )
    return TargetUnreachable(f"{service} at {address} failed with {code.name}: {quoted(details)}.")


def no_answer(address: Address, service: str, timeout: float, state: grpc.ChannelConnectivity) -> TargetUnreachable:
    """The error for a call without an answer in time; what the channel's state says of the connection goes with it."""
    within = f"within {timeout:g} s"
    if state is grpc.ChannelConnectivity.READY:
        return TargetUnreachable(
            f"{address} is connected, but {service} did not answer {within}.",
            "The app may be stopped, overloaded or behind a dead port-forward; --timeout gives it more time.",
        )
    return TargetUnreachable(
        f"{address} cannot be reached: no gRPC connection came about {within}.",
        "Something may listen there that does not speak gRPC, or packets are dropped; check port, firewall and VPN.",
    )


def quoted(text: str) -> str:
    """A peer's own words, fit for a message of ours: one line, printable, not too long."""
    return shorten(printable(text.strip().rstrip(".")), QUOTED_LENGTH) or "no details"


def _why_unavailable(details: str, address: Address, tls: bool) -> tuple[str, str]:
    for cause in _CAUSES:
        if cause.text in details:
            return cause.meaning, cause.hint
    if "Connection refused" in details:
        if address.kind is AddressKind.UNIX:
            return "connection refused, no process listens on this socket", "Is the app running?"
        return "connection refused, nothing listens there", PORT_FORWARD
    if any(text in details for text in ("Socket closed", "Connection reset", "Broken pipe", "handshake failed")):
        if tls:
            return (
                "it closes the connection during or after the TLS handshake",
                "It may demand a client certificate: give --cert and --key.",
            )
        return (
            "it accepts connections and closes them",
            "It may speak TLS (try --tls or --ca FILE), or a port-forward may lead to a port nobody serves.",
        )
    return quoted(details), PORT_FORWARD
