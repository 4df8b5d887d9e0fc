"""What a cluster says is behind the Services that a client holds endpoints of."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from meshtui.model.ip import ip_of
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.objects import EndpointPod, EndpointSlice, Service
from meshtui.model.kubernetes.reference import is_object_name
from meshtui.model.xds.config import ClusterLoadAssignment, Endpoint
from meshtui.model.xds.names import parse_service_name
from meshtui.model.xds.resource import EDS, ResourceKey
from meshtui.model.xds.serving import serving, usable
from meshtui.model.xds.snapshot import Snapshot

MOST_DEPARTED: Final = 1_000
"""Pods that are gone and still known by their address: some rollouts of a large Service."""


HOSTS_REMEMBERED: Final = 16_384
"""Hosts of which it is remembered which Service they are: more than a client of ten thousand resources has."""


class ServiceRef(NamedTuple):
    """A Service by namespace and name."""

    namespace: str
    name: str

    @property
    def words(self) -> str:
        """For people: ``Service echo in echo-grpc``."""
        return f"Service {self.name} in {self.namespace}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One look. A Service that is in one of the maps was asked for and answered, be it with nothing.

    ``pods`` are those that a Service selects. ``others`` are pods found at an address that none of its own has, or
    ``None`` where there was no pod either. ``entries`` are the addresses of WorkloadEntries by namespace; a namespace
    is missing where they could not be read. ``departed`` are pods seen in earlier looks that are gone, by address.
    """

    taken_at: datetime
    services: Mapping[ServiceRef, Service] = field(default_factory=lambda: MappingProxyType({}))
    slices: Mapping[ServiceRef, tuple[EndpointSlice, ...]] = field(default_factory=lambda: MappingProxyType({}))
    pods: Mapping[ServiceRef, tuple[EndpointPod, ...]] = field(default_factory=lambda: MappingProxyType({}))
    others: Mapping[tuple[str, str], EndpointPod | None] = field(default_factory=lambda: MappingProxyType({}))
    entries: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    departed: Mapping[tuple[str, str], EndpointPod] = field(default_factory=lambda: MappingProxyType({}))
    lacking: tuple[Lacking, ...] = ()

    @property
    def versions(self) -> Mapping[str, str]:
        """The version label of the pod at each address, where one pod has the address for itself and is labelled."""
        return MappingProxyType(
            {
                address: pod.version
                for pods in self.pods.values()
                for pod in pods
                if pod.version and not pod.on_host_network
                for address in pod.addresses
            }
        )

    def after(self, before: Behind | None) -> Behind:
        """With the pods of the look before that are gone; an address that a pod has again is no longer one's."""
        if before is None:
            return self
        seen = (pod for service in self.pods for pod in before.pods.get(service, ()))
        alive = {pod.uid for pods in self.pods.values() for pod in pods}
        known = {**before.departed, **_by_address(seen)}
        gone = [(place, pod) for place, pod in known.items() if pod.uid not in alive]
        return replace(self, departed=MappingProxyType(dict(gone[-MOST_DEPARTED:])))


def _by_address(pods: Iterable[EndpointPod]) -> dict[tuple[str, str], EndpointPod]:
    """Pods by namespace and address, but for those on the network of their node, whose address is the node's."""
    return {(pod.name.namespace, address): pod for pod in pods if not pod.on_host_network for address in pod.addresses}


@lru_cache(HOSTS_REMEMBERED)
def service_of_host(host: str) -> ServiceRef | None:
    """``echo.echo-grpc.svc.cluster.local`` as a Service; ``None`` for a host that names none."""
    name, _, rest = host.partition(".")
    namespace, _, rest = rest.partition(".")
    named = rest.startswith("svc.") and is_object_name(name) and is_object_name(namespace)
    return ServiceRef(namespace, name) if named else None


@dataclass(frozen=True, slots=True)
class HeldEndpoint:
    """An endpoint that the client sends calls to: of which resource, of which Service, at which address."""

    key: ResourceKey
    service: ServiceRef
    endpoint: Endpoint
    address: str


def held_endpoints(snapshot: Snapshot, services: Container[ServiceRef]) -> tuple[HeldEndpoint, ...]:
    """The endpoints of these Services that this client's accepted config sends calls to, resource by resource."""
    held: list[HeldEndpoint] = []
    for key, service in _of_services(snapshot):
        body = snapshot.resources[key].body if service in services else None
        if isinstance(body, ClusterLoadAssignment):
            held += [
                HeldEndpoint(key, service, endpoint, ip_of(endpoint.address))
                for locality in serving(body).localities
                for endpoint in usable(locality)
            ]
    return tuple(held)


def _of_services(snapshot: Snapshot) -> Iterator[tuple[ResourceKey, ServiceRef]]:
    """The endpoints' resources that are of a Service."""
    for key in snapshot.resources:
        name = parse_service_name(key.name) if key.type == EDS else None
        service = service_of_host(name.host) if name is not None and name.direction == "outbound" else None
        if service is not None:
            yield key, service


MOST_SERVICES: Final = 50
"""Services held against the cluster; a proxyless client has channels to a few."""


def wanted_of(snapshot: Snapshot) -> Mapping[ServiceRef, frozenset[str]]:
    """The Services that the client holds endpoints of, with their addresses: what is asked of the cluster. Beyond
    :data:`MOST_SERVICES`, by their names, without addresses."""
    services = sorted({service for _, service in _of_services(snapshot)})
    addresses = addresses_of(held_endpoints(snapshot, frozenset(services[:MOST_SERVICES])))
    return {service: addresses.get(service, frozenset()) for service in services}


def addresses_of(held: Iterable[HeldEndpoint]) -> Mapping[ServiceRef, frozenset[str]]:
    """The addresses that the client has for each Service."""
    found: dict[ServiceRef, set[str]] = {}
    for each in held:
        found.setdefault(each.service, set()).add(each.address)
    return {service: frozenset(addresses) for service, addresses in found.items()}


def unexplained(behind: Behind, wanted: Mapping[ServiceRef, frozenset[str]]) -> tuple[tuple[str, str], ...]:
    """Namespace and address of what neither an EndpointSlice nor a pod of its Service has: who has it then?"""
    return tuple(
        sorted(
            {
                (service.namespace, address)
                for service, addresses in wanted.items()
                if service in behind.slices and service in behind.pods
                for address in addresses - _own(behind, service)
            }
        )
    )


def _own(behind: Behind, service: ServiceRef) -> frozenset[str]:
    of_slices = {
        address for each in behind.slices[service] for endpoint in each.endpoints for address in endpoint.addresses
    }
    return frozenset(of_slices.union(*(pod.addresses for pod in behind.pods[service])))
