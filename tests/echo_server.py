"""A real gRPC server on loopback that answers ForwardEcho by Istio's rules, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import meshtui.sources  # noqa: F401  (sets gRPC's environment before gRPC is imported)
from meshtui.model.address import Address, parse_address
from meshtui.protos import echo_pb2
from tests.waiting import until

import grpc  # isort: skip
import grpc.aio  # isort: skip

CONCURRENCY = 20

NEVER_S = 3600.0
"""Longer than any test waits for an answer."""


class Manner(Enum):
    """How the server answers."""

    WELL = "well"
    GARBAGE = "garbage"
    NEVER = "never"
    TOO_MANY = "too many"
    TOO_FEW = "too few"
    RAW_ERROR = "raw error"
    INTERNAL = "internal"
    STATUS_OF_A_REQUEST = "status of a request"
    ERRORS_IN_OUTPUTS = "errors in outputs"


@dataclass
class EchoServer:
    """What the server does now, and what it has been asked. Change it while it runs."""

    weights: dict[str, float] = field(default_factory=lambda: {"v1": 20, "v2": 80})
    fails: Callable[[str], bool] = lambda version: False
    error: str = "rpc error: code = Unavailable desc = connection error: Connection refused"
    latency_s: float = 0.0
    manner: Manner = Manner.WELL
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    batches: list[Any] = field(default_factory=list)
    drawn: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    flying: int = 0
    most_flying: int = 0
    taken_back: int = 0

    @property
    def requests(self) -> int:
        """Requests that were begun."""
        return sum(self.drawn.values())

    async def forward(self, raw: bytes, context: Any) -> bytes:
        """ForwardEcho."""
        request = echo_pb2.ForwardEchoRequest.FromString(raw)
        self.batches.append(request)
        try:
            return await self._answer(request, context)
        except asyncio.CancelledError:
            self.taken_back += 1
            raise

    async def _answer(self, request: Any, context: Any) -> bytes:
        if self.manner is Manner.NEVER:
            await asyncio.sleep(NEVER_S)
        if self.manner is Manner.GARBAGE:
            return b"\xff\xff\xff not a message"
        if self.manner is Manner.RAW_ERROR:
            await context.abort(grpc.StatusCode.UNKNOWN, self.error)
        if self.manner is Manner.INTERNAL:
            await context.abort(grpc.StatusCode.INTERNAL, "panic: oh no")
        if self.manner is Manner.STATUS_OF_A_REQUEST:  # as the C++ echo app (grpc/grpc#30036)
            await context.abort(grpc.StatusCode.UNAVAILABLE, self.error)
        if self.manner is Manner.ERRORS_IN_OUTPUTS:  # as the grpc-app of dubbo-kubernetes
            said = [f"[{index}] Error: rpc error: code = Unavailable desc = no" for index in range(request.count)]
            whole = f"ERROR:\nMessage: {request.count}/{request.count} requests had errors; first error: {self.error}"
            told: bytes = echo_pb2.ForwardEchoResponse(output=[whole, *said]).SerializeToString()
            return told
        outputs, errors = await self._set(request, context)
        count = max(1, request.count)
        if errors:
            await context.abort(
                grpc.StatusCode.UNKNOWN, f"{len(errors)}/{count} requests had errors; first error: {errors[0]}"
            )
        if self.manner is Manner.TOO_MANY:
            outputs += outputs[:3]
        if self.manner is Manner.TOO_FEW:
            outputs = outputs[: len(outputs) // 2]
        reply: bytes = echo_pb2.ForwardEchoResponse(output=outputs).SerializeToString()
        return reply

    async def _set(self, request: Any, context: Any) -> tuple[list[str], list[str]]:
        """One batch: a ticker whose first tick is waited for, 20 at a time, one deadline for all."""
        count = max(1, request.count)
        outputs, errors = [""] * count, list[str]()
        places = asyncio.Semaphore(CONCURRENCY)
        timeout = request.timeout_micros / 1e6 or 5.0
        try:
            async with asyncio.timeout(timeout), asyncio.TaskGroup() as group:
                for index in range(count):
                    if request.qps:
                        await asyncio.sleep(1 / request.qps)
                    group.create_task(self._one(index, places, outputs, errors))
        except TimeoutError:
            done = sum(1 for output in outputs if output)
            text = f"request set timed out after {timeout:g}s and only {done}/{count} requests completed (0s avg)"
            await context.abort(grpc.StatusCode.UNKNOWN, text)
        return outputs, errors

    async def _one(self, index: int, places: asyncio.Semaphore, outputs: list[str], errors: list[str]) -> None:
        async with places:
            version = self.chance.choices(list(self.weights), list(self.weights.values()))[0]
            self.drawn[version] = self.drawn.get(version, 0) + 1
            self.flying += 1
            self.most_flying = max(self.most_flying, self.flying)
            try:
                await asyncio.sleep(self.latency_s)
            finally:
                self.flying -= 1
            if self.fails(version):
                self.failed += 1
                errors.append(self.error)
            else:
                outputs[index] = output_text(index, version)


def output_text(index: int, version: str) -> str:
    """One output in the form of a present release."""
    body = ("StatusCode=200", f"ServiceVersion={version}", "Proto=GRPC", f"Hostname=echo-{version}-0")
    return f"[{index}] Latency=1.5ms\n" + "".join(f"[{index} body] {line}\n" for line in body)


@dataclass
class Serving:
    """A server that runs: its behaviour, its address, and how to kill and restart it."""

    echo: EchoServer
    port: int
    server: grpc.aio.Server

    @property
    def address(self) -> Address:
        """Where it listens."""
        return parse_address(f"127.0.0.1:{self.port}")

    async def kill(self) -> None:
        """Close every connection at once, in the middle of a request however slow or fast the machine is."""
        latency, self.echo.latency_s = self.echo.latency_s, NEVER_S
        await until(lambda: self.echo.flying, "a request that is under way")
        await self.server.stop(None)
        self.echo.latency_s = latency

    async def restart(self) -> None:
        """Listen on the same port again."""
        self.server, _ = await _start(self.echo, self.port)


async def _start(echo: EchoServer, port: int) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(echo.forward)
    service = grpc.method_handlers_generic_handler("proto.EchoTestService", {"ForwardEcho": handler})
    server.add_generic_rpc_handlers((service,))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    assert bound
    await server.start()
    return server, bound


@asynccontextmanager
async def serving(echo: EchoServer | None = None) -> AsyncIterator[Serving]:
    """An echo server on a free port of loopback."""
    echo = echo or EchoServer()
    server, port = await _start(echo, 0)
    running = Serving(echo, port, server)
    try:
        yield running
    finally:
        await running.server.stop(None)
