"""A pod as the API server knows it; what is made of it stands beside (``pod_status``, ``pod_mesh``, ``pod_reach``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from meshtui.model.kubernetes.fields import mapping, moment, number, objects, text, texts, truth

PROXY: Final = "istio-proxy"
"""The container that Istio injects: Envoy, or with the grpc-agent template the istio-agent alone."""

DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
"""The annotation by which kubectl and Istio's injector name the app's container."""


class ContainerKind(Enum):
    """Where in a pod's spec a container stands."""

    APP = "container"
    INIT = "init container"
    SIDECAR = "native sidecar"
    """An init container with ``restartPolicy: Always``, which goes on running (Kubernetes 1.29)."""
    EPHEMERAL = "ephemeral container"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a container's process ended. ``signal`` is 0 when none did it; ``at`` is when it ended."""

    exit_code: int
    signal: int
    reason: str
    message: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that a container declares: a remark, not a rule; any port can be open without one."""

    number: int
    name: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable of a container; ``value`` is ``None`` where it comes from elsewhere (``valueFrom``)."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerStatus:
    """What the kubelet says of a container; of ``waiting``, ``running_since``/``is_running`` and ``ended`` one holds.

    ``waiting`` is the reason, empty if none was given and ``None`` if it does not wait; ``ended_before`` is how the
    process before this one ended.
    """

    name: str
    ready: bool
    started: bool
    restarts: int
    waiting: str | None
    waiting_message: str
    is_running: bool
    running_since: datetime | None
    ended: Ended | None
    ended_before: Ended | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container; ``status`` is ``None`` until the kubelet has said something of it.

    ``hidden_variables`` says that more variables come from a whole ConfigMap or Secret (``envFrom``), whose names are
    not in the pod.
    """

    name: str
    kind: ContainerKind
    image: str
    ports: tuple[Port, ...]
    variables: tuple[Variable, ...]
    hidden_variables: bool
    status: ContainerStatus | None

    @property
    def is_running(self) -> bool:
        """Whether the kubelet says that its process runs."""
        return self.status is not None and self.status.is_running

    def variable(self, name: str) -> str | None:
        """The literal value of a variable, or ``None``. The last of a name holds, as for the process."""
        return next((each.value for each in reversed(self.variables) if each.name == name), None)

    def names(self, name: str) -> bool:
        """Whether it has the variable, wherever the value comes from."""
        return any(each.name == name for each in self.variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition of the pod, as ``Ready`` or ``PodScheduled``; ``status`` is ``True``, ``False`` or ``Unknown``."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What made the pod and would make another, as a ReplicaSet."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod at one moment (``resource_version``). ``uid`` tells it from another of the same name before or after.

    ``deleting`` is the deletion timestamp: the time by which its processes are to have ended, not when that was asked
    for, which is ``grace_s`` seconds before.
    ``init_statuses`` and ``statuses`` are in the server's order, which STATUS depends on.
    """

    name: str
    namespace: str
    uid: str
    resource_version: str
    created: datetime | None
    deleting: datetime | None
    grace_s: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owner: Owner | None
    node: str
    ip: str
    service_account: str
    phase: str
    reason: str
    message: str
    conditions: tuple[Condition, ...]
    readiness_gates: tuple[str, ...]
    containers: tuple[Container, ...]
    init_statuses: tuple[ContainerStatus, ...]
    statuses: tuple[ContainerStatus, ...]

    def container(self, name: str) -> Container | None:
        """The container of that name."""
        return next((each for each in self.containers if each.name == name), None)

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type."""
        return next((each for each in self.conditions if each.type == kind), None)

    @property
    def is_ready(self) -> bool:
        """Whether its ``Ready`` condition holds, by which endpoints are made."""
        ready = self.condition("Ready")
        return ready is not None and ready.status == "True"

    def of_kind(self, *kinds: ContainerKind) -> tuple[Container, ...]:
        """The containers of these kinds, in the pod's order."""
        return tuple(each for each in self.containers if each.kind in kinds)

    @property
    def app_container(self) -> str:
        """The container that is meant when none is named: the annotated one, else the first that is not Istio's."""
        apps = [each.name for each in self.of_kind(ContainerKind.APP)]
        named = self.annotations.get(DEFAULT_CONTAINER, "")
        if named in apps:
            return named
        return next((name for name in apps if name != PROXY), apps[0] if apps else "")

    def reading_order(self) -> tuple[str, ...]:
        """The containers in which the mesh's files may be read, the likeliest first: the app, the others, Istio's."""
        apps = [each.name for each in self.of_kind(ContainerKind.APP)]
        proxy = self.container(PROXY)
        ordered = [self.app_container, *(name for name in apps if name != PROXY)]
        if proxy is not None and proxy.kind is not ContainerKind.INIT:
            ordered.append(PROXY)
        return tuple(dict.fromkeys(name for name in ordered if name))


def pod_of(document: object) -> Pod:
    """The pod in the API server's JSON. Whatever is missing there is empty here; nothing is raised."""
    meta = mapping(document, "metadata")
    status = mapping(document, "status")
    init_statuses = tuple(map(_status, objects(status, "initContainerStatuses")))
    statuses = tuple(map(_status, objects(status, "containerStatuses")))
    return Pod(
        name=text(meta, "name"),
        namespace=text(meta, "namespace"),
        uid=text(meta, "uid"),
        resource_version=text(meta, "resourceVersion"),
        created=moment(meta, "creationTimestamp"),
        deleting=moment(meta, "deletionTimestamp"),
        grace_s=number(meta, "deletionGracePeriodSeconds"),
        labels=texts(meta, "labels"),
        annotations=texts(meta, "annotations"),
        owner=_owner(meta),
        node=text(document, "spec", "nodeName"),
        ip=_ip(status),
        service_account=text(document, "spec", "serviceAccountName"),
        phase=text(status, "phase"),
        reason=text(status, "reason"),
        message=text(status, "message"),
        conditions=tuple(map(_condition, objects(status, "conditions"))),
        readiness_gates=tuple(text(each, "conditionType") for each in objects(document, "spec", "readinessGates")),
        containers=tuple(_containers(document)),
        init_statuses=init_statuses,
        statuses=statuses,
    )


def _ip(status: Mapping[str, object]) -> str:
    return next((text(each, "ip") for each in objects(status, "podIPs")), text(status, "podIP"))


def _owner(meta: Mapping[str, object]) -> Owner | None:
    for each in objects(meta, "ownerReferences"):
        if truth(each, "controller"):
            return Owner(kind=text(each, "kind"), name=text(each, "name"), uid=text(each, "uid"))
    return None


def _condition(document: Mapping[str, object]) -> Condition:
    return Condition(
        type=text(document, "type"),
        status=text(document, "status"),
        reason=text(document, "reason"),
        message=text(document, "message"),
        since=moment(document, "lastTransitionTime"),
    )


def _containers(document: object) -> Iterator[Container]:
    status = mapping(document, "status")
    for listed, said, kind in (
        ("initContainers", "initContainerStatuses", ContainerKind.INIT),
        ("containers", "containerStatuses", ContainerKind.APP),
        ("ephemeralContainers", "ephemeralContainerStatuses", ContainerKind.EPHEMERAL),
    ):
        known = {text(each, "name"): _status(each) for each in objects(status, said)}
        for each in objects(document, "spec", listed):
            stays = kind is ContainerKind.INIT and text(each, "restartPolicy") == "Always"
            yield _container(each, ContainerKind.SIDECAR if stays else kind, known.get(text(each, "name")))


def _container(document: Mapping[str, object], kind: ContainerKind, status: ContainerStatus | None) -> Container:
    return Container(
        name=text(document, "name"),
        kind=kind,
        image=text(document, "image"),
        ports=tuple(
            Port(
                number=number(each, "containerPort"),
                name=text(each, "name"),
                protocol=text(each, "protocol") or "TCP",
            )
            for each in objects(document, "ports")
        ),
        variables=tuple(
            Variable(name=text(each, "name"), value=None if "valueFrom" in each else text(each, "value"))
            for each in objects(document, "env")
        ),
        hidden_variables=any(True for _ in objects(document, "envFrom")),
        status=status,
    )


def _status(document: Mapping[str, object]) -> ContainerStatus:
    state = mapping(document, "state")
    waits = "waiting" in state
    return ContainerStatus(
        name=text(document, "name"),
        ready=truth(document, "ready"),
        started=truth(document, "started"),
        restarts=number(document, "restartCount"),
        waiting=text(state, "waiting", "reason") if waits else None,
        waiting_message=text(state, "waiting", "message"),
        is_running="running" in state,
        running_since=moment(state, "running", "startedAt"),
        ended=_ended(state),
        ended_before=_ended(mapping(document, "lastState")),
    )


def _ended(state: Mapping[str, object]) -> Ended | None:
    if "terminated" not in state:
        return None
    return Ended(
        exit_code=number(state, "terminated", "exitCode"),
        signal=number(state, "terminated", "signal"),
        reason=text(state, "terminated", "reason"),
        message=text(state, "terminated", "message"),
        at=moment(state, "terminated", "finishedAt"),
    )
