"""The demo mesh: from nothing to traffic, from an edited manifest to the client's accepted config, and its end.

Run: ``python -m bench.demo_start`` (about half a minute). The start is compared with a bare ``import grpc`` in the same
run, as most of it is seven processes importing. An idle machine gives the figures in docs/demo.md.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

RUNS = 5
EDITS = 10


def bare_import() -> float:
    """Seconds of a fresh interpreter that imports grpc and ends."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import grpc"], check=True)
    return time.perf_counter() - started


async def start_and_stop() -> tuple[float, float]:
    """Seconds until traffic flows, and until nothing is left again."""
    from meshtui.demo.mesh import Mesh

    started = time.perf_counter()
    mesh = Mesh("traffic-shift")
    async with mesh:
        ready = time.perf_counter() - started
        stopping = time.perf_counter()
    return ready, time.perf_counter() - stopping


def resident_megabytes(pids: list[int]) -> float:
    """Memory of some processes; what they share is counted once, by their proportional share (Linux)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


async def edits() -> tuple[list[float], float]:
    """Seconds from each replaced file to the moment the client's CSDS calls the new route its own; and MiB in use."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    import grpc.aio
    from envoy.service.status.v3 import csds_pb2

    from meshtui.demo.mesh import Mesh

    took = []
    async with Mesh("canary") as mesh, grpc.aio.insecure_channel(mesh.pods["client"].admin) as channel:
        fetch: Any = channel.unary_unary(
            "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus",
            request_serializer=csds_pb2.ClientStatusRequest.SerializeToString,
            response_deserializer=csds_pb2.ClientStatusResponse.FromString,
        )

        async def route() -> tuple[bytes, float]:
            response = await fetch(csds_pb2.ClientStatusRequest(), timeout=5)
            for config in response.config:
                for entry in config.generic_xds_configs:
                    if entry.type_url.endswith("RouteConfiguration"):
                        updated = entry.last_updated
                        return entry.xds_config.value, updated.seconds + updated.nanos / 1e9
            return b"", 0.0

        for _ in range(EDITS):
            before, _ = await route()
            edited = time.time()
            await mesh.step()
            now = await route()
            while now[0] == before:
                now = await route()
            took.append(now[1] - edited)
        memory = resident_megabytes([*mesh.processes.values(), mesh.supervisor_pid])
    return took, memory


def row(what: str, values: list[float], unit: str = "ms") -> None:
    """One line of the table: median, least and most."""
    scale = 1000 if unit == "ms" else 1
    shown = [f"{scale * value:8.0f}" for value in (statistics.median(values), min(values), max(values))]
    print(f"{what:46}{''.join(shown)} {unit}")


def main() -> None:
    """Measure and print."""
    imports = [bare_import() for _ in range(RUNS)]
    runs = [asyncio.run(start_and_stop()) for _ in range(RUNS)]
    took, memory = asyncio.run(edits())
    print(f"{'':46}{'median':>8}{'least':>8}{'most':>8}")
    row('python -c "import grpc"', imports)
    row("start of the demo until traffic flows", [ready for ready, _ in runs])
    row("end of the demo until nothing is left", [stopped for _, stopped in runs])
    row("an edited manifest until the client accepted it", took)
    row("memory of all processes", [memory], "MiB")
    ratio = statistics.median(ready for ready, _ in runs) / statistics.median(imports)
    print(f"start ÷ import: {ratio:.1f}")


if __name__ == "__main__":
    main()
