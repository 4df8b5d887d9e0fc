"""What the probe says itself: meshtui's own words, and those of Istio's echo server."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError

SHORT: Final = KnownError(
    code="echo-short",
    echo=("fewer outputs than requests", "empty output"),
    title="The echo server returned less than was asked for",
    explanation="It reported success for the set, but outputs are missing. What became of those requests is not known.",
    fix="Is the server Istio's echo? A proxy or a fork in between may cut the answer.",
)

TOO_LARGE: Final = KnownError(
    code="echo-too-large",
    meshtui=("The answer of ForwardEcho at .* is larger than this program takes",),
    title="The probe's answer is larger than meshtui takes",
    explanation=(
        "The requests may well have been answered; what came back of them was not read, since a small compressed "
        "answer can unpack to gigabytes."
    ),
    fix="Lift the limit with --max-message SIZE.",
)

GARBAGE: Final = KnownError(
    code="echo-garbage",
    meshtui=("cannot be read as a ForwardEchoResponse",),
    title="The probe's answer cannot be read",
    explanation=(
        "What came back is not a ForwardEchoResponse. Another service, or a broken server, answers at that address."
    ),
    fix="Check that the address is the echo server's gRPC port (17171).",
)

PROBE_LOST: Final = KnownError(
    code="probe-lost",
    meshtui=(
        "in the middle of the call to ForwardEcho",
        "before ForwardEcho was answered",
        "answers ForwardEcho with CANCELLED",
        r"answers ForwardEcho with UNAVAILABLE: .?(Cancelling all calls|transport is closing)",
    ),
    title="The probe's own server went away in the middle of a set",
    explanation=(
        "The pod that sends the requests, or the way to it, broke while a set was running. Its requests were sent "
        "or not; their fate is not known, and they are counted as lost."
    ),
    fix="Has the pod restarted, or the port-forward ended?",
)

PROBE_UNAVAILABLE: Final = KnownError(
    code="probe-unavailable",
    meshtui=("answers ForwardEcho with UNAVAILABLE",),
    title="ForwardEcho itself was answered with UNAVAILABLE",
    explanation=(
        "The words are none of gRPC's own for a connection that broke: a proxy on the way to the pod says so, or the "
        "echo app hands on what one of its requests met, as the one in C++ does. What became of the requests is not "
        "known; they are counted as lost."
    ),
    fix="Read the words: do they tell of the pod that sends the requests, or of what it calls?",
)

PROBE_SILENT: Final = KnownError(
    code="probe-silent",
    meshtui=("echo server did not answer within",),
    title="The probe's own server does not answer",
    explanation=(
        "The call to the echo server had no answer, although the deadline of the set has passed: the process is "
        "stopped or stuck, or the connection is dead."
    ),
    fix="Look at the pod that sends the requests: its CPU, its log, its port-forward.",
)

SCHEME_UNSUPPORTED: Final = KnownError(
    code="scheme-unsupported",
    echo=("no (client|protocol) .*for", "unsupported (scheme|protocol)", "unrecognized protocol", "unknown scheme"),
    title="The echo server cannot call this kind of URL",
    explanation="The scheme of the URL is not one that this release of the echo server takes.",
    fix="Use xds:///host:port or grpc://host:port.",
)
