"""One attached target: polled, reconnected, remembered. Knows its sources by Protocol only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from meshtui.doctor.config_check import ConfigCheck
from meshtui.doctor.observation import Observation
from meshtui.model.diff import Change, ChangeKind, diff
from meshtui.model.errors import MeshtuiError, ServiceMissing
from meshtui.model.finding import Finding, worst_first
from meshtui.model.graph_build import build
from meshtui.model.resource import Resource, ResourceKey
from meshtui.model.snapshot import Snapshot
from meshtui.model.target import DEFAULT_INTERVAL
from meshtui.model.timeline import Event, EventKind, Timeline
from meshtui.model.workload import Workload
from meshtui.session.echo_desk import EchoDesk
from meshtui.session.echo_events import echo_events
from meshtui.session.echo_state import EchoState
from meshtui.session.link import answered, failed
from meshtui.session.protocols import ChannelSource, Connect, Sources
from meshtui.session.state import Gap, Link, LinkState, SessionState
from meshtui.session.workload_around import around_of
from meshtui.session.workload_desk import AGENT_GAP, FILES_GAP, WorkloadDesk

SHORTEST_INTERVAL: Final = 0.1
"""A poll of 10 000 resources costs tens of ms on both sides; closer looks would disturb the app."""

RETRY_AFTER: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds to wait after the first, second, … failed poll in a row; the last one repeats."""

EVENTS_SHOWN: Final = 500
"""Events copied into each state: more than any screen shows, few enough to copy on each change."""


def utc_now() -> datetime:
    """The clock sessions use unless they are given another."""
    return datetime.now(UTC)


