"""What runs beside the looks at a pod: what becomes of the pod is in the state, and hurries what waited for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.behind import Behind, ServiceRef
from meshtui.model.kubernetes.events import PodEvents
from meshtui.model.kubernetes.istio import IstioObjects
from meshtui.model.kubernetes.pod_fate import PodFate, Unfollowed
from meshtui.model.timeline import Event
from meshtui.session.beside_looks import BesideLooks
from meshtui.session.kubernetes import monitor
from meshtui.session.protocols import Sources
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.session.state_book import StateBook
from tests.waiting import until
from tests.world.clock import NOW, Clock
from tests.world.fates import FATES
from tests.world.sources import AnsweredConfig


class Told:
    """A follower that tells what the test says."""

    def __init__(self) -> None:
        self.fates: asyncio.Queue[PodFate] = asyncio.Queue()

    async def follow(self, happened: Callable[[Event], None], became: Callable[[PodFate], None]) -> None:
        while True:
            became(await self.fates.get())


class Asked:
    """A cluster that does not answer, and counts how often it is asked for the pod's events."""

    events_asked = 0

    async def behind(self, wanted: Mapping[ServiceRef, frozenset[str]]) -> Behind:
        raise TargetUnreachable("no answer")

    async def istio(self, namespaces: Iterable[str]) -> IstioObjects:
        raise TargetUnreachable("no answer")

    async def events(self) -> PodEvents:
        self.events_asked += 1
        raise TargetUnreachable("no answer")


async def test_an_api_server_that_answers_again_is_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "EVENTS_EVERY_S", 3600.0)
    monkeypatch.setattr(monitor, "LONGEST_PAUSE_S", 3600.0)
    book = StateBook(SessionState(target="pod/a", link=Link(LinkState.LIVE, NOW), interval=1.0))
    told, asked = Told(), Asked()
    beside = BesideLooks(book, Clock(), time.monotonic)
    beside.open(Sources(AnsweredConfig(), follower=told, cluster=asked))
    await until(lambda: asked.events_asked == 1, "the first look")
    well = FATES["well"]
    for fate in (well, replace(well, unfollowed=Unfollowed(since=NOW, error=TargetUnreachable("away"))), well):
        told.fates.put_nowait(fate)
    await until(lambda: told.fates.empty() and book.state.fate == well, "what became of the pod")
    await until(lambda: asked.events_asked == 2, "a look without a pause")
    await beside.stop()
    assert len(asyncio.all_tasks()) == 1
