"""The texts of gRPC's C core, what each means, and what to try.

Seen with grpcio 1.85 against real peers, one by one, in ``tests/faults``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

PORT_FORWARD: Final = "Is the app running, and if it is a pod, the port-forward (kubectl port-forward POD 17171)?"

GRPC_PORT: Final = "Attach to the app's gRPC port (17171 for Istio's echo)."

APP_LOG: Final = "The app or a proxy before it ended the call; look at its log, and try again."

RESTART: Final = "The app is probably stopping or being restarted: try again, and look at its log."

NOT_CONNECTED: Final = (
    "failed to connect to all addresses",
    "errors resolving",
    "DNS resolution failed",
    "address lookup failed",
)
"""What C-core says when a call never found a gRPC connection: nothing was sent then."""


class Cause(NamedTuple):
    """A text of gRPC's, what it means as a phrase after the address, and what to try.

    ``reached`` is whether the peer answered in some way; if not, the phrase stands after "cannot be reached: ".
    """

    text: str
    meaning: str
    hint: str
    reached: bool = True


CONNECTING: Final = (
    Cause(
        "WRONG_VERSION_NUMBER",
        "answers the TLS handshake with something else, so it does not speak TLS",
        "Attach without TLS options.",
    ),
    Cause(
        "ALPN",
        "speaks TLS, but not HTTP/2 in it (it chooses no h2 by ALPN)",
        f"It is no gRPC server, or a proxy that is set up for HTTP/1 ends the TLS. {GRPC_PORT}",
    ),
    Cause("certificate has expired", "has a certificate that has expired", "Look at the certificates of the target."),
    Cause("certificate is not yet valid", "has a certificate that is not valid yet", "Compare both machines' clocks."),
    Cause(
        "CERTIFICATE_VERIFY_FAILED",
        "has a certificate that is signed by none of the trusted CAs",
        "Give the CA that signed it with --ca FILE.",
    ),
    Cause(
        "certificate signature failure",
        "has a certificate that another CA of the same name signed",
        "Give the CA that signed it with --ca FILE: mesh CAs are made anew, and keep their name.",
    ),
    Cause(
        "Hostname Verification Check failed",
        "has a certificate for another name",
        "Give the name that the certificate is for with --server-name.",
    ),
    Cause(
        "Failed to create security handshaker",
        "was not dialled: gRPC does not take the certificate, key or CA that were given",
        "Check the files given with --ca, --cert and --key.",
    ),
    Cause(
        "PROTOCOL_VERSION",
        "speaks no version of TLS that gRPC takes (1.2 and 1.3)",
        "Let the target offer TLS 1.2 or 1.3.",
    ),
    Cause(
        "UNSUPPORTED_PROTOCOL",
        "speaks no version of TLS that gRPC takes (1.2 and 1.3)",
        "Let the target offer TLS 1.2 or 1.3.",
    ),
    Cause(
        "CERTIFICATE_REQUIRED",
        "demands a client certificate",
        "Give --cert and --key.",
    ),
    Cause(
        "SSLV3_ALERT",
        "refuses the TLS handshake",
        "It may want a client certificate (--cert and --key), another name (--server-name) or another CA.",
    ),
    Cause(
        "TLSV1_ALERT",
        "refuses the TLS handshake",
        "It may want a client certificate (--cert and --key), another name (--server-name) or another CA.",
    ),
    Cause(
        "http1.x server",
        "speaks HTTP/1, not gRPC",
        "Attach to the app's gRPC port (17171 for Istio's echo), not to an HTTP port such as the agent's 15020.",
    ),
    # The byte of an answer that stands where a frame has its type: 80 is the P of "HTTP/1.1".
    Cause(
        "got frame type 80)",
        "speaks HTTP/1, not gRPC",
        "Attach to the app's gRPC port (17171 for Istio's echo), not to an HTTP port such as the agent's 15020.",
    ),
    Cause(
        "got frame type 7)",
        "turns callers away: it sends GOAWAY before anything else",
        RESTART,
    ),
    Cause(
        "Failed parsing HTTP/2", "answers, but not in HTTP/2, so it is no gRPC server", f"Check the port. {GRPC_PORT}"
    ),
    Cause("No such file or directory", "there is no such socket file", "Check the path; is the app running?", False),
    Cause(
        "Permission denied",
        "the socket file may not be opened by this user",
        "Check owner and mode of the file and its directory.",
        False,
    ),
    Cause("Not a directory", "a part of the path is no directory", "Check the path.", False),
    Cause(
        "Protocol wrong type",
        "the socket takes datagrams, not connections, so no gRPC server listens on it",
        "Check the path.",
        False,
    ),
    Cause("address lookup failed", "the name cannot be resolved", "Check the name, or use an IP address.", False),
    Cause("errors resolving", "the name cannot be resolved", "Check the name, or use an IP address.", False),
    Cause("DNS resolution failed", "the name cannot be resolved", "Check the name, or use an IP address.", False),
    Cause(
        "before receiving SETTINGS",
        "accepts connections but does not speak HTTP/2",
        "It hangs, or it is no gRPC server. Check the port, and whether the app still runs.",
    ),
    Cause("No route to host", "there is no route to it", "Check the address and the network.", False),
    Cause("Network is unreachable", "there is no network to it", "Check the address and the network.", False),
    Cause("Invalid argument", "the system takes no such address", "Check the address; is its interface there?", False),
    Cause("Cannot assign requested", "this machine has no address of that kind", "Use another address.", False),
    Cause("Network unreachable", "there is no network to it", "Check the address and the network.", False),
    Cause("timed out", "connecting took too long", "Check the address, firewalls and the VPN.", False),
)
"""Why there is no connection, in the order to look for them: the more telling text first."""

CLOSES: Final = ("Socket closed", "Connection reset", "Broken pipe", "handshake failed", "Handshake read failed")
"""The connection ended although nobody said why."""

ANSWERING: Final = (
    Cause(
        "grpc-encoding",
        "answers in a compression that gRPC does not know here",
        "Let the app answer with gzip, deflate or none.",
    ),
    Cause(
        "Decompression failed",
        "answers with compressed data that cannot be unpacked",
        "Something on the way may change the data; ask the app itself, without a proxy between.",
    ),
    Cause(
        "no encoding configured",
        "says that its answer is compressed, but not how",
        "Something on the way may drop headers; ask the app itself, without a proxy between.",
    ),
    Cause(
        "metadata size exceeds",
        "answers with more headers than are taken",
        "It is no usual gRPC server, or a proxy adds headers without end; ask the app itself.",
    ),
    Cause(
        "Error parsing 'grpc-status'",
        "answers with a gRPC status that is no number",
        f"A gRPC server sends none such; is it one? {GRPC_PORT}",
    ),
    Cause(
        "No status received",
        "speaks HTTP/2, but not gRPC: its answer has no gRPC status",
        f"An HTTP server or a proxy answers there. {GRPC_PORT}",
    ),
    Cause(
        "END_STREAM flag received",
        "speaks HTTP/2, but not gRPC: its answer ends without a gRPC status",
        f"An HTTP server or a proxy answers there. {GRPC_PORT}",
    ),
    Cause(
        "content-type",
        "speaks HTTP/2, but not gRPC: its answer has another content type",
        f"An HTTP server or a proxy answers there. {GRPC_PORT}",
    ),
    Cause(
        "Failed parsing HTTP/2",
        "breaks the rules of HTTP/2 in its answer",
        f"It is no sound gRPC server, or something on the way changes the data. {GRPC_PORT}",
    ),
)
"""What is wrong with an answer that cannot be taken, though the connection stands."""

HTTP2_ERRORS: Final = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
"""Names of the error codes of HTTP/2, by number (RFC 9113 §7)."""

BROKEN_OFF: Final = {
    "NO_ERROR": RESTART,
    "REFUSED_STREAM": "It takes no more calls now: it may be stopping or at its limit. Try again.",
    "CANCEL": APP_LOG,
    "ENHANCE_YOUR_CALM": "It finds itself asked too often: look less often, or let its limit on pings be raised.",
    "INADEQUATE_SECURITY": "It wants TLS, or better TLS than this: try --tls, --ca FILE, --cert and --key.",
    "HTTP_1_1_REQUIRED": f"It wants HTTP/1.1 for this, so it is no gRPC server. {GRPC_PORT}",
}
"""What to try after GOAWAY or RST_STREAM with these errors; :data:`APP_LOG` after any other."""

STATUS_HINTS: Final = {
    "CANCELLED": APP_LOG,
    "UNKNOWN": "The app's handler failed without saying how; its log tells more.",
    "INVALID_ARGUMENT": "The app takes no such request; it may be a version that wants another. Look at its log.",
    "DEADLINE_EXCEEDED": "It gave up on its own, before the time was over here: something behind it is slow.",
    "NOT_FOUND": "The server knows the service and not what was asked for; is it this app that is meant?",
    "ALREADY_EXISTS": APP_LOG,
    "RESOURCE_EXHAUSTED": "The app is at a limit of its own (quota, memory, size of a message): try again later.",
    "FAILED_PRECONDITION": "The app is not in a state to answer: is it still starting, and has it an xDS bootstrap?",
    "ABORTED": "Try again.",
    "OUT_OF_RANGE": APP_LOG,
    "INTERNAL": "Something broke within the app or a proxy before it; its log tells more.",
    "UNAVAILABLE": "The app or a proxy before it says it cannot serve now: is it starting, stopping or overloaded?",
    "DATA_LOSS": "Something broke within the app or on the way; its log tells more.",
}
"""What to try when the peer itself answers with a status."""
