"""Logs of a pod that say what a test wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.log_lines import LogLine, parse_line
from meshtui.model.kubernetes.log_pod import LogPlace, LogPod, log_pod
from meshtui.model.kubernetes.pod import pod_of
from tests.kubernetes.double.pods import proxyless
from tests.world.clock import NOW

PROXY = "istio-proxy"

SAID = (
    'info\tFLAG: --concurrency="2"',
    'info\txdsproxy\tInitializing with upstream address "istiod.istio-system.svc:15012" and cluster "Kubernetes"',
    "info\tcache\tgenerated new workload certificate\tresourceName=default latency=33.4ms ttl=23h59m59.951519687s",
    "info\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012\tid=1",
    "info\tReadiness succeeded in 1.2s",
    "warn\txdsproxy\tregistered overlapping stream; closing previous",
    "info\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012\tid=2",
    "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unavailable desc = error reading from "
    "server: EOF\tid=2",
    "error\txdsproxy\tfailed to connect to upstream istiod.istio-system.svc:15012: context deadline exceeded",
)
"""What an agent says of an afternoon in which its streams do not last."""


def at_second(second: float, said: str) -> LogLine:
    """A line as the runtime took it, so many seconds before :data:`NOW`."""
    stamp = (NOW - timedelta(seconds=second)).isoformat()
    return parse_line(f"{stamp} {stamp}\t{said}\n".encode())


def afternoon() -> list[LogLine]:
    """The lines of :data:`SAID`, one every ten seconds."""
    return [at_second(10 * (len(SAID) - number), said) for number, said in enumerate(SAID)]


def pod_with(uid: str = "uid-1", **statuses: dict[str, Any]) -> LogPod:
    """``pod/echo-v1`` with its app and its agent; a status of the kubelet takes the place of the usual one."""
    document = proxyless("echo-v1", uid=uid)
    known = document["status"]["containerStatuses"]
    document["status"]["containerStatuses"] = [statuses.get(each["name"].replace("-", "_"), each) for each in known]
    return log_pod(pod_of(document))


@dataclass
class ScriptedLog:
    """Implements ``session.protocols.LogSource``."""

    lines: list[LogLine] = field(default_factory=list)
    answer: LogPod | MeshtuiError = field(default_factory=pod_with)
    failure: MeshtuiError | None = None
    before: tuple[LogLine, ...] | MeshtuiError = ()
    ended: bool = False
    followed: list[tuple[str, LogPlace | None]] = field(default_factory=list)
    closed: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, *lines: LogLine) -> None:
        """Write lines."""
        self.lines += lines
        self._moved.set()

    def cut(self, failure: MeshtuiError | None) -> None:
        """Fail from now on, or (``None``) work again."""
        self.failure = failure
        self._moved.set()

    def end(self) -> None:
        """The process ends."""
        self.ended = True
        self._moved.set()

    async def pod(self) -> LogPod:
        if isinstance(self.answer, MeshtuiError):
            raise self.answer
        return self.answer

    async def follow(self, container: str, after: LogPlace | None) -> AsyncGenerator[tuple[LogLine, ...], None]:
        self.followed.append((container, after))
        told = sum(1 for line in self.lines if after is not None and line.at is not None and line.at <= after.at)
        while self.failure is None:
            new, told = tuple(self.lines[told:]), len(self.lines)
            if new:
                yield new
            if self.ended:
                return
            self._moved.clear()
            await self._moved.wait()
        raise self.failure

    async def previous(self, container: str) -> tuple[LogLine, ...]:
        if isinstance(self.before, MeshtuiError):
            raise self.before
        return self.before

    async def close(self) -> None:
        self.closed = True
