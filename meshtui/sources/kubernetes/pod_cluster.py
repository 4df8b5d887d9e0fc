"""What the cluster says beside a pod: of the Services its client calls, of Istio's objects and of its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meshtui.model.kubernetes.behind import Behind, ServiceRef
from meshtui.model.kubernetes.events import PodEvents
from meshtui.model.kubernetes.istio import IstioObjects
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.events import read_events
from meshtui.sources.kubernetes.istio import read_istio
from meshtui.sources.kubernetes.objects import BehindSource


class PodCluster:
    """The cluster of one pod; ``uid`` is empty where the pod may not be read."""

    def __init__(self, api: Api, namespace: str, name: str, uid: str = "") -> None:
        self._api, self._namespace, self._name, self._uid = api, namespace, name, uid
        self._behind = BehindSource(api)

    async def behind(self, wanted: Mapping[ServiceRef, frozenset[str]]) -> Behind:
        """What is behind these Services; see :meth:`BehindSource.look`."""
        return await self._behind.look(wanted)

    async def istio(self, namespaces: Iterable[str]) -> IstioObjects:
        """Istio's objects of these namespaces and of the pod's own; see :func:`read_istio`."""
        return await read_istio(self._api, {self._namespace, *namespaces})

    async def events(self) -> PodEvents:
        """What the cluster remembers of this very pod; see :func:`read_events`."""
        return await read_events(self._api, self._namespace, self._name, self._uid)