class Session:
    """Follows one target until stopped. Read :attr:`state`; it is replaced whole whenever something differs."""

    def __init__(
        self,
        target: str,
        connect: Connect,
        *,
        interval: float = DEFAULT_INTERVAL,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``now`` is the clock of times that are shown, ``monotonic`` that of the pacing of echo runs."""
        self._connect = connect
        self._now = now
        self._monotonic = monotonic
        self._sources: Sources | None = None
        self._timeline = Timeline()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._failures = 0
        self._echo: EchoDesk | None = None
        self._workload: WorkloadDesk | None = None
        self._check = ConfigCheck()
        self._config_findings: tuple[Finding, ...] = ()
        self.others: Callable[[], tuple[SessionState, ...]] = tuple
        """The other targets attached beside this one; the workspace says which."""
        self._state = SessionState(target, 0, Link(LinkState.CONNECTING, now()), max(interval, SHORTEST_INTERVAL))

    @property
    def target(self) -> str:
        """The target as it was typed."""
        return self._state.target

    @property
    def state(self) -> SessionState:
        """The newest look; immutable."""
        return self._state

    @property
    def echo(self) -> EchoDesk | None:
        """Where echo runs are started; ``None`` until the target was reached, or when it cannot send."""
        return self._echo

    @property
    def running(self) -> bool:
        """Whether the session follows its target."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to follow the target, in the running loop. Does nothing when already begun."""
        if not self.running:
            self._task = asyncio.create_task(self._follow(), name=f"session {self.target}")

    async def stop(self) -> None:
        """End everything this session began; returns when nothing of it runs any more."""
        if self._echo is not None:
            await self._echo.close()
        if self._workload is not None:
            await self._workload.stop()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._sources is not None:
            sources, self._sources = self._sources, None
            await sources.config.close()

    def poll_now(self) -> None:
        """Do not wait for the interval to end."""
        self._wake.set()
        if self._workload is not None:
            self._workload.look_now()

    def set_interval(self, seconds: float) -> None:
        """Change the time between polls, not below :data:`SHORTEST_INTERVAL`."""
        self._publish(interval=max(seconds, SHORTEST_INTERVAL))
        self._wake.set()

    def as_json(self, resource: Resource) -> str:
        """The resource's config as proto JSON; empty before the target first answered."""
        return self._sources.config.as_json(resource) if self._sources else ""

    def record(self, event: Event) -> None:
        """Put something that happened outside (a mesh event, an echo run) into the timeline."""
        self._timeline.add(event)
        self._publish(events=self._timeline.latest(EVENTS_SHOWN))

    # the loop

    async def _follow(self) -> None:
        while True:
            await self._look()
            self._wake.clear()
            with suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()

    def _pause(self) -> float:
        if not self._failures:
            return self._state.interval
        return RETRY_AFTER[min(self._failures, len(RETRY_AFTER)) - 1]

    async def _look(self) -> None:
        try:
            if self._sources is None:
                self._sources = await self._connect()
                self._open_desks(self._sources)
            snapshot = await self._sources.config.poll()
        except MeshtuiError as error:
            self._failures += 1
            self._lost(error)
            return
        self._failures = 0
        self._seen(snapshot)
        if self._echo is not None:
            self._echo.config_seen(snapshot)
        if self._sources.channels is not None:
            await self._look_at_channels(self._sources.channels)
        if self._workload is not None:
            self._workload.config_seen(snapshot, self._state.graph, self._state.channels)
        self._judge()

    def _open_desks(self, sources: Sources) -> None:
        if sources.echo is not None:
            self._echo = EchoDesk(sources.echo, self._echo_told, now=self._now, monotonic=self._monotonic)
        self._workload = WorkloadDesk(
            sources.workload,
            sources.read_peer,
            self._workload_seen,
            self._now,
            lambda: around_of(self._state, self.others()),
        )
        self._workload.start()

    async def _look_at_channels(self, source: ChannelSource) -> None:
        try:
            report = await source.poll()
        except MeshtuiError as error:
            gap = Gap("channels and the control plane's state", error.what, error.hint)
            if gap not in self._state.gaps:
                others = tuple(known for known in self._state.gaps if known.fact != gap.fact)
                self._publish(gaps=(*others, gap))
            return
        gaps = tuple(known for known in self._state.gaps if not known.fact.startswith("channels"))
        self._publish(channels=report, channels_before=self._state.channels, gaps=gaps)

    def _echo_told(self, state: EchoState) -> None:
        self._timeline.add(*echo_events(self._state.echo, state, self._now()))
        self._publish(echo=state, events=self._timeline.latest(EVENTS_SHOWN))

    def _judge(self) -> None:
        state = self._state
        if state.snapshot is None:
            return
        seen = Observation(self._now(), state.snapshot, state.graph, state.channels, state.changed_at)
        self._config_findings = self._check.findings(seen)
        findings = self._all_findings(state.workload)
        if findings != state.findings:
            self._publish(findings=findings)

    def _all_findings(self, workload: Workload | None) -> tuple[Finding, ...]:
        return worst_first(self._config_findings + (workload.findings if workload is not None else ()))

    # what was seen

    def _workload_seen(self, workload: Workload, events: tuple[Event, ...], gaps: tuple[Gap, ...]) -> None:
        self._timeline.add(*events)
        others = tuple(known for known in self._state.gaps if known.fact not in (FILES_GAP, AGENT_GAP))
        self._publish(
            workload=workload,
            gaps=(*others, *gaps),
            findings=self._all_findings(workload),
            events=self._timeline.latest(EVENTS_SHOWN),
        )

    def _lost(self, error: MeshtuiError) -> None:
        before = self._state.link
        link = failed(before, error, self._now(), missing=isinstance(error, ServiceMissing))
        if link.state is not before.state:
            self._timeline.add(Event(link.since, EventKind.LINK, self.target, f"{link.state.value}: {error.what}"))
        if link != before:
            self._publish(link=link, events=self._timeline.latest(EVENTS_SHOWN))

    def _seen(self, snapshot: Snapshot) -> None:
        before = self._state
        link = answered(before.link, snapshot.taken_at)
        if link.state is not before.link.state:
            word = "connected" if before.link.last_answer is None else "answers again"
            self._timeline.add(Event(link.since, EventKind.LINK, self.target, word))
        changes = diff(before.snapshot, snapshot)
        if not changes and before.snapshot is not None and before.snapshot.node == snapshot.node:
            self._publish(link=link, snapshot=snapshot, events=self._timeline.latest(EVENTS_SHOWN))
            return
        first = before.snapshot is None
        if not first:
            self._timeline.add(*(_event(change, snapshot.taken_at) for change in changes))
        self._publish(
            link=link,
            snapshot=snapshot,
            graph=build(snapshot, before.graph),
            changes=() if first else changes,
            changed_at=before.changed_at if first else _stamped(before.changed_at, changes, snapshot.taken_at),
            previous=_remember(before.previous, changes),
            events=self._timeline.latest(EVENTS_SHOWN),
        )

    def _publish(self, **differences: object) -> None:
        self._state = replace(self._state, revision=self._state.revision + 1, **differences)  # type: ignore[arg-type]


def _event(change: Change, at: datetime) -> Event:
    subject = f"{change.key.type} {change.key.name}"
    return Event(at, EventKind.CONFIG, subject, change.words, change.health, change.key)


def _stamped(
    stamps: Mapping[ResourceKey, datetime], changes: tuple[Change, ...], at: datetime
) -> Mapping[ResourceKey, datetime]:
    """When each resource last changed; one that went away is forgotten."""
    stamped = {**stamps, **{change.key: at for change in changes}}
    for change in changes:
        if change.kind is ChangeKind.REMOVED:
            del stamped[change.key]
    return MappingProxyType(stamped)


def _remember(previous: Mapping[ResourceKey, Resource], changes: tuple[Change, ...]) -> Mapping[ResourceKey, Resource]:
    """The config each resource had before its newest one; one that went away keeps its last, for when it comes back."""
    known = dict(previous)
    for change in changes:
        if change.kind in (ChangeKind.CONFIG, ChangeKind.REMOVED) and change.before is not None and change.before.value:
            known[change.key] = change.before
    return MappingProxyType(known)
