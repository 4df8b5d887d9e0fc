"""The agent process of a pod: bootstrap, certificates, ADS proxy, readiness and metrics.

Run as ``python -m meshtui.demo.agent PLAN`` with a PodPlan in JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from http import HTTPStatus

import grpc
import grpc.aio

from meshtui.demo import agent_http, bootstrap
from meshtui.demo.agent_identity import Identity
from meshtui.demo.agent_metrics import Metrics
from meshtui.demo.agent_proxy import AdsProxy
from meshtui.demo.events import DemoEventKind
from meshtui.demo.lifeline import emit, hold
from meshtui.demo.pods import PodPlan

_CHANNEL_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
"""istiod starts at the same moment as the agent, so the first attempts may find nobody: try again at once."""


class Agent:
    """The parts of one pod's agent."""

    def __init__(self, plan: PodPlan) -> None:
        self._plan = plan
        self._metrics = Metrics()
        self._istiod = grpc.aio.insecure_channel(plan.istiod, options=_CHANNEL_OPTIONS)
        self._identity = Identity(plan, self._istiod, self._metrics)

    async def run(self) -> None:
        """Serve until the process is ended. The ADS socket is there before the certificates are, so an app that
        waits for its certificates finds it."""
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((AdsProxy(self._istiod, self._metrics, evicts=self._plan.evicts).handler(),))
        server.add_insecure_port(f"unix:{self._plan.ads_socket}")
        await server.start()
        routes = {"/healthz/ready": self._ready, "/stats/prometheus": self._stats, "/metrics": self._stats}
        at = self._plan.listening
        async with await agent_http.serve(at.ip, at.agent, routes), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._identity.renew_for_ever())
            await self._identity.issued.wait()
            emit(DemoEventKind.SERVING, address=f"{at.ip}:{at.agent}")

    def _ready(self) -> agent_http.HttpAnswer:
        """Ready when the bootstrap parses and the certificate files exist; istiod is not asked."""
        try:
            json.loads(self._plan.bootstrap.read_bytes())
            ready = self._identity.present()
        except (OSError, ValueError):
            ready = False
        return (HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE), "text/plain", ""

    def _stats(self) -> agent_http.HttpAnswer:
        self._metrics.count("scrapes_total")
        return HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", self._metrics.text()


async def run(plan: PodPlan) -> None:
    """Write the bootstrap and run the agent."""
    bootstrap.write(plan)
    await Agent(plan).run()


if __name__ == "__main__":
    hold()
    asyncio.run(run(PodPlan.from_json(sys.argv[1])))
