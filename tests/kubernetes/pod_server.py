"""What listens in a pod of the double, and the double asked through the product's own API client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import Api, open_api
from tests.kubernetes.double.running import Double
from tests.loopback import Serve, listening
from tests.waiting import PATIENCE_S

NAMESPACE = "echo-grpc"
PORT = 17171


@asynccontextmanager
async def asking(double: Double, user: str = "full") -> AsyncIterator[Api]:
    """The double's API, logged in as one of its users."""
    options = ClusterOptions(kubeconfig=str(double.kubeconfig(user)), namespace=NAMESPACE)
    async with open_api(options, PATIENCE_S) as api:
        yield api


@asynccontextmanager
async def served(double: Double, serve: Serve, pod: str = "echo-v1", port: int = PORT) -> AsyncIterator[None]:
    """Let a port of a pod be served by ``serve``."""
    async with listening(serve) as address:
        double.cluster.targets[NAMESPACE, pod, port] = address
        try:
            yield
        finally:
            del double.cluster.targets[NAMESPACE, pod, port]


async def echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
