"""List all pods of a namespace, tell how long it took, how long the loop was held and what they weigh."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import time
from contextlib import aclosing
from pathlib import Path

from bench._held import watched
from meshtui.model.kubernetes.pod_events import PodPage
from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import open_api
from meshtui.sources.kubernetes.pods import follow_pods

TIMEOUT_S = 60.0
"""For each answer."""


async def main(kubeconfig: str, namespace: str) -> None:
    """Measure and print."""
    rows, holds, waits = list[PodRow](), list[float](), list[float]()
    async with open_api(ClusterOptions(kubeconfig=kubeconfig), TIMEOUT_S) as api:
        await api.get("/version")  # what is imported for the first request, and TLS, are no list's
        before, began, first = _held_mib(), time.perf_counter(), 0.0
        with watched(holds), watched(waits, time.perf_counter):
            async with aclosing(follow_pods(api, namespace)) as events:
                async for event in events:
                    assert isinstance(event, PodPage), event
                    rows += event.rows
                    first = first or time.perf_counter() - began
                    if event.complete:
                        break
    took = time.perf_counter() - began
    gc.collect()
    sys.stdout.write(
        f"{len(rows)} pods listed: first page after {first * 1000:.0f} ms, all after {took * 1000:.0f} ms, loop held"
        f" {max(holds) * 1000:.0f} ms of processor, {max(waits) * 1000:.0f} by the clock; memory {before:.0f} →"
        f" {_held_mib():.0f} MiB, at most {_peak_mib():.0f}\n"
    )


def _held_mib() -> float:
    """Memory of the process now, as Linux tells it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _peak_mib() -> float:
    """The most it ever was. Not what getrusage says: that begins with what the parent had when it forked."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
