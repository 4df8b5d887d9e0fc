"""What happened to a pod between two of its states, as values with words for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from meshtui.model.kubernetes.pod import Container, ContainerStatus, Pod
from meshtui.model.kubernetes.pod_reach import ended_words, state_words
from meshtui.model.phrases import one_line
from meshtui.model.xds.resource import Health

QUOTED: Final = 160
"""Characters of the cluster's words in an event."""

DISRUPTION: Final = "DisruptionTarget"
"""The condition that says why something else than the pod's owner ends it (Kubernetes, Pod disruption conditions)."""

DISRUPTIONS: Final = {
    "PreemptionByScheduler": "preempted: the scheduler needs its place for a pod of higher priority",
    "DeletionByTaintManager": "evicted: its node has a taint that it cannot bear, as when the node does not answer",
    "EvictionByEvictionAPI": "evicted by the Eviction API, as when its node is drained",
    "DeletionByPodGC": "collected: its node is gone",
    "TerminationByKubelet": "ended by its node, which is short of something, shuts down, or needs its place",
}
"""What each reason of it means."""


class PodChangeKind(Enum):
    """What happened; ``ends`` are those after which the pod serves nothing any more."""

    DELETED = "deleted"
    REPLACED = "replaced"
    ENDED = "ended"
    TERMINATING = "terminating"
    EVICTED = "evicted"
    STOPPED = "container stopped"
    RESTARTED = "container restarted"
    STARTED = "container started"
    NOT_READY = "not ready"
    READY = "ready"
    NODE_SILENT = "node silent"

    @property
    def ends(self) -> bool:
        """Whether the pod is over, or will be soon, so that a successor is of use."""
        return self in _ENDS


_ENDS: Final = frozenset(
    {
        PodChangeKind.DELETED,
        PodChangeKind.REPLACED,
        PodChangeKind.ENDED,
        PodChangeKind.TERMINATING,
        PodChangeKind.EVICTED,
    }
)


@dataclass(frozen=True, slots=True)
class PodChange:
    """``text`` goes on after the pod's name; ``health`` is how good or bad it is."""

    kind: PodChangeKind
    text: str
    health: Health | None


def first_changes(pod: Pod) -> Iterator[PodChange]:
    """What is to be said of a pod when it begins to be followed: nothing, unless it is about to end."""
    yield from _ending(None, pod)


def changes(before: Pod, after: Pod) -> Iterator[PodChange]:
    """What happened between two states, the gravest first; nothing when nothing that matters did."""
    if before.uid != after.uid:
        yield replaced(after)
        return
    yield from _ending(before, after)
    for container in after.containers:
        earlier = before.container(container.name)
        if earlier is not None:
            yield from _of_container(earlier.status, container)
    yield from _readiness(before, after)


def deleted(pod: Pod | None) -> PodChange:
    """The pod is not there any more."""
    why = disruption(pod) if pod is not None else ""
    return PodChange(PodChangeKind.DELETED, f"is gone: {why or 'it was deleted'}", Health.MISSING)


def replaced(by: Pod, *, known_gone: bool = False) -> PodChange:
    """Another pod has taken the name: what is looked at is not that one. ``known_gone`` if that it went was said."""
    now = f"another pod has its name now (UID {one_line(by.uid, 40)}): attach again to look at that one"
    return PodChange(PodChangeKind.REPLACED, now if known_gone else f"is gone, and {now}", Health.MISSING)


def is_over(pod: Pod) -> bool:
    """Whether all its containers have ended for good."""
    return pod.phase in {"Succeeded", "Failed"}


def is_node_silent(pod: Pod) -> bool:
    """Whether it is not ready though its containers are: the node controller takes away Ready alone, the kubelet would
    take away both (Kubernetes 1.37, pkg/controller/util/node, ``MarkPodsNotReady``)."""
    if pod.is_ready or pod.deleting is not None or is_over(pod) or pod.readiness_gates:
        return False
    containers = pod.condition("ContainersReady")
    return containers is not None and containers.status == "True"


def disruption(pod: Pod) -> str:
    """Why something else than its owner ends the pod, as ``evicted by the Eviction API …``; empty if nothing does."""
    found = pod.condition(DISRUPTION)
    if found is None or found.status != "True":
        return ""
    known = DISRUPTIONS.get(found.reason, one_line(found.reason, QUOTED))
    said = one_line(found.message, QUOTED)
    return f"{known} ({said})" if said else known


def end_words(pod: Pod) -> str:
    """How a pod ended: ``Failed, Evicted: The node was low on resource: memory``."""
    said = one_line(": ".join(filter(None, (pod.reason, pod.message))), QUOTED)
    return f"{pod.phase}{f', {said}' if said else ''}"


def _ending(before: Pod | None, after: Pod) -> Iterator[PodChange]:
    why = disruption(after)
    if why and (before is None or not disruption(before)):
        yield PodChange(PodChangeKind.EVICTED, f"is {why}", Health.DEGRADED)
    if after.deleting is not None and (before is None or before.deleting is None):
        yield PodChange(PodChangeKind.TERMINATING, "is terminating: it serves on until it is gone", Health.DEGRADED)
    if is_over(after) and (before is None or not is_over(before)):
        yield PodChange(PodChangeKind.ENDED, f"has ended ({end_words(after)})", Health.MISSING)


def _of_container(earlier: ContainerStatus | None, container: Container) -> Iterator[PodChange]:
    now = container.status
    if now is None:
        return
    name = one_line(container.name, QUOTED)
    if earlier is not None and now.restarts > earlier.restarts:
        last = now.ended_before or now.ended
        how = f": it ended with {ended_words(last)}" if last is not None else ""
        yield PodChange(PodChangeKind.RESTARTED, f"had its container {name} restarted{how}", Health.DEGRADED)
    ran = earlier is not None and earlier.is_running
    if ran and not now.is_running:
        yield PodChange(
            PodChangeKind.STOPPED, f"has its container {name} stopped: {state_words(container)}", Health.DEGRADED
        )
    elif now.is_running and earlier is not None and not ran:
        yield PodChange(PodChangeKind.STARTED, f"has its container {name} running", None)


def _readiness(before: Pod, after: Pod) -> Iterator[PodChange]:
    if before.is_ready == after.is_ready or after.deleting is not None or is_over(after):
        return
    if after.is_ready:
        yield PodChange(PodChangeKind.READY, "is ready", Health.OK)
        return
    if is_node_silent(after):
        node = one_line(after.node, QUOTED)
        yield PodChange(
            PodChangeKind.NODE_SILENT,
            f"is not ready though its containers are, as when its node {node} does not answer",
            Health.DEGRADED,
        )
        return
    said = not_ready_words(after)
    yield PodChange(PodChangeKind.NOT_READY, f"is not ready{f': {said}' if said else ''}", Health.DEGRADED)


def not_ready_words(pod: Pod) -> str:
    """What the condition says of it: ``containers with unready status: [app]``."""
    ready = pod.condition("Ready")
    return one_line(ready.message or ready.reason, QUOTED) if ready is not None else ""
