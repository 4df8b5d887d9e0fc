"""What meshtui's own calls to a target meet, by the texts of gRPC's C core.

Seen with grpcio 1.85 against real peers, one by one, in ``tests/faults``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from meshtui.doctor.explain import answers, connecting, tls
from meshtui.doctor.explain.hints import APP_LOG, GRPC_PORT, RESTART
from meshtui.doctor.explain.known_error import AtTarget, KnownError

NOT_CONNECTED: Final = (
    "failed to connect to all addresses",
    "errors resolving",
    "DNS resolution failed",
    "address lookup failed",
)
"""What C-core says when a call never found a gRPC connection: nothing was sent then."""

CLOSES: Final = ("Socket closed", "Connection reset", "Broken pipe", "handshake failed", "Handshake read failed")
"""The connection ended although nobody said why."""

CONNECTING: Final = (
    tls.TLS_TO_PLAINTEXT,
    tls.NO_ALPN,
    tls.EXPIRED,
    tls.NOT_YET_VALID,
    tls.CERTIFICATE_REFUSED,
    tls.OTHER_CA_OF_THE_NAME,
    tls.OTHER_HOST_NAME,
    tls.CREDENTIALS_UNUSABLE,
    tls.TLS_VERSION,
    tls.HANDSHAKE_CLOSED,
    connecting.NOT_HTTP2,
    connecting.TURNED_AWAY,
    connecting.NO_HTTP2,
    connecting.NO_SOCKET,
    connecting.SOCKET_FORBIDDEN,
    connecting.SOCKET_PATH,
    connecting.SOCKET_OF_DATAGRAMS,
    connecting.NAME_RESOLUTION,
    connecting.NO_SETTINGS,
    connecting.ADDRESS_REFUSED,
    connecting.NO_ADDRESS_OF_THAT_KIND,
    connecting.NO_WAY,
)
"""Why there is no connection, in the order to look for them: the more telling text first."""

ANSWERING: Final = (
    answers.COMPRESSION_UNKNOWN,
    answers.COMPRESSION_BROKEN,
    answers.COMPRESSION_UNSAID,
    answers.HEADERS_TOO_LARGE,
    answers.STATUS_NOT_A_NUMBER,
    answers.STATUS_MISSING,
    answers.END_WITHOUT_STATUS,
    answers.CONTENT_TYPE,
    answers.HTTP2_BROKEN,
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


def why_unconnected(details: str) -> AtTarget | None:
    """Why no connection came about, as far as the details of the status tell; ``None`` when they do not."""
    return _first(CONNECTING, details)


def why_not_taken(details: str) -> AtTarget | None:
    """What is wrong with the answer, as far as the details of the status tell; ``None`` when they do not."""
    return _first(ANSWERING, details)


def _first(errors: Iterable[KnownError], details: str) -> AtTarget | None:
    return next((said for error in errors for said in error.at_target if said.is_in(details)), None)
