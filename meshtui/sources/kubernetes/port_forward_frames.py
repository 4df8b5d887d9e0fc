"""The frames of a port-forward over a websocket: ``v4.channel.k8s.io``, without any I/O.

Each binary message begins with a byte that says its channel. One connection of one port has two: its data (0, both
ways) and its error (1, from the node). The node writes the port on both first, as two bytes with the lower one first;
what comes on the error channel afterwards is the reason in words. Source: ``portforward/websocket.go`` of
``k8s.io/cri-streaming`` 0.37, and a real kube-apiserver 1.37.
"""

from __future__ import annotations

from typing import Final

from meshtui.model.phrases import shorten
from meshtui.model.printable import printable

SUBPROTOCOL: Final = "v4.channel.k8s.io"
"""The only sub-protocol to offer: beside ``SPDY/3.1+portforward.k8s.io`` a server would choose that one."""

DATA: Final = 0
ERROR: Final = 1

_PORT_BYTES: Final = 2

LONGEST_REASON: Final = 2_000
"""Characters kept of the error channel; the longest text seen has some 400."""


class FrameProblem(Exception):
    """A message that this protocol has not; the text is the end of a sentence."""


def data_frame(data: bytes) -> bytes:
    """What the pod is to get, as one message."""
    return b"\x00" + data


class ForwardFrames:
    """Reads the messages of one forwarded connection to ``port``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._preface = [b"", b""]
        self._reason = bytearray()

    @property
    def reason(self) -> str:
        """What the node said of an error so far, in one line; empty while it said nothing."""
        return shorten(printable(self._reason.decode("utf-8", "replace").strip()), LONGEST_REASON)

    def take(self, message: bytes | str) -> bytes:
        """The bytes from the pod that are in ``message``; none for what belongs to the protocol.

        Raises ``FrameProblem`` for what is no message of it.
        """
        if isinstance(message, str):
            raise FrameProblem("it holds text where the protocol has bytes")
        if not message:
            return b""
        channel = message[0]
        if channel not in (DATA, ERROR):
            raise FrameProblem(f"it is for channel {channel}, which nobody opened")
        rest = self._after_port(channel, message[1:])
        if channel == DATA:
            return rest
        # In bytes up to four times as long as in characters; what is beyond is dropped, not kept.
        self._reason += rest[: max(0, LONGEST_REASON * 4 - len(self._reason))]
        return b""

    def _after_port(self, channel: int, data: bytes) -> bytes:
        """``data`` without what belongs to the two bytes with which each channel begins."""
        had = self._preface[channel]
        lacking = _PORT_BYTES - len(had)
        if not lacking:
            return data
        begun = had + data[:lacking]
        self._preface[channel] = begun
        if len(begun) == _PORT_BYTES and (port := int.from_bytes(begun, "little")) != self._port:
            raise FrameProblem(f"it is for port {port}, and {self._port} was asked for")
        return data[lacking:]
