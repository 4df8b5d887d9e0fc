"""The way to one pod step by step, in a process that has imported nothing yet: where the time of a start goes.

What is printed is a step a line, its seconds first. The modules are imported where a step is timed, not at the top.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

ANY_TARGET = ("meshtui.sources.grpc.channel", "meshtui.sources.csds.source")
"""What a target by its address imports as well."""

A_POD = ("aiohttp", "websockets.asyncio.client", "meshtui.sources.kubernetes.pod_link")
"""What only a pod does."""

TIMEOUT_S = 60.0
"""For each answer."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.perf_counter()
    yield
    sys.stdout.write(f"{time.perf_counter() - began:.6f} {what}\n")


async def main(kubeconfig: str, name: str) -> None:
    """Go the way once."""
    with step("imports of any target: gRPC, CSDS"):
        for module in ANY_TARGET:
            importlib.import_module(module)
    with step("imports of a pod: aiohttp, websockets"):
        for module in A_POD:
            importlib.import_module(module)
    from meshtui.model.kubernetes.reference import ClusterOptions
    from meshtui.sources.csds.source import CsdsSource
    from meshtui.sources.grpc.channel import open_channel
    from meshtui.sources.kubernetes.api import open_api
    from meshtui.sources.kubernetes.pods import get_pod
    from meshtui.sources.kubernetes.port_forward import PodPort, open_forward
    from meshtui.sources.kubernetes.relay import open_relay

    async with open_api(ClusterOptions(kubeconfig=kubeconfig), TIMEOUT_S) as api:
        with step("GET of the pod, with kubeconfig and TLS"):
            pod = await get_pod(api, api.context.namespace, name)
        place = PodPort(pod.namespace, pod.name, 17171, pod.uid)
        with step("a forward opened, and the pod's UID compared"):
            stream = await open_forward(api, place)
        await stream.close()
        async with open_relay(api, place) as relay, open_channel(relay.address) as channel:
            source = CsdsSource(channel, relay.address, timeout=TIMEOUT_S)
            with step("gRPC's connection over another forward, and CSDS"):
                await source.poll()
            with step("CSDS once more"):
                await source.poll()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
