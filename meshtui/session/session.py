"""One attached target: polled, reconnected, remembered. Knows its sources by Protocol only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from meshtui.doctor.config_check import ConfigCheck
from meshtui.doctor.observation import Observation
from meshtui.doctor.registry import failed as part_failed
from meshtui.model.answerer import RESTARTS_TOLD, SWITCH_SHOWN, Answerer, Processes, Switch, Switches, answerer
from meshtui.model.channels import ChannelReport
from meshtui.model.clock import utc_now
from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, ServiceMissing, TargetUnreachable, unforeseen
from meshtui.model.finding import Finding, worst_first
from meshtui.model.identity.workload import Workload
from meshtui.model.target import DEFAULT_INTERVAL
from meshtui.model.timeline import Event, EventKind, Timeline
from meshtui.model.traffic import observe
from meshtui.model.xds.diff import Change, ChangeKind, diff
from meshtui.model.xds.graph import EMPTY_GRAPH, Graph
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import Health, Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.controller import EchoController
from meshtui.session.echo.events import echo_events
from meshtui.session.echo.state import EchoState
from meshtui.session.identity.monitor import IdentityMonitor
from meshtui.session.identity.peers import peers_of
from meshtui.session.link import answered, failed
from meshtui.session.previous import remember
from meshtui.session.protocols import ChannelSource, Connect, Sources
from meshtui.session.state import Fact, Link, LinkState, MissingFact, SessionState

SHORTEST_INTERVAL: Final = 0.1
"""A poll of 10 000 resources costs tens of ms on both sides; closer looks would disturb the app."""

RETRY_AFTER: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds to wait after the first, second, … failed poll in a row; the last one repeats."""

EVENTS_SHOWN: Final = 500
"""Events copied into each state: more than any screen shows, few enough to copy on each change."""


