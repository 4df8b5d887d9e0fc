"""STATUS, READY, RESTARTS and AGE in kubectl's own words.

The API server prints these columns, and kubectl shows them as they come. The rules are those of Kubernetes 1.37
(pkg/printers/internalversion/printers.go, ``printPod``; k8s.io/apimachinery/pkg/util/duration, ``HumanDuration``). In a
list the server's own cells are taken instead, which follow the rules of its version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.kubernetes.pod import ContainerKind, ContainerStatus, Ended, Pod

NODE_LOST: Final = "NodeLost"
"""The pod's reason while its node does not answer and the pod is being deleted."""

UNKNOWN_AGE: Final = "<unknown>"
"""kubectl's word for a time that is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodStatus:
    """The four columns; ``restarted`` is when a container last ended, of those whose restarts count."""

    status: str
    ready: int
    containers: int
    restarts: int
    restarted: datetime | None

    @property
    def ready_words(self) -> str:
        """READY, as ``1/2``."""
        return f"{self.ready}/{self.containers}"

    def restart_words(self, now: datetime) -> str:
        """RESTARTS, as ``0`` or ``7 (26s ago)``."""
        if self.restarts and self.restarted is not None:
            return f"{self.restarts} ({age_of(self.restarted, now)} ago)"
        return str(self.restarts)


def status_of(pod: Pod) -> PodStatus:
    """What ``kubectl get pods`` says of the pod."""
    sidecars = {each.name for each in pod.of_kind(ContainerKind.SIDECAR)}
    starting = _starting(pod, sidecars)
    initialized = pod.condition("Initialized")
    if starting.word and not (initialized is not None and initialized.status == "True"):
        word, ready = starting.word, starting.ready
        counted: Iterable[ContainerStatus] = starting.seen
    else:
        word = _running_word(pod, starting.word or _plain_word(pod))
        ready = starting.ready + sum(1 for each in pod.statuses if _is_up(each))
        counted = [*(each for each in starting.seen if each.name in sidecars), *pod.statuses]
    counted = list(counted)
    return PodStatus(
        status=_leaving_word(pod) or word,
        ready=ready,
        containers=len(pod.of_kind(ContainerKind.APP)) + len(sidecars),
        restarts=sum(each.restarts for each in counted),
        restarted=max(
            (each.ended_before.at for each in counted if each.ended_before and each.ended_before.at), default=None
        ),
    )


def _plain_word(pod: Pod) -> str:
    """The word before any container is looked at."""
    gated = any(each.type == "PodScheduled" and each.reason == "SchedulingGated" for each in pod.conditions)
    return "SchedulingGated" if gated else pod.reason or pod.phase


@dataclass(frozen=True, slots=True)
class _Starting:
    """How far the init containers are: those looked at, how many stay ready, and the word of the first unfinished."""

    seen: list[ContainerStatus]
    ready: int
    word: str


def _starting(pod: Pod, sidecars: set[str]) -> _Starting:
    seen: list[ContainerStatus] = []
    ready = 0
    for index, each in enumerate(pod.init_statuses):
        seen.append(each)
        if each.ended is not None and each.ended.exit_code == 0:
            continue
        if each.name in sidecars and each.started:
            ready += each.ready
            continue
        return _Starting(seen, ready, f"Init:{_init_word(pod, each, index)}")
    return _Starting(seen, ready, "")


def _init_word(pod: Pod, status: ContainerStatus, index: int) -> str:
    if status.ended is not None:
        return _ended_word(status.ended)
    if status.waiting and status.waiting != "PodInitializing":
        return status.waiting
    return f"{index}/{len(pod.of_kind(ContainerKind.INIT, ContainerKind.SIDECAR))}"


def _ended_word(ended: Ended) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def _is_up(status: ContainerStatus) -> bool:
    return not status.waiting and status.ended is None and status.ready and status.is_running


def _running_word(pod: Pod, word: str) -> str:
    """The word of the first container that waits or has ended; ``Completed`` only if none still runs."""
    failed = ""
    for each in reversed(pod.statuses):
        if each.waiting:
            word = each.waiting
        elif each.ended is not None:
            word = _ended_word(each.ended)
            if each.ended.exit_code:
                failed = word
    if word != "Completed":
        return word
    is_up = any(map(_is_up, pod.statuses))
    if is_up and pod.is_ready:
        return "Running"
    return failed or ("NotReady" if is_up else word)


def _leaving_word(pod: Pod) -> str:
    """The word of a pod that is being deleted, which hides any other; empty for one that stays or has ended."""
    if pod.deleting is None:
        return ""
    if pod.reason == NODE_LOST:
        return "Unknown"
    return "" if pod.phase in {"Succeeded", "Failed"} else "Terminating"


def age_of(since: datetime | None, now: datetime) -> str:
    """AGE: the time since then, as ``26s``, ``4m5s``, ``3h``, ``2d4h``."""
    return UNKNOWN_AGE if since is None else human_duration(now - since)


def human_duration(span: timedelta) -> str:
    """A span as Kubernetes writes it, with two or three figures; up to two seconds in the future count as now."""
    seconds = int(span.total_seconds())
    if seconds < -1:
        return "<invalid>"
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 24 * 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 365 * 8 else f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}" + (f"{small}{small_unit}" if small else "")
