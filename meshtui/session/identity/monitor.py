"""Follows one workload's identity beside the config: files and agent, each in a task of its own.

Nothing here delays the config's poll: a file system that hangs or an agent that is slow costs only itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from meshtui.doctor.workload import WorkloadState, check_workload
from meshtui.model.channels import ChannelReport
from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, unforeseen
from meshtui.model.identity.accepted_tls import asked_providers, clusters_tls, listeners_tls
from meshtui.model.identity.comparison import IdentityState
from meshtui.model.identity.node_id import parse_node_id
from meshtui.model.identity.peers import joined_identity, own_marks, places, seen_by
from meshtui.model.identity.workload import (
    HISTORY_KEPT,
    ROTATIONS_KEPT,
    Workload,
    rotations_between,
)
from meshtui.model.timeline import Event
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.identity.connections import Connections
from meshtui.session.identity.events import agent_events, agent_lost, file_events
from meshtui.session.identity.peers import Peers
from meshtui.session.protocols import ReadPeer, WorkloadSource
from meshtui.session.state import Fact, MissingFact

FILES_EVERY: Final = 1.0
"""Seconds between two looks at the files; a look at unchanged ones is a ``stat`` each."""

AGENT_EVERY: Final = 2.0
"""Seconds between two scrapes: its counters move slowly, and the scrape may carry the application's metrics."""


Changed = Callable[[Workload, tuple[Event, ...], tuple[MissingFact, ...]], None]
"""Told of each new state with what happened, and with every lacking there is."""


class IdentityMonitor:
    """Holds the workload of one target. ``source`` and ``read_peer`` are ``None`` where the target has none."""

    def __init__(
        self,
        source: WorkloadSource | None,
        read_peer: ReadPeer | None,
        changed: Changed,
        now: Callable[[], datetime],
        peers: Callable[[], Peers] = Peers,
    ) -> None:
        self._source = source
        self._changed = changed
        self._now = now
        self._peers = peers
        self._connections = Connections(read_peer)
        self._workload = Workload(IdentityState(now()))
        self._missing: dict[Fact, MissingFact] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._told: Workload | None = None
        self._told_missing: tuple[MissingFact, ...] = ()
        self._config: object = None
        self._asked: tuple[tuple[str, str], ...] = ()
        self._hosts: frozenset[str] = frozenset()
        if source is not None:
            self._workload = replace(self._workload, offers=source.offers)

    @property
    def _reads_files(self) -> bool:
        offers = self._workload.offers
        return bool(offers.bootstrap or offers.certificates)

    @property
    def workload(self) -> Workload:
        """What is known now."""
        return self._workload

    def start(self) -> None:
        """Begin to follow what the source offers, in the running loop."""
        source = self._source
        if source is None or self._tasks:
            return
        if self._reads_files:
            self._tasks.append(asyncio.create_task(self._follow_files()))
        if source.offers.agent:
            self._tasks.append(asyncio.create_task(self._follow_agent()))

    def look_now(self) -> None:
        """Look at the files without waiting. The agent keeps its pace: nobody can press it into scrape after scrape."""
        self._wake.set()

    async def stop(self) -> None:
        """End both tasks."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def config_seen(self, snapshot: Snapshot, config: object, channels: ChannelReport | None) -> None:
        """The target answered. ``config`` is an object that stays the same while the config does."""
        identity = self._workload.identity
        if config is not self._config:
            self._config = config
            self._asked = asked_providers(snapshot)
            self._connections.places = places(snapshot)
            identity = replace(identity, clusters=clusters_tls(snapshot), listeners=listeners_tls(snapshot))
        node = parse_node_id(snapshot.node.id)
        self._hosts = frozenset({node.ip} if node is not None and node.ip else ())
        if channels is not None:
            self._connections.seen(channels)
        self._renew(replace(self._workload, identity=identity))

    async def _follow_files(self) -> None:
        while True:
            self._wake.clear()
            await self._try(self._look_at_files, Fact.FILES)
            with suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(FILES_EVERY):
                    await self._wake.wait()

    async def _follow_agent(self) -> None:
        while True:
            await self._try(self._look_at_agent, Fact.AGENT)
            await asyncio.sleep(AGENT_EVERY)

    async def _try(self, look: Callable[[], Awaitable[None]], fact: Fact) -> None:
        """Look once; a failure becomes a lacking."""
        try:
            await look()
        except MeshtuiError as error:
            self._lacks(MissingFact(fact, error.what, error.hint))
        except Exception as error:  # the edge: a defect costs this look, not the session
            said = unforeseen(error, f"The look at {fact}", LOOKS_AGAIN)
            with suppress(Exception):  # telling of it may meet the same defect; the loop goes on all the same
                self._lacks(MissingFact(fact, said.what, said.hint))

    async def _look_at_files(self) -> None:
        assert self._source is not None
        files = await self._source.read()
        self._missing.pop(Fact.FILES, None)
        before, now = self._workload, self._now()
        turned = rotations_between(before.files, files, now)
        events = file_events(before, files, turned, now)
        rotations = (*before.rotations, *turned)[-ROTATIONS_KEPT:]
        read_at = before.read_at if files is before.files and before.read_at is not None else now
        self._renew(replace(before, files=files, read_at=read_at, rotations=rotations), events)

    async def _look_at_agent(self) -> None:
        assert self._source is not None
        report = await self._source.ask_agent()
        if self._reads_files:  # looked at after the agent, so that a rotation between the two looks is no difference
            await self._try(self._look_at_files, Fact.FILES)
        back = self._missing.pop(Fact.AGENT, None) is not None
        before = self._workload
        history = before.agent_history + ((report.metrics,) if report.metrics is not None else ())
        events = agent_events(before.agent, report, self._now(), back=back)
        self._renew(replace(before, agent=report, agent_history=history[-HISTORY_KEPT:]), events)

    def _lacks(self, lacking: MissingFact) -> None:
        """A look failed: the last answer stays, with its age."""
        events: tuple[Event, ...] = ()
        if lacking.fact == Fact.AGENT and Fact.AGENT not in self._missing:
            events = (agent_lost(self._workload.offers.agent, lacking.why, self._now()),)
        self._missing[lacking.fact] = lacking
        self._renew(self._workload, events)

    def _renew(self, workload: Workload, events: tuple[Event, ...] = ()) -> None:
        """Join, judge, and tell if anything differs but the moment."""
        before, peers, now = self._told, self._peers(), self._now()
        marks = own_marks(workload, self._hosts, peers.neighbours)
        in_use = self._connections.in_use + seen_by(peers.neighbours, marks)
        joined = replace(workload, identity=joined_identity(workload, in_use, now))
        findings = check_workload(WorkloadState(joined, now, self._asked, peers.nodes))
        self._workload = replace(joined, findings=findings)
        gaps = tuple(self._missing.values())
        if events or gaps != self._told_missing or before is None or _differ(before, self._workload):
            self._told, self._told_missing = self._workload, gaps
            self._changed(self._workload, events, gaps)


def _differ(before: Workload, after: Workload) -> bool:
    """Whether more than the moment of joining differs."""
    return replace(after, identity=replace(after.identity, now=before.identity.now)) != before