LINK_HEALTH: Final = {
    LinkState.STALE: Health.REFUSED,
    LinkState.DOWN: Health.REFUSED,
    LinkState.MISSING: Health.MISSING,
}
"""How bad it is that a target does not answer as it should."""


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
        self._echo: EchoController | None = None
        self._workload: IdentityMonitor | None = None
        self._check = ConfigCheck()
        self._config_findings: tuple[Finding, ...] = ()
        self._defects: dict[str, Finding] = {}
        self._switches = Switches()
        self._in_turn_told: datetime | None = None
        self._stopping = self._restart_told = False
        self._processes = Processes()
        self._processes_told: datetime | None = None
        self._restarts: tuple[datetime, ...] = ()
        self._restarts_told: datetime | None = None
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
    def echo(self) -> EchoController | None:
        """Where echo runs are started; ``None`` until the target was reached, or when it cannot send."""
        return self._echo

    @property
    def running(self) -> bool:
        """Whether the session follows its target."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to follow the target, in the running loop. Does nothing when already begun."""
        if not self.running:
            self._stopping = False
            self._task = asyncio.create_task(self._follow(), name=f"session {self.target}")
            self._task.add_done_callback(self._loop_ended)

    async def stop(self) -> None:
        """End everything this session began; returns when nothing of it runs any more."""
        self._stopping = True
        for end in (
            self._echo.close if self._echo is not None else None,
            self._workload.stop if self._workload is not None else None,
        ):
            await _whatever_happens(end)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        sources, self._sources = self._sources, None
        await _whatever_happens(sources.close if sources is not None else None)

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
            self._wake.clear()
            await self._look()
            with suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()

    def _pause(self) -> float:
        if not self._failures:
            return self._state.interval
        return RETRY_AFTER[min(self._failures, len(RETRY_AFTER)) - 1]

    async def _look(self) -> None:
        """One look. Whatever a source or a part of meshtui raises costs this look, or that part of it, and is said."""
        try:
            snapshot = await self._config_now()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._stopping or (task is not None and task.cancelling()):
                raise
            # nobody cancelled us: a call that was cancelled under the source, as when its channel is closed
            self._failed(TargetUnreachable(f"The look at {self.target} was broken off."))
            return
        except Exception as error:  # the edge: an error nobody expected must not end the watching
            self._failed(unforeseen(error, f"The look at {self.target}", LOOKS_AGAIN))
            return
        try:
            self._seen(snapshot)
        except Exception as error:  # the edge: an answer that cannot be taken in is no answer
            self._failed(unforeseen(error, f"Reading what {self.target} answered", LOOKS_AGAIN))
            return
        self._failures = 0
        if self._echo is not None:
            echo = self._echo
            self._part("what the config asks of a probe", lambda: echo.config_seen(snapshot))
        if self._sources is not None and self._sources.channels is not None:
            await self._look_at_channels(self._sources.channels)
        if self._workload is not None:
            workload, state = self._workload, self._state
            self._part("identity", lambda: workload.config_seen(snapshot, state.graph, state.channels))
        self._part("findings", self._judge)

    async def _config_now(self) -> Snapshot:
        if self._sources is None:
            sources = await self._connect()
            self._open_controllers(sources)
            self._sources = sources
        return await self._sources.config.poll()

    def _part(self, name: str, do: Callable[[], None]) -> None:
        """Do one part of a look. One that fails is a finding, and costs itself."""
        try:
            do()
        except Exception as error:  # the edge: a defect in one part must not cost the others
            self._defects[name] = part_failed(name, error)
            self._publish(findings=self._all_findings(self._state.workload))
        else:
            self._defects.pop(name, None)

    def _failed(self, error: MeshtuiError) -> None:
        self._failures += 1
        self._lost(error)

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        """The loop is not meant to end while it follows: say so, and begin again."""
        if self._stopping or task is not self._task:
            return
        why = None if task.cancelled() else task.exception()
        said = unforeseen(why or RuntimeError("it was cancelled"), f"The watching of {self.target}", LOOKS_AGAIN)
        self._lost(said)
        self._task = None
        task.get_loop().call_later(RETRY_AFTER[-1], self._begin_again)

    def _begin_again(self) -> None:
        if not self._stopping:
            self.start()

    def _open_controllers(self, sources: Sources) -> None:
        if sources.echo is not None:
            self._echo = EchoController(
                sources.echo, self._echo_told, now=self._now, monotonic=self._monotonic, contact_s=sources.contact_s
            )
        self._workload = IdentityMonitor(
            sources.workload,
            sources.read_peer,
            self._workload_seen,
            self._now,
            lambda: peers_of(self._state, self.others()),
        )
        self._workload.start()

    async def _look_at_channels(self, source: ChannelSource) -> None:
        try:
            report = await source.poll()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._stopping or (task is not None and task.cancelling()):
                raise
            self._channels_lost(TargetUnreachable("The look at channelz was broken off."))
            return
        except Exception as error:  # the edge, as for the config
            self._channels_lost(unforeseen(error, "The look at channelz", LOOKS_AGAIN))
            return
        self._part("traffic", lambda: self._channels_seen(report))

    def _channels_seen(self, report: ChannelReport) -> None:
        before = self._state
        self._processes = self._processes.see(report)  # kept while channelz gives no answer
        if self._processes.in_turn(report.taken_at):
            self._processes_in_turn(report.taken_at)
        elif self._processes.restarted and not self._restart_told:
            self._restarted(report.taken_at)
        self._restart_told = False
        missing = tuple(known for known in before.missing if known.fact is not Fact.CHANNELS)
        self._publish(
            channels=report,
            traffic=observe(before.traffic, report),
            missing=missing,
            events=self._timeline.latest(EVENTS_SHOWN),
        )

    def _channels_lost(self, error: MeshtuiError) -> None:
        """What channelz said before is no truth of now: a stopped app must not go on showing calls."""
        lost = MissingFact(Fact.CHANNELS, error.what, error.hint)
        if lost not in self._state.missing or self._state.channels is not None:
            others = tuple(known for known in self._state.missing if known.fact != lost.fact)
            self._publish(missing=(*others, lost), channels=None, traffic=None)

    def _echo_told(self, state: EchoState) -> None:
        self._timeline.add(*echo_events(self._state.echo, state, self._now()))
        self._publish(echo=state, events=self._timeline.latest(EVENTS_SHOWN))

    def _judge(self) -> None:
        state = self._state
        if state.snapshot is None:
            return
        seen = Observation(
            self._now(), state.snapshot, state.graph, state.channels, state.changed_at, state.traffic, self._switches
        )
        self._config_findings = self._check.findings(seen)
        findings = self._all_findings(state.workload)
        if findings != state.findings:
            self._publish(findings=findings)

    def _all_findings(self, workload: Workload | None) -> tuple[Finding, ...]:
        identity = workload.findings if workload is not None else ()
        return worst_first((*self._config_findings, *identity, *self._defects.values()))

    # what was seen

    def _workload_seen(self, workload: Workload, events: tuple[Event, ...], missing: tuple[MissingFact, ...]) -> None:
        self._timeline.add(*events)
        others = tuple(known for known in self._state.missing if known.fact not in (Fact.FILES, Fact.AGENT))
        self._publish(
            workload=workload,
            missing=(*others, *missing),
            findings=self._all_findings(workload),
            events=self._timeline.latest(EVENTS_SHOWN),
        )

    def _lost(self, error: MeshtuiError) -> None:
        before = self._state.link
        link = failed(before, error, self._now(), missing=isinstance(error, ServiceMissing))
        if link.state is not before.state:
            self._happened(link.since, f"{link.state.value}: {error.what}", LINK_HEALTH[link.state])
        if link != before:
            self._publish(link=link, events=self._timeline.latest(EVENTS_SHOWN))

    def _seen(self, snapshot: Snapshot) -> None:
        before = self._state
        link = answered(before.link, snapshot.taken_at)
        silent_since = before.link.last_answer if before.link.state is LinkState.STALE else None
        who = answerer(before.snapshot, snapshot, silent_since=silent_since)
        if link.state is not before.link.state:
            word = "connected" if before.link.last_answer is None else "answers again"
            self._happened(link.since, word, Health.OK)
        if before.snapshot is not None and who is Answerer.ANOTHER:
            self._another(before.snapshot, snapshot, link)
            return
        if who is Answerer.RESTARTED:
            self._restarted(snapshot.taken_at)
            self._restart_told = True
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
            graph=self._graph(snapshot, before.graph),
            changes=() if first else changes,
            changed_at=before.changed_at if first else _stamped(before.changed_at, changes, snapshot.taken_at),
            previous=remember(before.previous, changes, snapshot.resources),
            events=self._timeline.latest(EVENTS_SHOWN),
        )

    def _another(self, before: Snapshot, after: Snapshot, link: Link) -> None:
        """Another client answers: nothing of the one before is compared with it."""
        at = after.taken_at
        self._switches = self._switches.add(Switch(at, before.node, after.node))
        self._processes = Processes()
        if not self._switches.in_turn(at):
            self._happened(at, f"another client answers: {after.node.id} instead of {before.node.id}", Health.WAITING)
        elif self._in_turn_told is None or at - self._in_turn_told >= SWITCH_SHOWN:
            self._in_turn_told = at
            self._happened(at, "several clients answer in turn", Health.WAITING)
        self._publish(
            link=link,
            snapshot=after,
            graph=self._graph(after, EMPTY_GRAPH),
            changes=(),
            changed_at=MappingProxyType({}),
            previous=MappingProxyType({}),
            channels=None,
            traffic=None,
            events=self._timeline.latest(EVENTS_SHOWN),
        )

    def _restarted(self, at: datetime) -> None:
        """Say so; what restarts again and again is said once in a while, or nothing else would be left to read."""
        lately = tuple(one for one in self._restarts if at - one <= SWITCH_SHOWN)
        self._restarts = (*lately, at)[-RESTARTS_TOLD - 1 :]
        if len(lately) < RESTARTS_TOLD:
            self._happened(at, "restarted: it counts and holds config from the beginning again", Health.WAITING)
        elif self._restarts_told is None or at - self._restarts_told >= SWITCH_SHOWN:
            self._restarts_told = at
            self._happened(at, "restarts again and again, or several processes answer in turn", Health.WAITING)

    def _processes_in_turn(self, at: datetime) -> None:
        if self._processes_told is None or at - self._processes_told >= SWITCH_SHOWN:
            self._processes_told = at
            self._happened(
                at, "several processes answer channelz in turn: counts are now of one, now of another", Health.WAITING
            )

    def _happened(self, at: datetime, text: str, health: Health | None) -> None:
        self._timeline.add(Event(at, EventKind.LINK, self.target, text, health))

    def _graph(self, snapshot: Snapshot, before: Graph) -> Graph:
        """The tree; none where it cannot be built, rather than one of an older config."""
        built = [EMPTY_GRAPH]
        self._part("the tree of the config", lambda: built.append(build(snapshot, before)))
        return built[-1]

    def _publish(self, **differences: object) -> None:
        self._state = replace(self._state, revision=self._state.revision + 1, **differences)  # type: ignore[arg-type]


async def _whatever_happens(end: Callable[[], Awaitable[object]] | None) -> None:
    """Close something; what cannot be closed must not keep the rest open."""
    if end is not None:
        with suppress(Exception):
            await end()


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
