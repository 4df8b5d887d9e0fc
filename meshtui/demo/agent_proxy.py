"""The agent's ADS proxy: each stream of the app becomes one to istiod, byte for byte.

Istio's agent serves one stream and lets a second evict the first (istio#53532), so that apps with gRPC 1.66 or
newer, which open one stream per target, evict themselves. The demo serves every stream: a mesh that
contradicted itself would be no place to learn from.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio

from meshtui.demo.agent_metrics import Metrics
from meshtui.demo.xds.names import STREAM

_ERROR = (("type", "error"),)
_CANCELLED = (("type", "cancelled"),)


class AdsProxy:
    """Passes streams on, and counts as the agent's metrics do."""

    def __init__(self, istiod: grpc.aio.Channel, metrics: Metrics) -> None:
        self._open: Any = istiod.stream_stream(STREAM)
        self._metrics = metrics

    def handler(self) -> grpc.GenericRpcHandler:
        """The handler for the agent's server; messages stay bytes."""
        service, method = STREAM[1:].split("/")
        return grpc.method_handlers_generic_handler(
            service, {method: grpc.stream_stream_rpc_method_handler(self._pass_on)}
        )

    async def _pass_on(self, requests: Any, context: Any) -> None:
        upstream: Any = self._open()
        answered = False

        async def upward() -> None:
            async for request in requests:
                self._metrics.count("xds_proxy_requests")
                await upstream.write(request)
            await upstream.done_writing()

        sending = asyncio.ensure_future(upward())
        try:
            async for response in upstream:
                answered = True
                self._metrics.count("xds_proxy_responses")
                await context.write(response)
            self._metrics.count("istiod_connection_terminations", _CANCELLED)
        except grpc.aio.AioRpcError as error:
            if answered:
                self._metrics.count("istiod_connection_terminations", _ERROR)
            else:
                self._metrics.count("istiod_connection_failures")
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"istiod: {error.details()}")
        except asyncio.CancelledError:
            self._metrics.count("envoy_connection_terminations", _CANCELLED)
            raise
        finally:
            upstream.cancel()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
