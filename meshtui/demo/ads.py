"""Aggregated discovery, state of the world: one object per stream, pure but for the bytes it is given."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from envoy.service.discovery.v3 import discovery_pb2

from meshtui.demo.events import DemoEventKind
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.workload import NAMESPACE
from meshtui.demo.xds.generate import PUSH_ORDER, Client, generate, identify

Emit = Callable[..., None]


@dataclass(slots=True)
class _Watch:
    """What a stream asked for of one type, and what it last got."""

    names: frozenset[str] = frozenset()
    nonce: str = ""
    sent: list[bytes] | None = None


class Configuration:
    """The configuration in force, with its version; streams wait for the next one."""

    def __init__(self, config: MeshConfig, started: str) -> None:
        self._started = started
        self._pushes = 1
        self._changed = asyncio.Event()
        self.current = config

    @property
    def version(self) -> str:
        """In istiod's form: when it started, and the number of the push."""
        return f"{self._started}/{self._pushes}"

    def replace(self, config: MeshConfig) -> None:
        """Put a new configuration in force and wake every stream."""
        self.current = config
        self._pushes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Return when the configuration was replaced."""
        await self._changed.wait()


@dataclass(slots=True)
class AdsStream:
    """One client's stream: requests in, responses out."""

    configuration: Configuration
    emit: Emit
    _node_id: str = ""
    _watches: dict[str, _Watch] = field(default_factory=dict)

    def receive(self, request: discovery_pb2.DiscoveryRequest) -> list[discovery_pb2.DiscoveryResponse]:
        """Take a request; the response it needs, if any. An ACK or NACK needs none."""
        self._node_id = self._node_id or request.node.id
        watch = self._watches.setdefault(request.type_url, _Watch())
        stale = request.response_nonce and request.response_nonce != watch.nonce
        if request.HasField("error_detail") and not stale:
            self.emit(
                DemoEventKind.NACK,
                node=self._node_id,
                type=request.type_url.rpartition(".")[2],
                version=self.configuration.version,
                reason=request.error_detail.message,
            )
        names = frozenset(request.resource_names)
        if names == watch.names and request.response_nonce:
            return []
        fewer = bool(request.response_nonce) and names < watch.names
        watch.names = names
        if fewer:
            # Nobody waits for an answer to unsubscribing; remember what the client still has.
            resources = generate(self.configuration.current, self._client(), request.type_url, names)
            watch.sent = [resource.value for resource in resources]
            return []
        # A new name must be answered even when the answer holds nothing new: the client waits for it.
        watch.sent = None
        return self._push(request.type_url)

    def refresh(self) -> list[discovery_pb2.DiscoveryResponse]:
        """The responses a new configuration makes necessary, in the order that breaks nothing."""
        return [response for type_url in PUSH_ORDER for response in self._push(type_url)]

    def _push(self, type_url: str) -> list[discovery_pb2.DiscoveryResponse]:
        watch = self._watches.get(type_url)
        if watch is None or type_url not in PUSH_ORDER or not watch.names:
            return []
        resources = generate(self.configuration.current, self._client(), type_url, watch.names)
        values = [resource.value for resource in resources]
        if values == watch.sent:
            return []
        # In istiod's form (istio pilot/pkg/xds/discovery.go, nonce).
        watch.sent, watch.nonce = values, f"{self.configuration.version}{uuid.uuid4()}"
        return [
            discovery_pb2.DiscoveryResponse(
                version_info=self.configuration.version,
                resources=resources,
                type_url=type_url,
                nonce=watch.nonce,
            )
        ]

    def _client(self) -> Client:
        return identify(self.configuration.current, self._node_id, NAMESPACE)


async def serve_stream(
    requests: AsyncIterator[discovery_pb2.DiscoveryRequest], configuration: Configuration, emit: Emit, send: Any
) -> None:
    """Serve one stream until the client goes: answer requests, and push when the configuration changes."""
    stream = AdsStream(configuration, emit)
    iterator = aiter(requests)
    # The two waits live across rounds: cancelling a pending read would lose a request.
    incoming: asyncio.Task[discovery_pb2.DiscoveryRequest] = asyncio.ensure_future(anext(iterator))
    change = asyncio.ensure_future(configuration.changed())
    try:
        while True:
            await asyncio.wait((incoming, change), return_when=asyncio.FIRST_COMPLETED)
            if change.done():
                change = asyncio.ensure_future(configuration.changed())
                responses = stream.refresh()
            else:
                try:
                    responses = stream.receive(incoming.result())
                except StopAsyncIteration:
                    return
                incoming = asyncio.ensure_future(anext(iterator))
            for response in responses:
                await send(response)
    finally:
        for task in (incoming, change):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
            await asyncio.gather(incoming, change, return_exceptions=True)
