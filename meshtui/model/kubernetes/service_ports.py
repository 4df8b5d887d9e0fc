"""Which port of a pod a Service's port leads to."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.kubernetes.fields import at, number, objects, text
from meshtui.model.kubernetes.pod import Pod


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """A port of a Service. ``target`` is a number or the name of a container's port; without one it is ``number``."""

    number: int
    name: str
    target: int | str

    def in_pod(self, pod: Pod) -> int | None:
        """The port of the pod it leads to; ``None`` if no container of the pod declares a port of that name."""
        if isinstance(self.target, int):
            return self.target
        declared = (port for container in pod.containers for port in container.ports)
        return next((port.number for port in declared if port.name == self.target), None)


def service_ports(document: object) -> tuple[ServicePort, ...]:
    """The TCP ports of a Service in the API server's JSON."""
    return tuple(
        ServicePort(number=number(each, "port"), name=text(each, "name"), target=_target(each))
        for each in objects(document, "spec", "ports")
        if text(each, "protocol") in {"", "TCP"}
    )


def _target(document: object) -> int | str:
    written = at(document, "targetPort")
    if isinstance(written, str) and written:
        return written
    return number(document, "targetPort") or number(document, "port")
