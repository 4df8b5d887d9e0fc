"""On which port of a pod CSDS may be: what is asked, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from meshtui.model.istio_ports import KNOWN_PORTS
from meshtui.model.kubernetes.pod import PROXY, ContainerKind, Pod
from meshtui.model.phrases import one_line

ANNOTATION: Final = "meshtui-admin-port"
"""The annotation of a pod that names its admin port, for an app that has it elsewhere than where it would be found."""

USUAL: Final = 17171
"""Where Istio's echo serves admin, and what a pod without declared ports is asked first."""

ADMIN_NAMES: Final = ("admin", "csds", "debug")
"""Parts of a declared port's name that make it likely."""

MOST_CANDIDATES: Final = 16
"""Ports that are asked at most: each is a connection to the app."""


@dataclass(frozen=True, slots=True)
class PortCandidate:
    """A port and why it is asked, as the end of "port 9999, …"."""

    port: int
    why: str


@dataclass(frozen=True, slots=True)
class AdminPorts:
    """What is asked, the likeliest first. ``said`` holds if the pod or the user named the one; ``problem`` says what is
    wrong with the pod's annotation, if anything."""

    candidates: tuple[PortCandidate, ...]
    said: bool = False
    problem: str = ""


def admin_ports(pod: Pod, typed: int | None = None) -> AdminPorts:
    """The ports on which the pod may serve CSDS. A typed one is the only one; so is that of the annotation."""
    if typed is not None:
        return AdminPorts((PortCandidate(typed, "as given"),), said=True)
    written = pod.annotations.get(ANNOTATION)
    if written is None:
        return AdminPorts(_candidates(pod))
    port = _port(written.strip())
    if port is not None:
        return AdminPorts((PortCandidate(port, f"by the pod's annotation {ANNOTATION}"),), said=True)
    problem = f"the pod's annotation {ANNOTATION} is no port: {one_line(written, 40)!r}"
    return AdminPorts(_candidates(pod), problem=problem)


def _port(written: str) -> int | None:
    if not (written.isascii() and written.isdecimal() and len(written) <= 5):
        return None
    return int(written) if 0 < int(written) < 65_536 else None


def _candidates(pod: Pod) -> tuple[PortCandidate, ...]:
    found: dict[int, PortCandidate] = {}
    for each in (*_declared(pod), PortCandidate(USUAL, "where Istio's echo has it, though not declared")):
        found.setdefault(each.port, each)
    declared = {each.number: each.name for container in pod.containers for each in container.ports}
    ordered = sorted(found.values(), key=lambda each: _rank(each.port, declared))
    return tuple(ordered[:MOST_CANDIDATES])


def _rank(port: int, declared: Mapping[int, str]) -> int:
    """The likeliest first: 17171 if it is declared, one called admin, 17171 all the same, any other declared one."""
    if port == USUAL:
        return 0 if port in declared else 2
    name = declared.get(port, "").lower()
    return 1 if any(part in name for part in ADMIN_NAMES) else 3


def _declared(pod: Pod) -> Iterator[PortCandidate]:
    """Ports that the pod's containers declare, but those that are Istio's own or known to serve something else."""
    for container in pod.of_kind(ContainerKind.APP, ContainerKind.SIDECAR):
        for port in container.ports:
            if container.name == PROXY or port.protocol != "TCP" or not 0 < port.number < 65_536:
                continue
            if port.number in KNOWN_PORTS:
                continue
            name = f", named {one_line(port.name, 40)}" if port.name else ""
            yield PortCandidate(port.number, f"declared by container {one_line(container.name, 64)}{name}")
