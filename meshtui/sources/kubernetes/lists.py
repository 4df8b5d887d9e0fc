"""Lists of which one that is forbidden costs nothing but itself."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import aclosing
from typing import Any, Final, TypeVar

from meshtui.model.kubernetes.fields import objects
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.rights import Right
from meshtui.sources.kubernetes.api import Api, Query
from meshtui.sources.kubernetes.failures import ANONYMOUS, ApiRefused
from meshtui.sources.kubernetes.pages import pages

Result = TypeVar("Result")

AT_ONCE: Final = 8
"""Questions under way at a time: an API server gives each user a share of its seats (API Priority and Fairness)."""

MOST_OBJECTS: Final = 5_000
"""Objects read of one list; more of one kind in one namespace nobody holds against each other by hand."""

LISTS_AGAIN: Final = 2
"""Tries for a list whose version the server forgot in the middle of its pages (410)."""


async def gathered(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """All results, in order. When one fails the others are ended before that is raised."""
    tasks: list[asyncio.Task[Result]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(each) for each in work]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def nobody(error: ApiRefused) -> bool:
    """Whether the cluster does not know who asks: then a right is not what lacks."""
    return error.code == 401 or ANONYMOUS in error.message


class NotServedError(Exception):
    """The server knows no such kind of object, or not in this version: none can exist there."""


class Lists:
    """Asks for lists, and notes what could not be had."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._seats = asyncio.Semaphore(AT_ONCE)
        self.lacking: list[Lacking] = []
        """What could not be had, in the order in which that was known."""

    async def all(
        self, path: str, what: str, namespace: str, right: Right, query: Query = ()
    ) -> tuple[object, ...] | None:
        """The objects of a list; ``None`` where they may not be read, which is noted.

        Raises ``NotServedError``; ``ApiUnreachable``, ``LoginFailed``, ``BadAnswer``, and ``ApiRefused`` for a login
        that is not accepted: then no other list would come either.
        """
        async with self._seats:
            for again in range(LISTS_AGAIN):
                try:
                    return await self._read(path, what, namespace, query)
                except ApiRefused as error:
                    if nobody(error):
                        raise
                    if error.code == 404:  # of a namespace that is not there a list is empty
                        raise NotServedError from None
                    if error.code == 410 and again + 1 < LISTS_AGAIN:
                        continue
                    self.note(what, namespace, error, right)
                    return None
        return None

    def note(self, what: str, namespace: str, error: ApiRefused, right: Right | None) -> None:
        """A list could not be had; the right lacks only where the cluster forbids."""
        why = error.message or error.what
        self.lacking.append(Lacking(what, namespace, why, right if error.code == 403 else None))

    async def _read(self, path: str, what: str, namespace: str, query: Query) -> tuple[object, ...]:
        found: list[object] = []
        async with aclosing(pages(self._api, path, query)) as all_pages:
            async for page in all_pages:
                found += objects(page, "items")
                if len(found) > MOST_OBJECTS:
                    why = f"there are more than {MOST_OBJECTS}, and the others were not read"
                    self.lacking.append(Lacking(what, namespace, why))
                    return tuple(found[:MOST_OBJECTS])
        return tuple(found)
