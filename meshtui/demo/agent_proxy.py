"""The agent's ADS proxy: each stream of the app becomes one to istiod, byte for byte.

Istio's agent serves one stream and lets a second evict the first (istio#53532), so that apps with gRPC 1.66 or
newer, which open one stream per target (gRFC A71), evict themselves. The demo serves every stream, but for the scenario
that shows this: a mesh that contradicted itself would be no place to learn from.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio

from meshtui.demo.agent_metrics import Labels, Metrics
from meshtui.demo.xds.names import STREAM

_ERROR = (("type", "error"),)
_CANCELLED = (("type", "cancelled"),)


@dataclass(slots=True, eq=False)
class _Stream:
    """A stream of the app, and what it became at istiod."""

    upstream: Any
    evicted: bool = False

    def evict(self) -> None:
        """End it to make room for another."""
        self.evicted = True
        self.upstream.cancel()


class AdsProxy:
    """Passes streams on, and counts as the agent's metrics do. ``evicts``: a new stream ends the one before."""

    def __init__(self, istiod: grpc.aio.Channel, metrics: Metrics, *, evicts: bool) -> None:
        self._open: Any = istiod.stream_stream(STREAM)
        self._metrics = metrics
        self._evicts = evicts
        self._served: _Stream | None = None
        self._largest = 0
        metrics.show("pilot_xds_recv_max", lambda: self._largest)

    def handler(self) -> grpc.GenericRpcHandler:
        """The handler for the agent's server; messages stay bytes."""
        service, method = STREAM[1:].split("/")
        return grpc.method_handlers_generic_handler(
            service, {method: grpc.stream_stream_rpc_method_handler(self._pass_on)}
        )

    async def _pass_on(self, requests: Any, context: Any) -> None:
        upstream: Any = self._open()
        stream = self._admit(upstream)

        async def upward() -> None:
            async for request in requests:
                self._metrics.count("xds_proxy_requests")
                self._largest = max(self._largest, len(request))
                await upstream.write(request)
            await upstream.done_writing()

        sending = asyncio.ensure_future(upward())
        answered = False
        try:
            async for response in upstream:
                answered = True
                self._metrics.count("xds_proxy_responses")
                await context.write(response)
            self._ended(_CANCELLED)
        except grpc.aio.AioRpcError as error:
            self._ended(_ERROR, was_open=answered)
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"istiod: {error.details()}")
        except asyncio.CancelledError:
            self._ended(_CANCELLED)
            # An evicted stream ends well, so that its client only sees that it ended.
            if not stream.evicted:
                raise
        finally:
            upstream.cancel()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _ended(self, how: Labels, *, was_open: bool = True) -> None:
        """Whoever ends a stream, its other half ends alike; one that never reached istiod has none.

        As counted by pilot-agent 1.29.1 (``pkg/istio-agent/xds_proxy.go``, upstreamErr and downstreamErr).
        """
        self._metrics.count("istiod_connection_terminations", how)
        if was_open:
            self._metrics.count("envoy_connection_terminations", how)

    def _admit(self, upstream: Any) -> _Stream:
        """Take a new stream in; where there is room for one only, the one before has to go."""
        before, self._served = self._served, _Stream(upstream)
        if self._evicts and before is not None:
            before.evict()
        return self._served
