"""Why a connection fails, in the words of each implementation's trace, and the addresses that grpc-java prints."""

from __future__ import annotations

import pytest
from grpc_channelz.v1 import channelz_pb2

from meshtui.sources.channelz.messages import socket, subchannel_address
from meshtui.sources.channelz.trace import failure


def traced(*events: str) -> str:
    return failure(
        channelz_pb2.ChannelData(
            trace=channelz_pb2.ChannelTrace(
                events=[channelz_pb2.ChannelTraceEvent(description=description) for description in events]
            )
        )
    )


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (
            "Channel state change to TRANSIENT_FAILURE status: UNAVAILABLE: failed to connect; last error: UNKNOWN: no",
            "UNAVAILABLE: failed to connect; last error: UNKNOWN: no",
        ),
        (
            "Subchannel connectivity state changed to TRANSIENT_FAILURE: UNKNOWN: Connection refused\n=== Source "
            "Location Trace: ===\nsrc/core/util/status_helper.cc:185\n",
            "UNKNOWN: Connection refused",
        ),
        (
            'Subchannel Connectivity change to TRANSIENT_FAILURE, last error: connection error: desc = "no"',
            'connection error: desc = "no"',
        ),
        (
            'grpc: addrConn.createTransport failed to connect to {Addr: "10.0.0.1:1", ServerName: "a"}. Err: no',
            "no",
        ),
        (
            "TRANSIENT_FAILURE (UNAVAILABLE(io exception)[java.net.ConnectException: Connection refused]). Will "
            "reconnect after 900 ns",
            "UNAVAILABLE(io exception)[java.net.ConnectException: Connection refused]",
        ),
        (
            "Entering TRANSIENT_FAILURE state with picker: UNAVAILABLE: io exception",
            "UNAVAILABLE: io exception",
        ),
        ("Subchannel Connectivity change to TRANSIENT_FAILURE", ""),
        ("Handshake connection", ""),
    ],
)
def test_words_of_each_implementation(description: str, reason: str) -> None:
    """grpcio 1.85 as seen; grpc-go ``clientconn.go``; grpc-java ``InternalSubchannel``, ``ManagedChannelImpl``."""
    assert traced("Channel created", description, "Subchannel Connectivity change to CONNECTING") == reason


def test_the_newest_reason_counts_unless_it_was_connected_since() -> None:
    first, second = (f"Subchannel Connectivity change to TRANSIENT_FAILURE, last error: {word}" for word in "ab")
    assert traced(first, second) == "b"
    assert traced(first, "Subchannel Connectivity change to READY", "Subchannel Connectivity change to IDLE") == ""


def test_addresses_as_java_prints_them() -> None:
    """grpc/grpc-java#4345: an EquivalentAddressGroup with its attributes, and sockets."""
    for printed, address in (
        ("[[[/10.0.0.1:17070]/{io.grpc.EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE=x}]]", "10.0.0.1:17070"),
        ("[[[echo/0:0:0:0:0:0:0:1:17070]/{}]]", "[::1]:17070"),
        ("[[[odd]]]", "[[[odd]]]"),
    ):
        message = channelz_pb2.Subchannel(data=channelz_pb2.ChannelData(target=printed))
        assert subchannel_address(message, ()) == address
    listening = channelz_pb2.Socket()
    listening.local.other_address.name = "/0:0:0:0:0:0:0:0:17171"
    assert socket(listening).local == "[::]:17171"
    listening.local.other_address.name = "/tmp/a:b"
    assert socket(listening).local == "/tmp/a:b"
