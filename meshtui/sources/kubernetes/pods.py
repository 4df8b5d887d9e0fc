"""Pods of a cluster: one, the few a selector matches, or a list of thousands as it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from meshtui.model.errors import BadAnswer, MeshtuiError
from meshtui.model.kubernetes.fields import objects, text
from meshtui.model.kubernetes.pod import Pod, pod_of
from meshtui.model.kubernetes.pod_events import PodChanged, PodEvent, PodGone, PodPage, PodsLive, PodsTroubled
from meshtui.sources.kubernetes.api import TABLE, Api, Query
from meshtui.sources.kubernetes.content import NO_SERVER
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.pacing import Pacing
from meshtui.sources.kubernetes.pages import pages, remaining_of, version_of
from meshtui.sources.kubernetes.paths import api_path
from meshtui.sources.kubernetes.pod_server import pod_path
from meshtui.sources.kubernetes.pod_table import PodTable
from meshtui.sources.kubernetes.watching import OutdatedError, watching

POLL_S: Final = 5.0
"""Seconds between two lists where watching is not allowed."""

WHOLE: Final = ("includeObject", "Object")
"""Each row with its whole pod: only containers and their variables tell whether a pod is proxyless when no annotation
does, and only its phase whether it can be reached. Twice the bytes of the metadata alone."""


GONE: Final = 410
"""HTTP's status for a page of a list that the server no longer knows, as it took minutes to get there: begin again."""


def pods_path(namespace: str | None) -> str:
    """The path of the pods of a namespace, or of all."""
    return api_path("", "v1", "pods", namespace=namespace or "")


async def get_pod(api: Api, namespace: str, name: str) -> Pod:
    """One pod as it is now. Raises as ``Api.get``: ``ApiRefused`` with code 404 if there is none.

    ``BadAnswer`` for what is no pod: of a web page in front of the cluster nothing is to be said as of a pod.
    """
    path = pod_path(namespace, name)
    document = await api.get(path)
    if text(document, "kind") != "Pod":
        raise BadAnswer(
            f"The answer of {api.context.server} to GET {path} is no pod.",
            NO_SERVER,
        )
    return pod_of(document)


async def list_pods(api: Api, namespace: str, selector: str = "") -> tuple[Pod, ...]:
    """The pods that a label selector matches. Raises as ``Api.get``."""
    try:
        return await _listed_pods(api, namespace, selector)
    except ApiRefused as error:
        if error.code != GONE:
            raise
        return await _listed_pods(api, namespace, selector)


async def _listed_pods(api: Api, namespace: str, selector: str) -> tuple[Pod, ...]:
    found: list[Pod] = []
    async with aclosing(pages(api, pods_path(namespace), _selected(selector))) as all_pages:
        async for page in all_pages:
            found += await asyncio.to_thread(_pods, page)
    return tuple(found)


def _pods(page: object) -> list[Pod]:
    return [pod_of(item) for item in objects(page, "items")]


def _selected(selector: str) -> Query:
    return [("labelSelector", selector)] if selector else []


async def follow_pods(
    api: Api, namespace: str | None, selector: str = "", *, pacing: Pacing | None = None
) -> AsyncGenerator[PodEvent, None]:
    """The pods of a namespace, or of all with ``None``, as they change; without an end. Raises nothing of ours: what
    goes wrong is told as :class:`PodsTroubled` and tried again, also a refusal, for a login is often mended outside."""
    pacing = pacing or Pacing()
    followed = _Followed(api, pods_path(namespace), [WHOLE, *_selected(selector)], pacing)
    failures = 0
    while True:
        try:
            async with aclosing(followed.events()) as events:
                async for event in events:
                    failures = 0
                    yield event
        except MeshtuiError as error:
            failures += 1
            pause = pacing.pause_after(error, failures)
            yield PodsTroubled(error=error, again_in=pacing.again_in(error, pause))
            await pacing.sleep(pause)


class _Followed:
    """One list and how far it was told; ``version`` is empty until it is whole, and whenever it has to be told anew."""

    def __init__(self, api: Api, path: str, query: Query, pacing: Pacing) -> None:
        self._api = api
        self._path = path
        self._query = query
        self._pacing = pacing
        self._version = ""
        self._hurried = 0

    async def events(self) -> AsyncGenerator[PodEvent, None]:
        """Until something goes wrong, which is raised."""
        while True:
            if not self._version:
                async with aclosing(self._listed()) as listed:
                    async for page in listed:
                        yield page
            try:
                async with aclosing(self._watched()) as changes:
                    async for change in changes:
                        yield change
            except OutdatedError:
                self._version = ""
            except ApiRefused as error:
                if error.code != 403:
                    raise
                self._version = ""
                yield PodsLive(polled=True, why=error.message or error.what)
                await self._pacing.sleep(POLL_S)

    async def _listed(self) -> AsyncGenerator[PodEvent, None]:
        try:
            async with aclosing(self._pages()) as told:
                async for page in told:
                    yield page
        except ApiRefused as error:
            if error.code != GONE:
                raise
            async with aclosing(self._pages()) as told:
                async for page in told:
                    yield page

    async def _pages(self) -> AsyncGenerator[PodEvent, None]:
        starts = True
        version = ""
        async with aclosing(pages(self._api, self._path, self._query, TABLE)) as all_pages:
            async for page in all_pages:
                rows = await asyncio.to_thread(PodTable().rows, page)
                version = version_of(page)
                complete = not text(page, "metadata", "continue")
                yield PodPage(
                    rows=rows, starts=starts, complete=complete, remaining=0 if complete else remaining_of(page)
                )
                starts = False
        self._version = version

    async def _watched(self) -> AsyncGenerator[PodEvent, None]:
        table = PodTable()
        before = self._version
        began = self._pacing.clock()
        async with watching(self._api, self._path, self._query, self._version, TABLE, wall=self._pacing.wall) as events:
            yield PodsLive()
            async for event in events:
                rows = table.rows(event.object)
                self._version = version_of(event.object) or self._version
                if not event.changes:
                    yield PodsLive()
                    continue
                for row in rows:
                    yield PodGone(row) if event.type == "DELETED" else PodChanged(row)
        self._hurried = await self._pacing.after_watch(began, self._version != before, self._hurried)
