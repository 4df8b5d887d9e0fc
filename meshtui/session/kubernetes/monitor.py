"""Follows what the cluster says of an attached pod: its client's Services, Istio's objects, the pod's events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, unforeseen
from meshtui.model.kubernetes.behind import Behind, ServiceRef, wanted_of
from meshtui.model.xds.resource import Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.observation import ClusterSeen, IstioSeen, Observation, PodEventsSeen
from meshtui.session.protocols import ClusterSource

if TYPE_CHECKING:  # no address needs it
    from meshtui.model.kubernetes.istio import IstioObjects

LOOK_EVERY_S: Final = 5.0
"""Seconds between two looks at what is behind the endpoints: some five requests of a few KiB for each namespace."""

EVENTS_EVERY_S: Final = 10.0
"""Seconds between two looks at the pod's events: kubelets report what repeats every ten seconds at most."""

ISTIO_EVERY_S: Final = 60.0
"""Seconds between two looks at Istio's objects, which people change: some two dozen requests for a namespace."""

LONGEST_PAUSE_S: Final = 60.0
"""Seconds between two looks at most, after some that failed."""

Answer = TypeVar("Answer")


class ClusterMonitor:
    """Looks at ``source`` again and again and hands what it says to ``observe``.

    ``snapshot`` gives the newest config of the client: its Services are the ones that are asked for.
    """

    def __init__(
        self,
        source: ClusterSource,
        *,
        snapshot: Callable[[], Snapshot | None],
        observe: Callable[[Observation], None],
        now: Callable[[], datetime],
    ) -> None:
        self._source, self._snapshot = source, snapshot
        self._observe, self._now = observe, now
        self._wanted: Mapping[ServiceRef, frozenset[str]] = {}
        self._wanted_of: Mapping[ResourceKey, Resource] | None = None
        self._has_config = asyncio.Event()
        self._looked = asyncio.Event()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, in the running loop. Does nothing when already begun."""
        if not self._tasks:
            behind = self._again_and_again(self._look_behind, LOOK_EVERY_S)
            events = self._again_and_again(self._look_at_events, EVENTS_EVERY_S)
            istio = self._again_and_again(self._look_at_istio, ISTIO_EVERY_S)
            self._tasks = [asyncio.create_task(each) for each in (behind, events, istio)]

    def config_seen(self) -> None:
        """The client's config is known."""
        self._has_config.set()

    def look_now(self) -> None:
        """Do not wait for the next looks."""
        self._wake.set()

    async def stop(self) -> None:
        """End; returns when nothing of it runs."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, look: Callable[[], Awaitable[bool]], every_s: float) -> None:
        """Look until cancelled, less often while it fails. What fails costs that look."""
        pause = every_s
        while True:
            came = False
            self._wake.clear()
            with suppress(Exception):  # telling of a failure may meet a defect of ours; the loop goes on all the same
                came = await look()
            pause = every_s if came else min(pause * 2, LONGEST_PAUSE_S)
            with suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _look_behind(self) -> bool:
        await self._has_config.wait()  # before, nobody knows what to ask for
        answer = await self._answer(self._behind, "what is behind the endpoints")
        self._observe(ClusterSeen(at=self._now(), behind=answer))
        self._looked.set()
        if isinstance(answer, MeshtuiError):
            return False
        return bool(answer.slices) or not self._wanted  # what is forbidden is not asked for every few seconds

    async def _behind(self) -> Behind:
        return await self._source.behind(await self._services())

    async def _services(self) -> Mapping[ServiceRef, frozenset[str]]:
        """The Services that the client holds endpoints of, with their addresses."""
        snapshot = self._snapshot()
        if snapshot is not None and snapshot.resources is not self._wanted_of:  # large configs take some ten ms
            self._wanted = await asyncio.to_thread(wanted_of, snapshot)
            self._wanted_of = snapshot.resources
        return self._wanted

    async def _look_at_istio(self) -> bool:
        await self._looked.wait()  # what is behind the endpoints comes first, and the connections are there then
        answer = await self._answer(self._istio, "Istio's objects")
        self._observe(IstioSeen(at=self._now(), istio=answer))
        return not isinstance(answer, MeshtuiError)

    async def _istio(self) -> IstioObjects:
        return await self._source.istio({service.namespace for service in await self._services()})

    async def _look_at_events(self) -> bool:
        answer = await self._answer(self._source.events, "the pod's events")
        self._observe(PodEventsSeen(at=self._now(), events=answer))
        return not isinstance(answer, MeshtuiError) and answer.lacking is None

    async def _answer(self, ask: Callable[[], Awaitable[Answer]], what: str) -> Answer | MeshtuiError:
        """What the cluster says, or why it does not."""
        try:
            return await ask()
        except Exception as error:  # the edge: an error nobody expected must not end the looking
            return unforeseen(error, f"The look at {what}", LOOKS_AGAIN)
