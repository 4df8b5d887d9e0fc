"""Calls to one target, with deadlines, and with failures as our own errors. Messages are bytes on both sides."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import grpc
import grpc.aio

from meshtui.model.address import Address
from meshtui.model.errors import BadAnswer, MeshtuiError
from meshtui.model.size import size_words
from meshtui.model.target import DEFAULT_TIMEOUT

NO_STATUS: Final = "the call ended without a status"


OWN_DEADLINE: Final = 0.9
"""Part of the timeout before which DEADLINE_EXCEEDED cannot be this side's: gRPC's timer never rings early."""


class GoneError(BadAnswer):
    """What was asked for is no longer there (NOT_FOUND)."""


class Peer:
    """A target's channel with all that is said about it in messages. ``service`` is what people call the service."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        address: Address,
        service: str,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        tls: bool = False,
    ) -> None:
        self._channel = channel
        self._address = address
        self._service = service
        self._tls = tls
        self.timeout = timeout

    async def call(self, method: str, request: bytes) -> bytes:
        """One unary call. Raises ``TargetUnreachable`` or ``ServiceMissing``."""
        unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes | None] = self._channel.unary_unary(method)
        began = time.monotonic()
        try:
            response = await unary(request, timeout=self.timeout)
        except grpc.aio.AioRpcError as error:
            ours = time.monotonic() - began >= OWN_DEADLINE * self.timeout
            raise self.failure(error.code(), error.details() or "", timed_out=ours) from None
        if response is None:  # status OK and no message, which gRPC's Python takes for an answer
            raise self.no_message()
        return response

    def open_stream(self, method: str) -> Stream:
        """A stream of requests and answers; it connects with the first exchange."""
        return Stream(self, self._channel.stream_stream(method)())

    def failure(self, code: grpc.StatusCode, details: str, *, timed_out: bool = False) -> MeshtuiError:
        """A call's status as one of our own errors. ``timed_out`` is whether the time given to the call was over."""
        from meshtui.sources.grpc.failures import OURS, explain_status  # a call that succeeds needs no word about it

        if code is grpc.StatusCode.OK:
            return self.no_message()
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and timed_out and OURS in details:
            return self.no_answer()
        error = explain_status(code, details, self._address, self._service, tls=self._tls)
        return GoneError(error.what, error.hint) if code is grpc.StatusCode.NOT_FOUND else error

    def no_answer(self) -> MeshtuiError:
        """The error of a call that was given up after the deadline."""
        from meshtui.sources.grpc.failures import no_answer

        return no_answer(self._address, self._service, self.timeout, self._channel.get_state())

    def no_message(self) -> BadAnswer:
        """The error of an answer that is none, although its status is OK."""
        from meshtui.sources.grpc.failures import no_message

        return no_message(self._address, self._service)

    def unreadable(self, message: str, size: int) -> BadAnswer:
        """The error of an answer that does not parse as the message it should be."""
        return BadAnswer(
            f"{self._address} answers {self._service} with {size} bytes that are no {message}.",
            "Another program may serve under this name; is this port the app's gRPC port (17171 for Istio's echo)?",
        )

    def too_much(self, limit: int) -> BadAnswer:
        """The error of answers that are more than is taken, all together; each by itself may be within the limit."""
        return BadAnswer(
            f"The answers of {self._service} at {self._address} are together larger than this program takes"
            f" ({size_words(limit)}).",
            "--max-message SIZE lifts the limit, which is there because a peer can send without end.",
        )


class StreamEnded(Exception):
    """The peer ended the stream, as servers with a maximum connection age do; ``error`` is what that means."""

    def __init__(self, code: grpc.StatusCode, error: MeshtuiError) -> None:
        super().__init__(str(error))
        self.code = code
        self.error = error


class Stream:
    """A bidirectional stream used as request and answer, one after the other."""

    def __init__(self, peer: Peer, call: grpc.aio.StreamStreamCall[bytes, bytes]) -> None:
        self._peer = peer
        self._call = call

    async def exchange(self, request: bytes) -> bytes:
        """Send a request and await its answer.

        Raises :class:`StreamEnded`, or ``TargetUnreachable`` after the deadline; then the stream is of no more use.
        """
        try:
            async with asyncio.timeout(self._peer.timeout):
                try:
                    await self._call.write(request)
                    answer = await self._call.read()
                except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    raise await self._ended() from None
                if not isinstance(answer, bytes):
                    raise await self._ended()
                return answer
        except TimeoutError:
            self.cancel()
            raise self._peer.no_answer() from None

    def cancel(self) -> None:
        """End the stream."""
        self._call.cancel()

    async def _ended(self) -> StreamEnded:
        code = await self._call.code()
        return StreamEnded(code, self._peer.failure(code, await self._call.details() or NO_STATUS))
