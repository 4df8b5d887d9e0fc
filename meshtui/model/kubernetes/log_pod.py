"""Whose log is read: a pod's containers, which of them is the mesh's agent, and how far one was read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.fields import words
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.log_lines import LogLine
from meshtui.model.kubernetes.pod import PROXY, Container, ContainerKind, ContainerStatus, Pod
from meshtui.model.kubernetes.pod_mesh import INJECTED
from meshtui.model.kubernetes.pod_status import status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPod:
    """A pod and its containers, the agent of the mesh first; ``state`` is kubectl's STATUS. Of a pod that may not be
    read ``containers`` and ``state`` are empty, and ``agent`` is the usual name."""

    namespace: str
    name: str
    uid: str = ""
    state: str = ""
    agent: str = PROXY
    containers: tuple[Container, ...] = ()

    @property
    def words(self) -> str:
        """``pod/echo-v1 (echo-grpc)``."""
        return f"pod/{self.name} ({self.namespace})"

    def status(self, container: str) -> ContainerStatus | None:
        """What is known of a container; ``None`` where nothing is."""
        return next((each.status for each in self.containers if each.name == container), None)


def log_pod(pod: Pod) -> LogPod:
    """The pod as far as its logs go."""
    agent = agent_of(pod)
    ordered = sorted(pod.containers, key=lambda each: (each.name != agent, each.kind is ContainerKind.INIT))
    return LogPod(
        namespace=pod.namespace,
        name=pod.name,
        uid=pod.uid,
        state=status_of(pod).status,
        agent=agent,
        containers=tuple(ordered),
    )


def agent_of(pod: Pod) -> str:
    """The container in which the mesh's agent runs, whatever its name: ``istio-proxy``, else the one that is told to
    serve gRPC, else the first that the injector says it added; without any the app's."""
    goes_on = pod.of_kind(ContainerKind.APP, ContainerKind.SIDECAR)
    names = [each.name for each in goes_on]
    if PROXY in names:
        return PROXY
    told = (each.name for each in goes_on if each.variable("ISTIO_META_GENERATOR") == "grpc")
    added = (name for name in _injected(pod) if name in names)
    return next(told, "") or next(added, "") or pod.app_container or PROXY


def _injected(pod: Pod) -> Iterable[str]:
    """What Istio's injector says it added (``sidecar.istio.io/status``)."""
    try:
        said = json.loads(pod.annotations.get(INJECTED, ""))
    except (ValueError, RecursionError):
        return ()
    return (*words(said, "containers"), *words(said, "initContainers"))


@dataclass(frozen=True, slots=True)
class LogPlace:
    """How far a log was read: ``taken`` lines of the time ``at``, and all before. Times are the runtime's."""

    at: datetime
    taken: int


def place_after(place: LogPlace | None, lines: Iterable[LogLine]) -> LogPlace | None:
    """The place after these lines as well; ``None`` while no line had a time."""
    at, taken = (place.at, place.taken) if place is not None else (None, 0)
    for line in lines:
        if line.at is not None and (at is None or line.at >= at):
            at, taken = line.at, taken + 1 if line.at == at else 1
    return LogPlace(at, taken) if at is not None else None


class LogForbidden(TargetUnreachable):
    """The log may not be read; ``lacking`` says which right would allow it."""

    def __init__(self, what: str, hint: str, lacking: Lacking) -> None:
        super().__init__(what, hint)
        self.lacking = lacking


class OtherPod(TargetUnreachable):
    """The pod is gone, and another one has its name: that one's log is not read in its place."""
