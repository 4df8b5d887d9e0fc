"""What the cluster says is behind a client's endpoints: Services, EndpointSlices, their pods, WorkloadEntries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from math import inf
from types import MappingProxyType
from typing import Final, TypeVar

from meshtui.model.clock import utc_now
from meshtui.model.ip import plain_address
from meshtui.model.kubernetes.behind import MOST_SERVICES, Behind, ServiceRef, unexplained
from meshtui.model.kubernetes.fields import objects
from meshtui.model.kubernetes.istio import NETWORKING, WorkloadEntry
from meshtui.model.kubernetes.istio_read import istio_object_of
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.objects import (
    SERVICE_NAME_LABEL,
    EndpointPod,
    EndpointSlice,
    Service,
    endpoint_pod_of,
    endpoint_slice_of,
    service_of,
)
from meshtui.model.kubernetes.rights import LIST_ENTRIES, LIST_PODS, LIST_SERVICES, LIST_SLICES
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.lists import Lists, NotServedError, gathered, nobody
from meshtui.sources.kubernetes.paths import api_path
from meshtui.sources.kubernetes.pods import pods_path

Key = TypeVar("Key")
Value = TypeVar("Value")

SERVICES_EVERY_S: Final = 60.0
"""Seconds for which a Service is taken to be as it was: its selector is what a person changes."""

MOST_UNEXPLAINED: Final = 8
"""Addresses for which it is asked in one look who has them. The others wait for a later one."""

ENTRY_VERSIONS: Final = ("v1", "v1beta1", "v1alpha3")
"""In which WorkloadEntries are served, the newest first: v1 since Istio 1.22."""


class BehindSource:
    """Looks at what is behind the Services whose addresses a client holds."""

    def __init__(
        self, api: Api, *, now: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._api, self._now, self._monotonic = api, now, monotonic
        self._services: dict[str, tuple[float, tuple[Service, ...]]] = {}
        """By namespace, when they were read and what was read."""
        self._entry_versions: tuple[str, ...] = ENTRY_VERSIONS

    async def look(self, wanted: Mapping[ServiceRef, frozenset[str]]) -> Behind:
        """What is behind them now.

        A list that is forbidden is named in ``lacking`` and costs what it would have told. Raises what says that the
        cluster gives no answer at all: ``ApiUnreachable``, ``LoginFailed``, ``BadAnswer``, or ``ApiRefused`` for a
        login that is not accepted.
        """
        chosen = sorted(wanted)[:MOST_SERVICES]
        lists = Lists(self._api)
        if len(wanted) > len(chosen):
            why = f"{len(chosen)} of {len(wanted)} are held against the cluster"
            lists.lacking.append(Lacking("Services", "", why))
        by_namespace: dict[str, list[str]] = {}
        for service in chosen:
            by_namespace.setdefault(service.namespace, []).append(service.name)
        found = await gathered(self._of_namespace(lists, place, names) for place, names in by_namespace.items())
        whole = Behind(
            taken_at=self._now(),
            services=_united(each.services for each in found),
            slices=_united(each.slices for each in found),
            pods=_united(each.pods for each in found),
            entries=_united(each.entries for each in found),
        )
        asked = unexplained(whole, {service: wanted[service] for service in chosen})[:MOST_UNEXPLAINED]
        others = await gathered(self._who_has(*place) for place in asked)
        return replace(
            whole,
            others={place: pod for place, (known, pod) in zip(asked, others, strict=True) if known},
            lacking=tuple(sorted(lists.lacking, key=lambda each: (each.namespace, each.what))),
        )

    async def _of_namespace(self, lists: Lists, namespace: str, names: list[str]) -> Behind:
        """What one namespace says of some of its Services."""
        named = f"{SERVICE_NAME_LABEL} in ({','.join(names)})"
        services = await self._services_of(lists, namespace, names)
        slices, entries = await gathered(
            (
                lists.all(
                    api_path("discovery.k8s.io", "v1", "endpointslices", namespace=namespace),
                    "EndpointSlices",
                    namespace,
                    LIST_SLICES,
                    [("labelSelector", named)],
                ),
                self._entries(lists, namespace),
            )
        )
        known = {
            ServiceRef(namespace, service.name.name): service for service in services if service.name.name in names
        }
        pods = await gathered(_pods(lists, namespace, service) for service in known.values())
        return Behind(
            taken_at=self._now(),
            services=known,
            slices=_by_service(namespace, names, slices),
            pods={ref: of for ref, of in zip(known, pods, strict=True) if of is not None},
            entries={} if entries is None else {namespace: _addresses(entries)},
        )

    async def _services_of(self, lists: Lists, namespace: str, names: list[str]) -> tuple[Service, ...]:
        """The Services of a namespace, which may have hundreds: read again when one is not among them, or after a
        minute."""
        read_at, known = self._services.get(namespace, (-inf, ()))
        fresh = self._monotonic() - read_at < SERVICES_EVERY_S
        if fresh and {service.name.name for service in known}.issuperset(names):
            return known
        path = api_path("", "v1", "services", namespace=namespace)
        found = await lists.all(path, "Services", namespace, LIST_SERVICES)
        if found is None:
            self._services.pop(namespace, None)
            return ()
        services = tuple(map(service_of, found))
        self._services[namespace] = (self._monotonic(), services)
        return services

    async def _entries(self, lists: Lists, namespace: str) -> tuple[object, ...] | None:
        """The WorkloadEntries, in whichever version they are served; ``None`` where they may not be read."""
        for version in self._entry_versions:
            path = api_path(NETWORKING, version, "workloadentries", namespace=namespace)
            try:
                found = await lists.all(path, "WorkloadEntries", namespace, LIST_ENTRIES)
            except NotServedError:
                continue
            if found is not None:
                self._entry_versions = (version,)
            return found
        self._entry_versions = ENTRY_VERSIONS
        return ()

    async def _who_has(self, namespace: str, address: str) -> tuple[bool, EndpointPod | None]:
        """Whether it is known which pod of a namespace has an address, and that pod: one that runs before one that
        ended, which others may share the address with."""
        query = [("fieldSelector", f"status.podIP={address}"), ("limit", "10")]
        try:
            answer = await self._api.get(pods_path(namespace), query)
        except ApiRefused as error:
            if nobody(error):
                raise
            return False, None
        pods = sorted(map(endpoint_pod_of, objects(answer, "items")), key=lambda pod: pod.ended)
        return True, pods[0] if pods else None


def _by_service(
    namespace: str, names: Iterable[str], documents: tuple[object, ...] | None
) -> dict[ServiceRef, tuple[EndpointSlice, ...]]:
    """The slices of each Service, where they could be read; one without slices has no endpoints."""
    if documents is None:
        return {}
    slices = [endpoint_slice_of(document) for document in documents]
    return {ServiceRef(namespace, name): tuple([each for each in slices if each.service == name]) for name in names}


async def _pods(lists: Lists, namespace: str, service: Service) -> tuple[EndpointPod, ...] | None:
    """The pods that a Service selects; none of one without a selector, whose endpoints somebody else writes."""
    if not service.selector:
        return None
    selector = ",".join(f"{name}={wanted}" for name, wanted in sorted(service.selector.items()))
    found = await lists.all(pods_path(namespace), "pods", namespace, LIST_PODS, [("labelSelector", selector)])
    return None if found is None else tuple(map(endpoint_pod_of, found))


def _addresses(entries: Iterable[object]) -> frozenset[str]:
    read = [istio_object_of(each, NETWORKING, "WorkloadEntry") for each in entries]
    return frozenset(plain_address(each.address) for each in read if isinstance(each, WorkloadEntry))


def _united(maps: Iterable[Mapping[Key, Value]]) -> Mapping[Key, Value]:
    """One mapping of several that have no key in common."""
    return MappingProxyType({key: value for each in maps for key, value in each.items()})
