"""A real gRPC server that answers CSDS with whatever bytes a test wants, and fails in the ways peers fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import meshtui.sources  # noqa: F401  (sets gRPC's environment before gRPC is imported)

import grpc  # isort: skip
import grpc.aio  # isort: skip

SERVICE = "envoy.service.status.v3.ClientStatusDiscoveryService"

Reply = bytes | Callable[[Any], Awaitable[bytes]]
"""The bytes of an answer, or what makes them out of the call's context."""


class CsdsServer:
    """Set :attr:`reply` to what it should say next; :attr:`streams`, :attr:`requests` and :attr:`fetches` count."""

    def __init__(self, reply: Reply = b"") -> None:
        self.reply = reply
        self.address = ""
        self.streams = 0
        self.requests = 0
        self.fetches = 0
        self._server: grpc.aio.Server | None = None

    async def start(
        self,
        *,
        port: int = 0,
        stream: bool = True,
        fetch: bool = True,
        credentials: Any = None,
        host: str = "127.0.0.1",
    ) -> None:
        """Listen; ``stream`` and ``fetch`` say which of the two methods is served."""
        handlers: dict[str, Any] = {}
        if stream:
            handlers["StreamClientStatus"] = grpc.stream_stream_rpc_method_handler(self._stream)
        if fetch:
            handlers["FetchClientStatus"] = grpc.unary_unary_rpc_method_handler(self._fetch)
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        where = host if host.startswith("unix:") else f"{host}:{port}"
        bound = (
            self._server.add_secure_port(where, credentials) if credentials else self._server.add_insecure_port(where)
        )
        await self._server.start()
        self.address = host if host.startswith("unix:") else f"{host}:{bound}"

    async def stop(self) -> None:
        """End at once, calls in flight and all."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop(None)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    async def _answer(self, context: Any) -> bytes:
        reply = self.reply
        return reply if isinstance(reply, bytes) else await reply(context)

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        self.streams += 1
        async for _ in requests:
            self.requests += 1
            yield await self._answer(context)

    async def _fetch(self, _: bytes, context: Any) -> bytes:
        self.fetches += 1
        return await self._answer(context)


@asynccontextmanager
async def serving(reply: Reply = b"", **how: Any) -> AsyncIterator[CsdsServer]:
    """A server for the length of the block."""
    server = CsdsServer(reply)
    await server.start(**how)
    try:
        yield server
    finally:
        await server.stop()


async def never(_: Any) -> bytes:
    """A reply that does not come."""
    await asyncio.Event().wait()
    raise AssertionError("waited for ever")
