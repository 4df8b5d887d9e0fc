"""One pod as it changes: by a watch, or by asking again and again where watching is not allowed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.fields import objects
from meshtui.model.kubernetes.pod import Pod, pod_of
from meshtui.sources.kubernetes.api import Api, Query
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.pacing import Pacing
from meshtui.sources.kubernetes.pages import version_of
from meshtui.sources.kubernetes.pods import get_pod, pods_path
from meshtui.sources.kubernetes.watching import OutdatedError, watching

POLL_S: Final = 5.0
"""Seconds between two questions for a pod that may not be watched."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The API server told of the pod: ``None`` when there is none of the name. ``last`` is its last state then, if it
    was told; ``witnessed`` says that this was told as it happened, by a watch."""

    pod: Pod | None
    last: Pod | None = None
    witnessed: bool = False


@dataclass(frozen=True, slots=True)
class Answering:
    """The API server answers, and the pod is followed from now on; ``polled`` says that it may not be watched."""

    polled: bool = False


@dataclass(frozen=True, slots=True)
class Failing:
    """The API server does not answer, or says no; it is tried again."""

    error: MeshtuiError


Told = Seen | Answering | Failing
"""Whatever is told of one pod."""


async def pod_states(
    api: Api, namespace: str, name: str, *, pacing: Pacing | None = None
) -> AsyncGenerator[Told, None]:
    """The pod of that name as it is now and as it changes, without an end.

    What goes wrong is told and tried again. Raises ``ApiRefused`` only when the pod may be neither watched nor read.
    """
    pacing = pacing or Pacing()
    followed = _Followed(api, namespace, name, pacing)
    failures = 0
    while True:
        try:
            async with aclosing(followed.told()) as told:
                async for each in told:
                    failures = 0
                    yield each
        except NotAllowedError as error:
            raise error.refusal from None
        except MeshtuiError as error:
            failures += 1
            yield Failing(error)
            await pacing.sleep(pacing.pause_after(error, failures))


class NotAllowedError(Exception):
    """Neither watching nor reading the pod is allowed; ``refusal`` says the latter."""

    def __init__(self, refusal: ApiRefused) -> None:
        super().__init__(refusal.what)
        self.refusal = refusal


class _Followed:
    def __init__(self, api: Api, namespace: str, name: str, pacing: Pacing) -> None:
        self._api = api
        self._namespace = namespace
        self._name = name
        self._version = ""
        self._pacing = pacing
        self._hurried = 0

    async def told(self) -> AsyncGenerator[Told, None]:
        """Until something goes wrong, which is raised."""
        while True:
            try:
                async with aclosing(self._watched()) as told:
                    async for each in told:
                        yield each
            except OutdatedError:
                self._version = ""
            except ApiRefused as error:
                if error.code != 403:
                    raise
                async with aclosing(self._polled()) as told:
                    async for each in told:
                        yield each

    async def _watched(self) -> AsyncGenerator[Told, None]:
        path, only = pods_path(self._namespace), [("fieldSelector", f"metadata.name={self._name}")]
        if not self._version:
            async for seen in self._listed(path, only):
                yield seen
        before, began = self._version, self._pacing.clock()
        async with watching(self._api, path, only, self._version, wall=self._pacing.wall) as events:
            yield Answering()
            async for event in events:
                self._version = version_of(event.object) or self._version
                if event.type == "DELETED":
                    yield Seen(None, pod_of(event.object), witnessed=True)
                elif event.changes:
                    yield Seen(pod_of(event.object), witnessed=True)
        self._hurried = await self._pacing.after_watch(began, self._version != before, self._hurried)

    async def _listed(self, path: str, only: Query) -> AsyncGenerator[Told, None]:
        found = await self._api.get(path, only)
        pods = [pod_of(item) for item in objects(found, "items")]
        yield Seen(next((pod for pod in pods if pod.name == self._name), None))
        self._version = version_of(found)

    async def _polled(self) -> AsyncGenerator[Told, None]:
        """The pod by questions, as long as they are answered."""
        while True:
            try:
                pod = await get_pod(self._api, self._namespace, self._name)
            except ApiRefused as error:
                if error.code == 403:
                    raise NotAllowedError(error) from None
                if error.code != 404:
                    raise
                pod = None
            yield Answering(polled=True)
            yield Seen(pod)
            await self._pacing.sleep(POLL_S)
