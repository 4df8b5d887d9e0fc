"""Pods that something has become of, as a session would show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.pod import Pod, pod_of
from meshtui.model.kubernetes.pod_fate import Gone, PodFate, Successor, Unfollowed
from tests.kubernetes.double.pods import proxyless, waiting
from tests.world.clock import NOW

OLD, NEW = "echo-v1-7cf5b76586-bgn6t", "echo-v1-59d7c9f4c6-x2x7k"


def replica(name: str = OLD, *, status: dict[str, Any] | None = None, **metadata: Any) -> Pod:
    """A pod of Deployment echo-v1; ``status`` goes over what a running one has."""
    hashed = name.split("-")[2]
    owner = {"kind": "ReplicaSet", "name": f"echo-v1-{hashed}", "uid": hashed, "controller": True}
    metadata = {"uid": name, "ownerReferences": [owner], "labels": {"pod-template-hash": hashed}, **metadata}
    document = proxyless(name, **metadata)
    document["status"] |= status or {}
    return pod_of(document)


def at(seconds: float) -> str:
    """A time of the API, so many seconds from now."""
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def conditions(*kinds: str, **more: str) -> list[dict[str, str]]:
    """Conditions that do not hold for a minute and a half."""
    return [{"type": kind, "status": "False", "lastTransitionTime": at(-90), **more} for kind in kinds]


AGENT = {"name": "istio-proxy", "state": {"running": {"startedAt": at(-3600)}}, "ready": True, "restartCount": 0}
KILLED = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": at(-26)}
AWAY = TargetUnreachable("The API server at https://10.0.0.1:6443 cannot be reached: connection refused.")

TERMINATING = replica(deletionTimestamp=at(23), deletionGracePeriodSeconds=30)
CRASHING = replica(
    status={
        "containerStatuses": [waiting("app", "CrashLoopBackOff", restarts=7, last=KILLED), AGENT],
        "conditions": conditions("Ready", "ContainersReady"),
    }
)
RESTARTED = replica(
    status={
        "containerStatuses": [
            {
                "name": "app",
                "state": {"running": {"startedAt": at(-24)}},
                "lastState": {"terminated": KILLED},
                "ready": True,
                "restartCount": 1,
            },
            AGENT,
        ]
    }
)
NOT_READY = replica(
    status={"conditions": conditions("Ready", "ContainersReady", message="containers with unready status: [app]")}
)
NODE_SILENT = replica(
    status={"conditions": [*conditions("Ready"), {"type": "ContainersReady", "status": "True"}]},
)
EVICTED = replica(status={"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."})
SUCCESSOR = Successor(pod=replica(NEW, creationTimestamp=at(-30)), ready=2, is_newer=True)
GONE = Gone(at=NOW - timedelta(seconds=12), witnessed=True)

FATES = {
    "well": PodFate(pod=replica()),
    "terminating": PodFate(pod=TERMINATING, successor=SUCCESSOR),
    "overdue": PodFate(pod=replica(deletionTimestamp=at(-8), deletionGracePeriodSeconds=30)),
    "gone": PodFate(pod=TERMINATING, gone=GONE, successor=SUCCESSOR),
    "found-gone": PodFate(pod=replica(), gone=Gone(at=NOW - timedelta(seconds=12), witnessed=False)),
    "replaced": PodFate(
        pod=TERMINATING, gone=Gone(at=GONE.at, witnessed=True, replaced_by=replica(uid="another")), successor=SUCCESSOR
    ),
    "evicted": PodFate(pod=EVICTED, unsought=TargetUnreachable("The cluster forbids it: you may not list pods.")),
    "node-silent": PodFate(pod=NODE_SILENT),
    "crashing": PodFate(pod=CRASHING),
    "not-ready": PodFate(pod=NOT_READY),
    "restarted": PodFate(pod=RESTARTED),
    "unfollowed": PodFate(pod=replica(), unfollowed=Unfollowed(since=NOW - timedelta(seconds=12), error=AWAY)),
    "terminating-unfollowed": PodFate(
        pod=TERMINATING, unfollowed=Unfollowed(since=NOW - timedelta(seconds=12), error=AWAY)
    ),
}
"""By a word for each."""
