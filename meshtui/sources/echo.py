"""Asks an echo server to send requests: ``EchoTestService/ForwardEcho`` over a channel that is given."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from meshtui.model.address import Address
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind
from meshtui.model.echo.output import tells_of_requests
from meshtui.model.echo.spec import METHOD, EchoRequestSpec
from meshtui.model.errors import MeshtuiError, ServiceMissing
from meshtui.protos import echo_pb2
from meshtui.sources.grpc.failures import OURS, TOO_LARGE, explain, is_no_grpc, never_connected, no_answer, no_message

GRACE_S: Final = 2.0
"""Seconds that the server may take beyond its own deadline for a batch to say that it has passed."""

BROKEN_CODES: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.DATA_LOSS,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""Codes that gRPC itself makes when a call breaks; the echo server's own errors are UNKNOWN."""

REFUSING_CODES: Final = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED})
"""Codes by which the server lets this caller not ask at all."""

BACKENDS: Final = "connections to all backends failing"
"""What a balancing policy of C-core says; our own channel to the echo server has none."""

_PORTS: Final = re.compile(r"\bipv[46]:[^\s;,]{1,60}?:(\d{1,5})\b")
"""The port of an endpoint, as C-core names it."""

SERVICE: Final = "ForwardEcho"
"""What the service is called in messages."""


class EchoClient:
    """The echo server at one address. The channel stays the caller's: it is not closed here."""

    def __init__(self, channel: grpc.aio.Channel, address: Address) -> None:
        self._channel = channel
        self._address = address
        # The answer is taken as bytes and parsed here, so that one that cannot be read is told from a broken call.
        self._call: Any = channel.unary_unary(
            f"/{METHOD}",
            request_serializer=echo_pb2.ForwardEchoRequest.SerializeToString,
            response_deserializer=bytes,
        )

    async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
        """One batch of requests. Whatever the server does is a reply; when cancelled, the call is taken back."""
        timeout = batch.timeout_s + GRACE_S
        answering = asyncio.ensure_future(self._call(request_message(spec, batch), timeout=timeout))
        try:
            if batch.connect_s is not None and not await self._connected(answering, batch.connect_s):
                return self._unconnected(batch.connect_s)
            answer = await answering
        except grpc.aio.AioRpcError as error:
            return self._failed(error, timeout)
        finally:
            answering.cancel()
        if answer is None:  # status OK and no message, which gRPC's Python takes for an answer
            return _reply(ReplyKind.MISSING, no_message(self._address, SERVICE))
        try:
            response = echo_pb2.ForwardEchoResponse.FromString(answer)
        except DecodeError:
            what = f"{len(answer)} bytes that cannot be read as a ForwardEchoResponse"
            return BatchReply(ReplyKind.BROKEN, error=f"{self._address} answers with {what}.")
        return BatchReply(ReplyKind.OUTPUTS, tuple(response.output))

    async def _connected(self, answering: asyncio.Future[Any], seconds: float) -> bool:
        """Whether the call is over, or has a connection, within ``seconds``."""
        done, _ = await asyncio.wait({answering}, timeout=seconds)
        return bool(done) or self._channel.get_state() is grpc.ChannelConnectivity.READY

    def _unconnected(self, seconds: float) -> BatchReply:
        return _reply(
            ReplyKind.UNREACHED, no_answer(self._address, SERVICE, seconds, grpc.ChannelConnectivity.CONNECTING)
        )

    def _failed(self, error: grpc.aio.AioRpcError, timeout: float) -> BatchReply:
        code, details = error.code(), error.details() or ""
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and OURS in details:
            return self._silent(timeout)
        if tells_of_requests(details, own_status=code is not grpc.StatusCode.UNKNOWN):
            return BatchReply(ReplyKind.REFUSED, error=details)
        if code in BROKEN_CODES and _of_a_request(details, self._address):
            return BatchReply(ReplyKind.REFUSED, error=details)
        if code in REFUSING_CODES or is_no_grpc(details):
            return _reply(ReplyKind.MISSING, explain(error, self._address, SERVICE))
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return _reply(ReplyKind.MISSING, self._missing())
        if never_connected(details):
            return _reply(ReplyKind.UNREACHED, explain(error, self._address, SERVICE))
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and any(text in details for text in TOO_LARGE):
            return BatchReply(ReplyKind.BROKEN, error=str(explain(error, self._address, SERVICE)))
        if code in BROKEN_CODES:
            return _reply(ReplyKind.BROKEN, explain(error, self._address, SERVICE))
        return BatchReply(ReplyKind.REFUSED, error=details or code.name)

    def _silent(self, timeout: float) -> BatchReply:
        if self._channel.get_state() is not grpc.ChannelConnectivity.READY:
            return self._unconnected(timeout)
        text = f"The echo server did not answer within {timeout:g} s ({self._address})."
        return BatchReply(ReplyKind.SILENT, error=text)

    def _missing(self) -> ServiceMissing:
        return ServiceMissing(
            f"{self._address} answers, but does not offer EchoTestService/ForwardEcho.",
            "Only Istio's echo app sends probes: attach to a pod of it (port 17171), or to the demo.",
        )


def _reply(kind: ReplyKind, error: MeshtuiError) -> BatchReply:
    return BatchReply(kind, error=error.what, hint=error.hint)


def _of_a_request(details: str, address: Address) -> bool:
    """Whether this is what a request of the batch met on its way, told in the place of the batch's own status.

    The C++ echo app hands the status of a failed request on as that of ForwardEcho (grpc/grpc#30036). C-core words of
    several backends are never of our own channel, which has one, nor are words of xDS config, which it has none of, or
    those that name the ports of others alone.
    """
    if BACKENDS in details:
        return True
    if never_connected(details):
        ports = {int(port) for port in _PORTS.findall(details)}
        return bool(ports) and address.port not in ports
    from meshtui.doctor.explain.catalogue import is_of_a_mesh  # only what a connection brought back asks

    return is_of_a_mesh(details)


def request_message(spec: EchoRequestSpec, batch: Batch) -> Any:
    """The ForwardEchoRequest of one batch."""
    return echo_pb2.ForwardEchoRequest(
        url=spec.url,
        count=batch.count,
        qps=batch.qps,
        timeout_micros=round(batch.timeout_s * 1e6),
        headers=[echo_pb2.Header(key=name, value=value) for name, value in spec.all_headers],
        message=spec.message,
        method=spec.method,
        newConnectionPerRequest=spec.new_connection,
    )
