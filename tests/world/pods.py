"""Pods of a cluster that answers what a test wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.access import AccessLadder, ladder_of
from meshtui.model.kubernetes.contexts import ContextOffer, ContextOffers
from meshtui.model.kubernetes.pod import pod_of
from meshtui.model.kubernetes.pod_events import PodEvent, PodPage, PodsLive
from meshtui.model.kubernetes.pod_row import PodRow, row_of
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.kubernetes.rights import FORWARD, LIST_PODS, NEEDS, Answer, Rights, Verdict
from tests.kubernetes.double.pods import container, pod, proxyless, waiting
from tests.world.clock import NOW

NAMESPACE = "echo-grpc"

RIG = ContextOffer(name="rig", server="https://10.0.0.1:6443", user="ada", namespace=NAMESPACE)
PROD = ContextOffer(name="prod", server="https://prod.example:6443", user="ada", plugin="cloud-login")
OFFERS = (RIG, PROD)


def row(document: dict[str, Any]) -> PodRow:
    """The line of a pod, made five minutes before :data:`NOW`."""
    document["metadata"]["creationTimestamp"] = (NOW - timedelta(minutes=5)).isoformat()
    document["metadata"].setdefault("uid", f"uid-{document['metadata']['name']}")
    return row_of(pod_of(document))


def echo(name: str = "echo-v1", version: str = "v1", **more: Any) -> PodRow:
    """A proxyless pod that is well."""
    return row(proxyless(name, version=version, **more))


def crashing() -> PodRow:
    """A proxyless pod whose app crashes, and whose agent lives."""
    document = proxyless("shop-api-5bcd84887b-6bhnw", app="shop")
    statuses = document["status"]["containerStatuses"]
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": (NOW - timedelta(seconds=26)).isoformat()}
    statuses[0] = waiting("app", "CrashLoopBackOff", restarts=7, last=ended)
    for condition in document["status"]["conditions"]:
        if condition["type"] != "PodScheduled":
            condition["status"] = "False"
    return row(document)


def pending() -> PodRow:
    """A proxyless pod that has no node."""
    return row(proxyless("waiting", node="", phase="Pending"))


def plain() -> PodRow:
    """A pod outside the mesh."""
    return row(pod("redis-0", labels={"app": "redis"}))


def envoy() -> PodRow:
    """A pod with Envoy."""
    return row(pod("web-0", containers=[container("app"), container("istio-proxy")]))


def some() -> tuple[PodRow, ...]:
    """One of each kind, in no order."""
    return (plain(), echo("echo-v2", "v2"), pending(), crashing(), envoy(), echo())


def listed(rows: tuple[PodRow, ...]) -> tuple[PodEvent, ...]:
    """A whole list of one page, and then live."""
    return (PodPage(rows=rows, starts=True, complete=True), PodsLive())


def ladder(*, may_list: bool = True, may_forward: bool = True) -> AccessLadder:
    """All rights, or all but to list pods, or but to forward to them."""
    rights = {right for need in NEEDS for right in need.rights}
    no = (set() if may_list else {LIST_PODS}) | (set() if may_forward else set(FORWARD.rights))
    verdicts = (Verdict(right=right, answer=Answer.NO if right in no else Answer.YES) for right in sorted(rights))
    return ladder_of(Rights(namespace=NAMESPACE, verdicts=tuple(verdicts)))


@dataclass
class ScriptedPods:
    """A source that tells what is in ``events`` of a namespace, then what a test puts there, without an end."""

    events: dict[str, tuple[PodEvent, ...]] = field(default_factory=dict)
    offers: ContextOffers = field(default_factory=lambda: ContextOffers(offers=OFFERS, chosen=RIG))
    names: tuple[str, ...] = (NAMESPACE, "shop")
    names_error: MeshtuiError | None = None
    contexts_error: MeshtuiError | None = None
    granted: AccessLadder = field(default_factory=ladder)
    hangs: bool = False
    """Answers nothing, and does not end when told to."""
    waits_for: str = ""
    opened: ClusterOptions = field(default_factory=ClusterOptions)
    closed: bool = False
    more: asyncio.Queue[PodEvent] = field(default_factory=asyncio.Queue)

    async def contexts(self) -> ContextOffers:
        if self.contexts_error is not None:
            raise self.contexts_error
        return self.offers

    async def namespaces(self) -> tuple[str, ...]:
        if self.hangs:
            await stubborn()
        if self.names_error is not None:
            raise self.names_error
        return self.names

    async def follow(self, namespace: str) -> AsyncGenerator[PodEvent, None]:
        if self.hangs:
            await stubborn()
        for event in self.events.get(namespace, listed(())):
            yield event
        while True:
            yield await self.more.get()

    async def access(self, namespace: str) -> AccessLadder:
        return self.granted

    async def close(self) -> None:
        if self.hangs:
            await stubborn()
        self.closed = True


async def stubborn() -> None:
    """Never comes back, and takes no notice of the first cancellation."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


@dataclass
class Clusters:
    """The sources by context; the current one is that of the empty name. ``made`` are those that were opened."""

    sources: dict[str, ScriptedPods]
    made: list[ScriptedPods] = field(default_factory=list)

    def open(self, options: ClusterOptions) -> ScriptedPods:
        source = self.sources[options.context or ""]
        source.opened = options
        self.made.append(source)
        return source
