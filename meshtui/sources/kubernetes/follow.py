"""Follows the pod that is looked at, and says what happens to it and to the cluster that tells of it.

It never moves to another pod: one that takes the name, or succeeds it in a rollout, is named and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from meshtui.model.clock import utc_now
from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_changes import PodChange, changes, deleted, first_changes, replaced
from meshtui.model.kubernetes.pod_fate import Gone, PodFate, Successor, Unfollowed
from meshtui.model.kubernetes.workload import LONGEST_NAME, workload_of, workload_words
from meshtui.model.phrases import one_line
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.pacing import Pacing, is_about_login
from meshtui.sources.kubernetes.pod_states import Answering, Failing, Seen, pod_states
from meshtui.sources.kubernetes.successors import follow_successor

Happened = Callable[[Event], None]
Became = Callable[[PodFate], None]


def _nobody(_: object) -> None:
    """Hears what is told before it is followed."""


class PodFollower:
    """Follows one pod; :attr:`fate` is what has become of it."""

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
        self.fate = PodFate(pod=pod)
        self._api = api
        self._subject = subject
        self._selector = selector
        self._now = now
        self._pacing = pacing or Pacing()
        self._listener: Happened = _nobody
        self._became: Became = _nobody
        self._told_polled = False
        self._search: asyncio.Task[None] | None = None

    async def follow(self, happened: Happened, became: Became) -> None:
        """Tell of each event, and what the pod has become with it, until cancelled. Raises ``ApiRefused`` when the pod
        may be neither watched nor read."""
        self._listener, self._became = happened, became
        became(self.fate)
        pod = self.fate.pod
        for change in first_changes(pod):
            self._tell(change)
        self._seek_successor()
        try:
            async for told in pod_states(self._api, pod.namespace, pod.name, pacing=self._pacing):
                match told:
                    case Failing(error):
                        self._failed(error)
                    case Answering(polled):
                        self._answered(polled=polled)
                    case Seen(seen, last, witnessed):
                        self._answered(polled=False)
                        self._saw(seen, last, witnessed=witnessed)
        except ApiRefused as error:
            self._become(replace(self.fate, unfollowed=Unfollowed(since=self._now(), error=error, is_final=True)))
            raise
        finally:
            if self._search is not None:
                self._search.cancel()
                await asyncio.wait({self._search})

    # the cluster

    def _failed(self, error: MeshtuiError) -> None:
        before, is_login = self.fate.unfollowed, is_about_login(error)
        since = before.since if before is not None else self._now()
        if before is None or before.error.what != error.what:
            self._become(replace(self.fate, unfollowed=Unfollowed(since=since, error=error, is_login=is_login)))
        if before is not None and type(before.error) is type(error):
            return
        if is_login:
            text = f"is no longer followed: {error.what} What is open goes on; what is new needs a login. {error.hint}"
        else:
            text = f"is not followed for now: {error.what}"
        self._happened(text.strip(), Health.UNKNOWN)

    def _answered(self, *, polled: bool) -> None:
        before = self.fate.unfollowed
        if before is not None:
            again = "the login is accepted again" if before.is_login else "the API server answers again"
            self._become(replace(self.fate, unfollowed=None))
            self._happened(f"is followed again: {again}", Health.OK)
        if polled and not self._told_polled:
            self._told_polled = True
            self._happened("may not be watched, and is asked for every few seconds", None)

    # the pod

    def _saw(self, pod: Pod | None, last: Pod | None, *, witnessed: bool) -> None:
        before, gone = self.fate.pod, self.fate.gone
        if pod is not None and pod.uid == before.uid:
            self._become(replace(self.fate, pod=pod, gone=None))
            for change in changes(before, pod):
                self._tell(change)
            self._seek_successor()
            return
        if last is not None and last.uid == before.uid:
            self._become(replace(self.fate, pod=last))
        other = gone.replaced_by if gone is not None else None
        if gone is None:
            self._become(replace(self.fate, gone=Gone(at=self._now(), witnessed=witnessed, replaced_by=pod)))
        elif other != pod:
            self._become(replace(self.fate, gone=replace(gone, replaced_by=pod)))
        if pod is not None and (other is None or other.uid != pod.uid):
            self._tell(replaced(pod, known_gone=gone is not None))
        elif pod is None and gone is None:
            self._tell(deleted(self.fate.pod))
        self._seek_successor()

    # its successor

    def _seek_successor(self) -> None:
        """Begin to look for the pod that takes the place of this one, once it ends and if somebody makes one."""
        fate = self.fate
        ends = fate.gone is not None or any(change.kind.ends for change in first_changes(fate.pod))
        if ends and self._search is None and workload_of(fate.pod) is not None:
            self._search = asyncio.create_task(self._follow_successor(), name=f"successor {self._subject}")

    async def _follow_successor(self) -> None:
        try:
            await follow_successor(self._api, self.fate.pod, self._selector, self._succeeded, pacing=self._pacing)
        except ApiRefused as error:
            self._become(replace(self.fate, unsought=error))

    def _succeeded(self, now: Successor | None) -> None:
        before = self.fate.successor
        if now == before:
            return
        self._become(replace(self.fate, successor=now))
        if now is not None and (before is None or before.pod.uid != now.pod.uid):
            name, of = one_line(now.pod.name, LONGEST_NAME), workload_words(now.pod)
            what = "has a successor" if now.is_newer else "has another ready pod beside it"
            self._happened(f"{what} of {of}: pod/{name}", None)

    # what is told

    def _become(self, fate: PodFate) -> None:
        self.fate = fate
        self._became(fate)

    def _tell(self, change: PodChange) -> None:
        self._happened(change.text, change.health)

    def _happened(self, text: str, health: Health | None) -> None:
        self._listener(Event(self._now(), EventKind.POD, self._subject, text, health=health))
