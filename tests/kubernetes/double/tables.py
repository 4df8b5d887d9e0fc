"""Tables of pods, printed by the rules of Kubernetes' ``pkg/printers/internalversion/printers.go`` (1.37)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from tests.kubernetes.double.store import Document

_COLUMNS: Final = (
    ("Name", "name", 0),
    ("Ready", "", 0),
    ("Status", "", 0),
    ("Restarts", "", 0),
    ("Age", "", 0),
    ("IP", "", 1),
    ("Node", "", 1),
    ("Nominated Node", "", 1),
    ("Readiness Gates", "", 1),
)

POD_COLUMNS: Final = [
    {"name": name, "type": "string", "format": form, "description": name, "priority": priority}
    for name, form, priority in _COLUMNS
]

PLAIN_COLUMNS: Final = [
    {"name": "Name", "type": "string", "format": "name", "description": "Name", "priority": 0},
    {"name": "Age", "type": "date", "format": "", "description": "Age", "priority": 0},
]
"""Those of a kind without columns of its own."""


def pod_cells(pod: Document, now: datetime) -> list[str]:
    """The nine cells of a pod."""
    status, spec = pod.get("status", {}), pod.get("spec", {})
    ready, words, restarts = _ready_status_restarts(pod, now)
    addresses = status.get("podIPs") or [{"ip": status.get("podIP") or "<none>"}]
    gates = [gate["conditionType"] for gate in spec.get("readinessGates", [])]
    true = sum(_condition(status, gate) for gate in gates)
    return [
        pod["metadata"].get("name", ""),
        ready,
        words,
        restarts,
        age(pod["metadata"].get("creationTimestamp"), now),
        addresses[0]["ip"],
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        f"{true}/{len(gates)}" if gates else "<none>",
    ]


def age(stamp: str | None, now: datetime) -> str:
    """``5d3h`` since then, as ``duration.HumanDuration`` writes it."""
    return human((now - moment(stamp)).total_seconds()) if stamp else "<unknown>"


def human(seconds: float) -> str:
    """A duration in seconds by ``k8s.io/apimachinery/pkg/util/duration``."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 60 * 2:
        return f"{whole}s"
    minutes, hours = whole // 60, whole // 3600
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 60 * 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 24 * 8:
        return _two(hours // 24, "d", hours % 24, "h")
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    if hours < 24 * 365 * 8:
        return _two(hours // 24 // 365, "y", hours // 24 % 365, "d")
    return f"{hours // 24 // 365}y"


def _two(big: int, unit: str, small: int, lesser: str) -> str:
    return f"{big}{unit}{small}{lesser}" if small else f"{big}{unit}"


def moment(stamp: str) -> datetime:
    """A time as the API writes it."""
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _condition(status: Document, kind: str) -> bool:
    found = (condition for condition in status.get("conditions", []) if condition["type"] == kind)
    return any(condition["status"] == "True" for condition in found)


def _ready_status_restarts(pod: Document, now: datetime) -> tuple[str, str, str]:
    status, spec = pod.get("status", {}), pod.get("spec", {})
    words = status.get("reason") or status.get("phase") or ""
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            words = "SchedulingGated"
    sidecars = {c["name"] for c in spec.get("initContainers", []) if c.get("restartPolicy") == "Always"}
    total = len(spec.get("containers") or ()) + len(sidecars)
    begun = status.get("initContainerStatuses", [])
    first, ready = _initializing(begun, sidecars, len(spec.get("initContainers", [])))
    if first and not _condition(status, "Initialized"):
        counted, words = begun, first
    else:
        counted = [one for one in begun if one["name"] in sidecars] + status.get("containerStatuses", [])
        words, more = _running(status.get("containerStatuses", []), words, _condition(status, "Ready"))
        ready += more
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            words = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            words = "Terminating"
    return f"{ready}/{total}", words, _restarts(counted, now)


def _initializing(begun: list[Document], sidecars: set[str], total: int) -> tuple[str, int]:
    """What the first init container that is not done says, and how many sidecars before it are ready."""
    ready = 0
    for index, one in enumerate(begun):
        state = one.get("state", {})
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and ended.get("exitCode", 0) == 0:
            continue
        if one["name"] in sidecars and one.get("started"):
            ready += bool(one.get("ready"))
            continue
        if ended is not None:
            return f"Init:{ended.get('reason') or _exit(ended)}", ready
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}", ready
        return f"Init:{index}/{total}", ready
    return "", ready


def _exit(ended: Document) -> str:
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _running(containers: list[Document], words: str, pod_ready: bool) -> tuple[str, int]:
    """STATUS by the containers, the first of the list having the last word, and how many are ready."""
    ready, running = 0, False
    for one in reversed(containers):
        state = one.get("state", {})
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if waiting.get("reason"):
            words = waiting["reason"]
        elif ended is not None:
            words = ended.get("reason") or _exit(ended)
        elif one.get("ready") and state.get("running") is not None:
            ready, running = ready + 1, True
    if words == "Completed" and running:
        words = "Running" if pod_ready else "NotReady"
    return words, ready


def _restarts(counted: Iterable[Document], now: datetime) -> str:
    total, last = 0, ""
    for one in counted:
        total += one.get("restartCount", 0)
        ended = (one.get("lastState") or {}).get("terminated") or {}
        last = max(last, ended.get("finishedAt") or "")
    return f"{total} ({age(last, now)} ago)" if total and last else str(total)


def row(cells: list[str], document: Document, include: str) -> dict[str, Any]:
    """A row of a table, with the object as the request wants it included."""
    if include == "None":
        return {"cells": cells, "object": None}
    whole = document
    if include != "Object":
        head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        whole = {**head, "metadata": document["metadata"]}
    return {"cells": cells, "object": whole}
