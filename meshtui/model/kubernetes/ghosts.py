"""Endpoints that a client still sends calls to although the pod behind them is ending, gone, or another's.

Held against each other are the accepted EDS and what the cluster says of the same Service. Whatever cannot be told is
no ghost: an endpoint of another cluster of the mesh, of a WorkloadEntry, at the address of a node, or of a Service
whose slices or pods could not be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from meshtui.model.kubernetes.behind import Behind, HeldEndpoint, ServiceRef, held_endpoints
from meshtui.model.kubernetes.objects import EndpointPod, EndpointSlice, ObjectName, SliceEndpoint
from meshtui.model.xds.resource import ResourceKey
from meshtui.model.xds.snapshot import Snapshot


class Fate(Enum):
    """What became of the pod behind an endpoint."""

    TERMINATING = "ending"
    """It was asked to end; it may serve until it has."""
    ENDED = "ended"
    """Its containers have stopped for good: nothing listens there."""
    DELETED = "deleted"
    """It was seen, and the cluster has it no more."""
    ANOTHERS = "another's"
    """The address is now that of a pod the Service does not select."""
    UNKNOWN = "unknown"
    """No pod, no EndpointSlice and no WorkloadEntry of this cluster has the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghost:
    """One such endpoint, ``address`` as EDS has it. ``since`` is when that was first seen, or began by the cluster's
    own word. ``pod`` is ``None`` where nobody knows which it was; ``reason`` is the pod's own (``Evicted``), or empty.
    ``slices`` are those of the Service, ``marked`` says that one of them marks the endpoint as terminating.
    """

    key: ResourceKey
    address: str
    service: ServiceRef
    fate: Fate
    since: datetime
    pod: ObjectName | None = None
    reason: str = ""
    slices: tuple[ObjectName, ...] = ()
    marked: bool = False
    takes_unready: bool = False

    @property
    def identity(self) -> tuple[ResourceKey, str, Fate, ObjectName | None]:
        """What makes it the ghost of the look before."""
        return self.key, self.address, self.fate, self.pod


def ghosts(snapshot: Snapshot, behind: Behind, before: Iterable[Ghost] = ()) -> tuple[Ghost, ...]:
    """The ghosts among the endpoints that are in use; those of the look ``before`` keep their ``since``."""
    held = held_endpoints(snapshot, behind.slices)
    here = _own_clusters(held, behind)
    since = {ghost.identity: ghost.since for ghost in before}
    found: list[Ghost] = []
    for each in held:
        ghost = _judged(each, behind, here)
        if ghost is not None:
            found.append(replace(ghost, since=min(ghost.since, since.get(ghost.identity, ghost.since))))
    return tuple(found)


def _judged(held: HeldEndpoint, behind: Behind, here: frozenset[str]) -> Ghost | None:
    service = held.service
    if service not in behind.slices:
        return None
    slices = behind.slices[service]
    listed = _listed(slices, held.address)
    pod = next((each for each in behind.pods.get(service, ()) if held.address in each.addresses), None)
    known = behind.services.get(service)
    ghost = Ghost(
        key=held.key,
        address=held.endpoint.address,
        service=service,
        fate=Fate.UNKNOWN,
        since=behind.taken_at,
        slices=tuple(sorted(each.name for each in slices)),
        marked=listed is not None and listed.terminating,
        takes_unready=known is not None and known.takes_unready,
    )
    if listed is not None and listed.terminating:
        began = pod.deleted_at if pod is not None and pod.deleted_at is not None else behind.taken_at
        return replace(ghost, fate=Fate.TERMINATING, pod=listed.pod, since=min(began, behind.taken_at))
    if pod is not None:
        return _of_pod(ghost, pod)
    if listed is not None or service not in behind.pods:
        return None
    return _without_pod(ghost, held, behind, here)


def _listed(slices: tuple[EndpointSlice, ...], address: str) -> SliceEndpoint | None:
    """The endpoint with this address. One that is not ending comes before one that is: a successor at its address."""
    found = [each for one in slices for each in one.endpoints if address in each.addresses]
    return min(found, key=lambda each: each.terminating, default=None)


def _of_pod(ghost: Ghost, pod: EndpointPod) -> Ghost | None:
    """A pod that the Service selects has the address."""
    if pod.ended and not pod.on_host_network:
        return replace(ghost, fate=Fate.ENDED, pod=pod.name, reason=pod.reason or pod.phase)
    if pod.deleted_at is not None:
        return replace(ghost, fate=Fate.TERMINATING, pod=pod.name, since=min(pod.deleted_at, ghost.since))
    return None


def _without_pod(ghost: Ghost, held: HeldEndpoint, behind: Behind, here: frozenset[str]) -> Ghost | None:
    """Neither a slice nor a pod of the Service has the address."""
    place = (held.service.namespace, held.address)
    entries = behind.entries.get(held.service.namespace)
    departed = behind.departed.get(place)
    if place not in behind.others or (entries and held.address in entries):
        return None
    if departed is None and held.endpoint.cluster not in here:
        return None
    other = behind.others[place]
    if other is not None and not other.ended:
        return None if other.on_host_network else replace(ghost, fate=Fate.ANOTHERS, pod=other.name)
    if departed is not None:
        return replace(ghost, fate=Fate.DELETED, pod=departed.name)
    return ghost if entries is not None else None


def _own_clusters(held: Iterable[HeldEndpoint], behind: Behind) -> frozenset[str]:
    """What the control plane calls this cluster: what it says of endpoints that the cluster's own slices have too.

    Where it names no clusters, nothing tells an endpoint of another one from a dead one.
    """
    own: Mapping[ServiceRef, frozenset[str]] = {
        service: frozenset(address for one in slices for each in one.endpoints for address in each.addresses)
        for service, slices in behind.slices.items()
    }
    return frozenset(each.endpoint.cluster for each in held if each.address in own.get(each.service, ())) - {""}
