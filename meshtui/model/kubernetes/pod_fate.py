"""What has become of the pod that is attached, as one value, and what of it a person has to know now.

Everything here is derived from the newest that was seen, so that what is no longer true is no longer said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod import Container, Pod
from meshtui.model.kubernetes.pod_changes import is_node_silent, is_over

RESTART_SHOWN: Final = timedelta(minutes=5)
"""How long a restart is said of a container that runs again: calls that failed meanwhile are still asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The pod is not there any more. ``at`` is when that was learnt; ``witnessed`` says that it was told as it
    happened, and not found later. ``replaced_by`` is the pod that has its name now."""

    at: datetime
    witnessed: bool
    replaced_by: Pod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """A ready pod of the same workload: the newest of ``ready`` ones. ``is_newer`` says that it was made after the pod
    that ends, and is not just another replica."""

    pod: Pod
    ready: int
    is_newer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollowed:
    """The API server tells nothing of the pod. ``is_final`` says that it is not asked any more."""

    since: datetime
    error: MeshtuiError
    is_login: bool = False
    is_final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFate:
    """``pod`` is the newest state of the very pod that was attached to, never of another one of its name.

    ``unsought`` is why its successor is not looked for.
    """

    pod: Pod
    gone: Gone | None = None
    successor: Successor | None = None
    unsought: MeshtuiError | None = None
    unfollowed: Unfollowed | None = None


class TroubleKind(Enum):
    """What a person has to know of the pod. The gravest stand first."""

    REPLACED = "replaced"
    GONE = "gone"
    ENDED = "ended"
    TERMINATING = "terminating"
    NODE_SILENT = "node silent"
    STOPPED = "container stopped"
    NOT_READY = "not ready"
    RESTARTED = "container restarted"
    UNFOLLOWED = "not followed"

    @property
    def ends(self) -> bool:
        """Whether the pod is over or will be soon, so that its successor is of use."""
        return self in _ENDS


_ENDS: Final = frozenset({TroubleKind.REPLACED, TroubleKind.GONE, TroubleKind.ENDED, TroubleKind.TERMINATING})


@dataclass(frozen=True, slots=True)
class PodTrouble:
    """One of them: since when, by whoever's clock told it, and which container it is about."""

    kind: TroubleKind
    since: datetime | None
    container: Container | None = None


def troubles(fate: PodFate, now: datetime) -> tuple[PodTrouble, ...]:
    """What is true of the pod at this moment: at most one of itself, the gravest, and that it is not followed."""
    own = next(_own(fate, now), None)
    found = [own] if own is not None else []
    if fate.unfollowed is not None:
        found.append(PodTrouble(TroubleKind.UNFOLLOWED, fate.unfollowed.since))
    return tuple(found)


def _own(fate: PodFate, now: datetime) -> Iterator[PodTrouble]:
    pod, gone = fate.pod, fate.gone
    if gone is not None:
        yield PodTrouble(TroubleKind.REPLACED if gone.replaced_by is not None else TroubleKind.GONE, gone.at)
    if is_over(pod):
        yield PodTrouble(TroubleKind.ENDED, _ended_at(pod))
    if pod.deleting is not None:
        yield PodTrouble(TroubleKind.TERMINATING, pod.deleting - timedelta(seconds=pod.grace_s))
    ready = pod.condition("Ready")
    since = ready.since if ready is not None else None
    if is_node_silent(pod):
        yield PodTrouble(TroubleKind.NODE_SILENT, since)
    app = pod.container(pod.app_container)
    if app is not None and app.status is not None and not app.is_running:
        before = app.status.ended or app.status.ended_before
        yield PodTrouble(TroubleKind.STOPPED, before.at if before is not None else since, app)
    if not pod.is_ready:
        yield PodTrouble(TroubleKind.NOT_READY, since)
    yield from _restarted(pod, now)


def _ended_at(pod: Pod) -> datetime | None:
    """When its last process ended, as far as that is known."""
    return max((each.ended.at for each in pod.statuses if each.ended is not None and each.ended.at), default=None)


def _restarted(pod: Pod, now: datetime) -> Iterator[PodTrouble]:
    for container in pod.containers:
        status = container.status
        if status is None or not status.restarts or not status.is_running or status.running_since is None:
            continue
        if now - status.running_since < RESTART_SHOWN:
            yield PodTrouble(TroubleKind.RESTARTED, status.running_since, container)
