"""What a pod belongs to, by which its successor is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from meshtui.model.kubernetes.choice import choose
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_fate import Successor
from meshtui.model.kubernetes.pod_reach import forward_to
from meshtui.model.phrases import one_line

HASH: Final = "pod-template-hash"
"""The label by which a Deployment tells its ReplicaSets' pods; each set is called after the Deployment and the hash."""

LONGEST_NAME: Final = 253
"""Characters of an object's name at most (RFC 1123 subdomain)."""

NAMING_LABELS: Final = ("app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app")
"""Labels that stay the same over a rollout, as far as people follow what is recommended."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes a pod anew: a Deployment, StatefulSet, DaemonSet or Job, or a ReplicaSet on its own."""

    kind: str
    name: str


def workload_of(pod: Pod) -> Workload | None:
    """What the pod belongs to; ``None`` for one that nobody makes anew."""
    if pod.owner is None:
        return None
    ending = f"-{pod.labels.get(HASH, '')}"
    if pod.owner.kind == "ReplicaSet" and len(ending) > 1 and pod.owner.name.endswith(ending):
        return Workload("Deployment", pod.owner.name.removesuffix(ending))
    return Workload(pod.owner.kind, pod.owner.name)


def workload_words(pod: Pod) -> str:
    """What the pod belongs to, as ``Deployment shop``; empty for one that nobody makes anew."""
    workload = workload_of(pod)
    return f"{workload.kind} {one_line(workload.name, LONGEST_NAME)}" if workload is not None else ""


def successor_of(pod: Pod, others: Iterable[Pod], before: Successor | None = None) -> Successor | None:
    """The pod to look at next: the newest ready one of the same workload; ``None`` while there is none.

    Of those that were made in the same second it stays the one that was found ``before``.
    """
    workload = workload_of(pod)
    if workload is None:
        return None
    fit = [
        other
        for other in others
        if other.uid != pod.uid
        and workload_of(other) == workload
        and other.is_ready
        and other.deleting is None
        and forward_to(other).possible
    ]
    if not fit:
        return None
    found = choose(fit).pod
    same = (other for other in fit if before is not None and other.uid == before.pod.uid)
    found = next((other for other in same if other.created == found.created), found)
    is_newer = found.created is not None and pod.created is not None and found.created > pod.created
    return Successor(pod=found, ready=len(fit), is_newer=is_newer)


def naming_selector(pod: Pod) -> str:
    """A label selector for pods of the same app, empty where the pod has no such label."""
    return ",".join(f"{name}={pod.labels[name]}" for name in NAMING_LABELS if pod.labels.get(name))
