"""A pod of a cluster against an address: the relay, the first tree, a command; and 5 000 pods listed.

The API server is the double of the tests, in a process of its own and in Python: it is slower than a real one, and all
figures include it. With MESHTUI_BENCH_CLUSTER (a kubeconfig), MESHTUI_BENCH_POD (a pod's name) and
MESHTUI_BENCH_ADDRESS (where the same pod can be reached without a cluster) a real one is measured instead, whose pods
are listed in the namespace MESHTUI_BENCH_NAMESPACE. Every round takes each way once, so that what else the machine does
meets both; ratios are of the medians of one run.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before the first import of grpc

from bench._api_server import MANY
from bench.poll import SERVICES, csds_target
from meshtui.model.address import Address, parse_address
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.csds.source import CsdsSource
from meshtui.sources.grpc.channel import open_channel
from meshtui.sources.kubernetes.api import Api, open_api
from meshtui.sources.kubernetes.port_forward import PodPort
from meshtui.sources.kubernetes.relay import open_relay

REAL = "MESHTUI_BENCH_CLUSTER"
"""The variable that names a real cluster's kubeconfig."""

PODS = 5_000
"""Pods of the namespace that is listed."""

ROUNDS = 200
"""Polls of a small target, by each way."""

LARGE_ROUNDS = 7
"""Polls of a large target, lists and programs started, by each way."""

AT_ONCE = 200
"""Connections opened at once through one relay."""

TIMEOUT_S = 60.0
"""For each answer: nothing here is to fail because the machine is busy."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pod, and where it is without a cluster."""

    kubeconfig: str
    pod: str
    address: str
    listed: str

    @property
    def cluster(self) -> ClusterOptions:
        """What leads to the cluster."""
        return ClusterOptions(kubeconfig=self.kubeconfig)


def main() -> None:
    """Measure and print."""
    if real := os.environ.get(REAL):
        pod, address = os.environ["MESHTUI_BENCH_POD"], os.environ["MESHTUI_BENCH_ADDRESS"]
        place = Place(real, pod, address, os.environ.get("MESHTUI_BENCH_NAMESPACE", "default"))
        asyncio.run(_small(place))
        _first_trees(place)
        _steps(place)
        _lists(place)
        return
    with csds_target(1) as small, _double(PODS, small) as kubeconfig:
        place = Place(kubeconfig, "echo-v1", small, MANY)
        asyncio.run(_small(place))
        _first_trees(place)
        _steps(place)
        _lists(place)
    with csds_target(SERVICES) as large, _double(0, large) as kubeconfig:
        asyncio.run(_large(Place(kubeconfig, "echo-v1", large, MANY)))


@contextmanager
def _double(pods: int, address: str) -> Iterator[str]:
    """An API server in front of that address; its kubeconfig."""
    command = (sys.executable, "-m", "bench._api_server", str(pods), address)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


async def _small(place: Place) -> None:
    async with open_api(place.cluster, TIMEOUT_S) as api, open_relay(api, _port(api, place)) as relay:
        await _both(parse_address(place.address), relay.address, "one poll of a small target", ROUNDS)
        opened = [await _seconds(lambda: _connected(relay.address)) for _ in range(LARGE_ROUNDS)]
        print(f"{'a connection through a new forward':<40} {statistics.median(opened) * 1000:8.1f} ms")
        crowd = await _seconds(lambda: _gather([_connected(relay.address) for _ in range(AT_ONCE)]))
        print(f"{f'{AT_ONCE} of them at once':<40} {crowd * 1000:8.0f} ms")


async def _large(place: Place) -> None:
    async with open_api(place.cluster, TIMEOUT_S) as api, open_relay(api, _port(api, place)) as relay:
        what = f"one poll of {SERVICES * 6} resources (5.7 MiB)"
        await _both(parse_address(place.address), relay.address, what, LARGE_ROUNDS)


