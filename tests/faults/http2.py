"""HTTP/2 by hand, for peers that break its rules: frames as they are asked for, whatever a sound server would send."""

from __future__ import annotations

import asyncio

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

PREFACE_BYTES = 24
FRAME_BYTES = 16_000

Pairs = list[tuple[str, str]]

GRPC: Pairs = [(":status", "200"), ("content-type", "application/grpc")]
"""How the headers of a gRPC answer begin."""

OK: Pairs = [("grpc-status", "0")]


def message(content: bytes, *, flag: int = 0) -> bytes:
    """A gRPC message with its prefix; ``flag`` 1 says that it is compressed."""
    return bytes([flag]) + len(content).to_bytes(4, "big") + content


class Connection:
    """One caller's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._encoder = Encoder()

    async def begin(self, settings: dict[int, int] | None = None) -> None:
        """Take the preface and send settings."""
        await self._reader.readexactly(PREFACE_BYTES)
        self.send(SettingsFrame(0, settings=settings or {}))

    def send(self, *frames: Frame) -> None:
        for frame in frames:
            self.writer.write(frame.serialize())

    async def _frame(self) -> Frame:
        frame, length = Frame.parse_frame_header(memoryview(await self._reader.readexactly(9)))
        frame.parse_body(memoryview(await self._reader.readexactly(length)))
        return frame

    async def call(self) -> int:
        """Wait for the next call; its stream. Settings and pings are answered on the way."""
        while True:
            frame = await self._frame()
            if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                self.send(SettingsFrame(0, flags=["ACK"]))
            elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
                self.send(PingFrame(0, frame.opaque_data, flags=["ACK"]))
            elif isinstance(frame, HeadersFrame):
                return frame.stream_id

    async def linger(self) -> None:
        """Read on until the caller goes, so that nothing is reset."""
        await self.writer.drain()
        while True:
            await self._frame()

    def headers(self, stream: int, pairs: Pairs, *, end: bool = False) -> None:
        """A header block of any size, in as many frames as it needs."""
        block = self._encoder.encode(pairs)
        parts = [block[at : at + FRAME_BYTES] for at in range(0, len(block), FRAME_BYTES)]
        flags = ["END_STREAM"] if end else []
        for number, part in enumerate(parts):
            last = ["END_HEADERS"] if number == len(parts) - 1 else []
            self.send(
                ContinuationFrame(stream, part, flags=last)
                if number
                else HeadersFrame(stream, part, flags=flags + last)
            )

    def data(self, stream: int, content: bytes, *, end: bool = False) -> None:
        self.send(DataFrame(stream, content, flags=["END_STREAM"] if end else []))

    def reset(self, stream: int, code: int) -> None:
        self.send(RstStreamFrame(stream, code))

    def go_away(self, code: int, text: bytes = b"", last: int = 0) -> None:
        self.send(GoAwayFrame(0, last_stream_id=last, error_code=code, additional_data=text))
