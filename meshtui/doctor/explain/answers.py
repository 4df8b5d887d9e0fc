"""What is wrong with an answer that came and cannot be taken."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.hints import GRPC_PORT
from meshtui.doctor.explain.known_error import AtTarget, KnownError

COMPRESSION_UNKNOWN: Final = KnownError(
    code="compression-unknown",
    at_target=(
        AtTarget(
            texts=("grpc-encoding",),
            phrase="answers in a compression that gRPC does not know here",
            hint="Let the app answer with gzip, deflate or none.",
        ),
    ),
)

COMPRESSION_BROKEN: Final = KnownError(
    code="compression-broken",
    at_target=(
        AtTarget(
            texts=("Decompression failed",),
            phrase="answers with compressed data that cannot be unpacked",
            hint="Something on the way may change the data; ask the app itself, without a proxy between.",
        ),
    ),
)

COMPRESSION_UNSAID: Final = KnownError(
    code="compression-unsaid",
    at_target=(
        AtTarget(
            texts=("no encoding configured",),
            phrase="says that its answer is compressed, but not how",
            hint="Something on the way may drop headers; ask the app itself, without a proxy between.",
        ),
    ),
)

HEADERS_TOO_LARGE: Final = KnownError(
    code="headers-too-large",
    at_target=(
        AtTarget(
            texts=("metadata size exceeds",),
            phrase="answers with more headers than are taken",
            hint="It is no usual gRPC server, or a proxy adds headers without end; ask the app itself.",
        ),
    ),
)

STATUS_NOT_A_NUMBER: Final = KnownError(
    code="status-not-a-number",
    at_target=(
        AtTarget(
            texts=("Error parsing 'grpc-status'",),
            phrase="answers with a gRPC status that is no number",
            hint=f"A gRPC server sends none such; is it one? {GRPC_PORT}",
        ),
    ),
)

STATUS_MISSING: Final = KnownError(
    code="status-missing",
    at_target=(
        AtTarget(
            texts=("No status received",),
            phrase="speaks HTTP/2, but not gRPC: its answer has no gRPC status",
            hint=f"An HTTP server or a proxy answers there. {GRPC_PORT}",
        ),
    ),
)

END_WITHOUT_STATUS: Final = KnownError(
    code="end-without-status",
    at_target=(
        AtTarget(
            texts=("END_STREAM flag received",),
            phrase="speaks HTTP/2, but not gRPC: its answer ends without a gRPC status",
            hint=f"An HTTP server or a proxy answers there. {GRPC_PORT}",
        ),
    ),
)

CONTENT_TYPE: Final = KnownError(
    code="content-type",
    at_target=(
        AtTarget(
            texts=("content-type",),
            phrase="speaks HTTP/2, but not gRPC: its answer has another content type",
            hint=f"An HTTP server or a proxy answers there. {GRPC_PORT}",
        ),
    ),
)

HTTP2_BROKEN: Final = KnownError(
    code="http2-broken",
    at_target=(
        AtTarget(
            texts=("Failed parsing HTTP/2",),
            phrase="breaks the rules of HTTP/2 in its answer",
            hint=f"It is no sound gRPC server, or something on the way changes the data. {GRPC_PORT}",
        ),
    ),
)
