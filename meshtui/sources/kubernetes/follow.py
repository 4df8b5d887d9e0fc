"""Follows the pod that is looked at, and says what happens to it and to the cluster that tells of it.

It never moves to another pod: one that takes the name, or succeeds it in a rollout, is named and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from meshtui.model.clock import utc_now
from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_changes import PodChange, PodChangeKind, changes, deleted, first_changes, replaced
from meshtui.model.kubernetes.workload import naming_selector, successor_of, workload_of
from meshtui.model.phrases import one_line
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.pacing import Pacing, is_about_login
from meshtui.sources.kubernetes.pod_states import Answering, Failing, Seen, pod_states
from meshtui.sources.kubernetes.pods import list_pods

SEARCHES: Final = 20
"""How often a successor is looked for, later and later: some eight minutes."""

Happened = Callable[[Event], None]


class PodFollower:
    """Follows one pod; ``state`` is its newest one, ``successor`` the pod to look at next, once it is over."""

    def __init__(
        self,
        api: Api,
        pod: Pod,
        subject: str,
        *,
        selector: str = "",
        now: Callable[[], datetime] = utc_now,
        pacing: Pacing | None = None,
    ) -> None:
        """``pod`` is the one that is looked at, ``subject`` how people know it, ``selector`` what found it."""
        self.state = pod
        self.successor: Pod | None = None
        self.over = False
        """Whether the pod that was looked at is gone."""
        self._api = api
        self._subject = subject
        self._selector = selector
        self._now = now
        self._pacing = pacing or Pacing()
        self._failing: MeshtuiError | None = None
        self._told_polled = False
        self._other = ""
        """The UID of the pod that has taken the name."""
        self._search: asyncio.Task[None] | None = None

    async def follow(self, happened: Happened) -> None:
        """Tell of each event until cancelled. Raises ``ApiRefused`` when the pod may be neither watched nor read."""
        for change in first_changes(self.state):
            self._tell(happened, change)
        try:
            async for told in pod_states(self._api, self.state.namespace, self.state.name, pacing=self._pacing):
                match told:
                    case Failing(error):
                        self._failed(happened, error)
                    case Answering(polled):
                        self._answered(happened, polled=polled)
                    case Seen(pod, last):
                        self._answered(happened, polled=False)
                        self._saw(happened, pod, last)
        finally:
            if self._search is not None:
                self._search.cancel()
                await asyncio.wait({self._search})

    # the cluster

    def _failed(self, happened: Happened, error: MeshtuiError) -> None:
        before, self._failing = self._failing, error
        if before is not None and type(before) is type(error):
            return
        if is_about_login(error):
            text = f"is no longer followed: {error.what} What is open goes on; what is new needs a login. {error.hint}"
        else:
            text = f"is not followed for now: {error.what}"
        self._happened(happened, text.strip(), Health.UNKNOWN)

    def _answered(self, happened: Happened, *, polled: bool) -> None:
        if self._failing is not None:
            again = "the login is accepted again" if is_about_login(self._failing) else "the API server answers again"
            self._failing = None
            self._happened(happened, f"is followed again: {again}", Health.OK)
        if polled and not self._told_polled:
            self._told_polled = True
            self._happened(happened, "may not be watched, and is asked for every few seconds", None)

    # the pod

    def _saw(self, happened: Happened, pod: Pod | None, last: Pod | None) -> None:
        if pod is not None and pod.uid == self.state.uid:
            for change in changes(self.state, pod):
                self._tell(happened, change)
            self.state = pod
            return
        if last is not None and last.uid == self.state.uid:
            self.state = last
        if pod is None:
            if not self.over:
                self.over = True
                self._tell(happened, deleted(self.state))
            return
        if pod.uid != self._other:
            self._other = pod.uid
            self._tell(happened, replaced(pod, known_gone=self.over))
            self.over = True

    def _tell(self, happened: Happened, change: PodChange) -> None:
        self._happened(happened, change.text, change.health)
        looks_for = change.kind.ends and change.kind is not PodChangeKind.REPLACED and self._search is None
        if looks_for and workload_of(self.state) is not None:
            self._search = asyncio.create_task(self._find_successor(happened), name=f"successor {self._subject}")

    async def _find_successor(self, happened: Happened) -> None:
        """Look for the pod that takes the place of this one until there is one; what goes wrong is tried again."""
        selector = self._selector or naming_selector(self.state)
        for tries in range(1, SEARCHES + 1):
            try:
                found = successor_of(self.state, await list_pods(self._api, self.state.namespace, selector))
            except ApiRefused as error:
                if error.code == 403:
                    return
                found = None
            except MeshtuiError:
                found = None
            if found is not None:
                self.successor = found
                workload = workload_of(found)
                of = f"{workload.kind} {one_line(workload.name, 253)}" if workload is not None else "its owner"
                text = f"has a successor of {of}: pod/{one_line(found.name, 253)}; attach to it to look on"
                self._happened(happened, text, None)
                return
            await self._pacing.sleep(self._pacing.pause(tries))

    def _happened(self, happened: Happened, text: str, health: Health | None) -> None:
        happened(Event(self._now(), EventKind.POD, self._subject, text, health=health))
