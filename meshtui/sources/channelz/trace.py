"""Why a connection fails, as the trace of its channel says (gRFC A3): the words of each implementation.

Seen with grpcio 1.85, and read in grpc-go ``clientconn.go``, grpc-java ``InternalSubchannel`` and
``ManagedChannelImpl``.
"""

from __future__ import annotations

from typing import Any, Final

MARKS: Final = (
    "TRANSIENT_FAILURE, last error: ",  # grpc-go
    "TRANSIENT_FAILURE status: ",  # C-core, a channel
    "TRANSIENT_FAILURE state with picker: ",  # grpc-java, a channel
    "TRANSIENT_FAILURE: ",  # C-core, a subchannel
    "TRANSIENT_FAILURE (",  # grpc-java, a subchannel
    "failed to connect to ",  # grpc-go before 1.60: the address, then the error
)
"""What stands before the reason."""

OLD_GO: Final = ". Err: "

ENDS: Final = ("\n=== Source Location Trace", "). Will reconnect after ")
"""What stands behind the reason."""

LONGEST: Final = 2_000
"""Characters of a reason that are kept."""


def failure(data: Any) -> str:
    """The newest reason in the trace of a channel or subchannel; empty where it was connected since, or says none."""
    for event in reversed(data.trace.events):
        reason = _reason(event.description)
        if reason:
            return reason
        if event.description.endswith(" READY") or event.description == "READY":
            return ""
    return ""


def _reason(description: str) -> str:
    for mark in MARKS:
        _, found, reason = description.partition(mark)
        if not found:
            continue
        if mark == MARKS[-1]:
            reason = reason.partition(OLD_GO)[2]
        for end in ENDS:
            reason = reason.partition(end)[0]
        return reason.strip()[:LONGEST]
    return ""