def _port(api: Api, place: Place) -> PodPort:
    return PodPort(api.context.namespace, place.pod, 17171)


async def _both(direct: Address, relayed: Address, what: str, rounds: int) -> None:
    """The same poll by both ways, in turn."""
    async with open_channel(direct) as near, open_channel(relayed) as far:
        sources = [CsdsSource(channel, direct, timeout=TIMEOUT_S) for channel in (near, far)]
        times: list[list[float]] = [[], []]
        for source in sources:
            await source.poll()
        for _ in range(rounds):
            for source, seen in zip(sources, times, strict=True):
                seen.append(await _seconds(source.poll))
    _compared(what, *times)


async def _connected(where: Address) -> None:
    """Open a connection, get one answer on it, close it."""
    async with open_channel(where) as channel:
        await CsdsSource(channel, where, timeout=TIMEOUT_S).poll()


async def _gather(work: list[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _compared(what: str, direct: list[float], relayed: list[float]) -> None:
    near, far = statistics.median(direct), statistics.median(relayed)
    print(f"{what:<40} direct {near * 1000:8.2f} ms   pod {far * 1000:8.2f} ms   ratio {far / near:.2f}")


def _first_trees(place: Place) -> None:
    """Whole programs: until the first tree is on the screen, and a command from start to exit."""
    by_name = (f"pod/{place.pod}", "--kubeconfig", place.kubeconfig)
    for what, one in (("attach, until its first tree", _until_tree), ("xds tree, from start to exit", _until_exit)):
        times: list[list[float]] = [[], []]
        for turn in range(LARGE_ROUNDS + 1):
            for target, seen in zip(((place.address,), by_name), times, strict=True):
                seconds = one(target)
                if turn:  # the first writes bytecode and warms the page cache
                    seen.append(seconds)
        _compared(what, *times)


def _steps(place: Place) -> None:
    """Where the time of a start goes: the way to the pod step by step, in processes of their own."""
    command = (sys.executable, "-m", "bench._way_to_a_pod", place.kubeconfig, place.pod)
    times: dict[str, list[float]] = {}
    for turn in range(LARGE_ROUNDS + 1):
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        for line in told.splitlines() if turn else ():  # the first warms the page cache
            seconds, _, what = line.partition(" ")
            times.setdefault(what, []).append(float(seconds))
    for what, seen in times.items():
        print(f"{what:<52} {statistics.median(seen) * 1000:8.1f} ms")


def _until_exit(target: tuple[str, ...]) -> float:
    began = time.perf_counter()
    command = (sys.executable, "-m", "meshtui", "xds", "tree", *target, "--timeout", str(TIMEOUT_S))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _until_tree(target: tuple[str, ...]) -> float:
    """Seconds from the program's start in a terminal to the first line of its tree; the view's key is typed ahead."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
    began = time.perf_counter()
    command = (sys.executable, "-m", "meshtui", "attach", *target, "--timeout", str(TIMEOUT_S))
    environment = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": os.devnull}
    child = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    seen, typed = b"", False
    try:
        while b"LDS" not in seen or not typed:
            seen = seen[-4096:] + os.read(ours, 1 << 16)
            if not typed and b"\x1b[?1049h" in seen:
                os.write(ours, b"2")
                typed, seen = True, b""
        return time.perf_counter() - began
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def _lists(place: Place) -> None:
    """Each list in a process of its own, whose memory is read at its end; beside kubectl's."""
    command = (sys.executable, "-m", "bench._pods_listed", place.kubeconfig, place.listed)
    for _ in range(3):
        subprocess.run(command, check=True)
    kubectl = Path(sys.executable).with_name("kubectl")
    if REAL in os.environ and kubectl.exists():  # of the double it would measure Python's tables
        words = (str(kubectl), "--kubeconfig", place.kubeconfig, "-n", place.listed, "get", "pods", "--chunk-size=100")
        began = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        print(f"kubectl get pods, from start to exit, in as large pages: {(time.perf_counter() - began) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
