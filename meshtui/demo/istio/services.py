"""What can be called by a name, and which of several that have one name is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.workload import Labels, MeshWorkload

NO_ADDRESS = "0.0.0.0"
"""What a Service without a cluster IP (headless) has instead."""


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service."""

    number: int
    target: int
    routed: bool = True
    """Whether istiod makes routes for it: of a TCP port it does not, so a client finds a listener without routes."""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be called by a name: a Kubernetes Service, or a ServiceEntry of workloads in the mesh."""

    origin: Origin
    host: str
    """The fully qualified name."""
    selector: Labels
    ports: tuple[ServicePort, ...]
    cluster_ip: str
    preferred: tuple[str, ...] = ()
    """Topology labels that endpoints are ordered by without any rule: what ``trafficDistribution`` stands for."""
    alias_of: str = ""
    """The host that a Service of the type ExternalName stands for."""
    endpoints: tuple[MeshWorkload, ...] = ()
    """What a ServiceEntry lists in the place of pods."""
    node_local: bool = False
    """``internalTrafficPolicy: Local``: clients get the pods on their own node alone."""

    def port(self, number: int) -> ServicePort | None:
        """The port with this number, if there is one."""
        return next((port for port in self.ports if port.number == number), None)

    def part(self, ports: frozenset[int | None]) -> Service | None:
        """What who is told of some ports alone knows of it, or None if it has none of them; None among them is all."""
        kept = tuple(port for port in self.ports if None in ports or port.number in ports)
        return replace(self, ports=kept) if kept else None


def one_each(services: Iterable[Service], namespace: str) -> tuple[Service, ...]:
    """Of each name the one that clients in a namespace mean: their own namespace's, then Kubernetes', then the oldest.

    ``services`` are given by age (istio ``pilot/pkg/model/sidecar.go``, selectServices and appendSidecarServices).
    """

    def rank(service: Service) -> tuple[bool, bool]:
        return service.origin.namespace != namespace, service.origin.kind != "Service"

    found: dict[str, Service] = {}
    for service in services:
        known = found.setdefault(service.host, service)
        if rank(service) < rank(known):
            found[service.host] = service
    return tuple(found.values())


def united(told: Iterable[Service]) -> tuple[Service, ...]:
    """Of each name one Service, with all the ports that were told of (istio, appendSidecarServices)."""
    out: dict[str, Service] = {}
    for service in told:
        known = out.setdefault(service.host, service)
        if known.origin == service.origin:
            more = tuple(port for port in service.ports if known.port(port.number) is None)
            out[service.host] = replace(known, ports=(*known.ports, *more))
    return tuple(out.values())
