"""One attached target: polled, reconnected, observed. Knows its sources by Protocol only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from meshtui.doctor.rules.rule import failed as part_failed
from meshtui.gc_pause import paused
from meshtui.model.channels import ChannelReport
from meshtui.model.clock import utc_now
from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, TargetUnreachable, unforeseen
from meshtui.model.identity.workload import Offers
from meshtui.model.target import DEFAULT_INTERVAL
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.controller import EchoController
from meshtui.session.echo.state import EchoState
from meshtui.session.identity.connections import PeerReader
from meshtui.session.identity.monitor import IdentityMonitor
from meshtui.session.identity.peers import peers_of
from meshtui.session.kubernetes.monitor import ClusterMonitor
from meshtui.session.observation import Attached, EchoSeen, Happened, Look, Observation, PartChecked, PeersSeen
from meshtui.session.protocols import Connect, Follower, Sources
from meshtui.session.reduce import reduce
from meshtui.session.state import Link, LinkState, SessionState

SHORTEST_INTERVAL: Final = 0.1
"""A poll of 10 000 resources costs tens of ms on both sides; closer looks would disturb the app."""

RETRY_AFTER: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds to wait after the first, second, … failed poll in a row; the last one repeats."""

CHANNELS_WAIT_S: Final = 0.5
"""How long the config of a look waits for its channels. A channelz of many calls over a slow way must not hold back
what one came to see; on the same machine it takes some ms."""

LARGE: Final = 500
"""Resources of a config that a thread takes in when it differs: some ms of work, for which a key would have to wait."""

Result = TypeVar("Result")


class Session:
    """Follows one target until stopped. Read :attr:`state`; it is replaced whole whenever something differs.

    A look is one state: config, channels, identity and findings of the same moment. Only where the channels take longer
    than :data:`CHANNELS_WAIT_S` the config is published with those of the look before, and theirs when they came. What
    files, agent and echo runs bring in between is published as it comes.
    """

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
        self._echo: EchoController | None = None
        self._identity: IdentityMonitor | None = None
        self._cluster: ClusterMonitor | None = None
        self._peers = PeerReader(None)
        self._following: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._failures = 0
        self._stopping = False
        self._waiting: list[Observation] | None = None
        """What was observed after the look that a thread is taking in; ``None`` while none does."""
        self._listeners: list[Callable[[SessionState], None]] = []
        link = Link(LinkState.CONNECTING, now())
        self._state = SessionState(target=target, link=link, interval=max(interval, SHORTEST_INTERVAL))

    @property
    def target(self) -> str:
        """The target as it was typed."""
        return self._state.target

    @property
    def state(self) -> SessionState:
        """The newest state; immutable."""
        return self._state

    @property
    def echo(self) -> EchoController | None:
        """Where echo runs are started; ``None`` until the target was reached, or when it cannot send."""
        return self._echo

    @property
    def running(self) -> bool:
        """Whether the session follows its target."""
        return self._task is not None and not self._task.done()

    def subscribe(self, listener: Callable[[SessionState], None]) -> None:
        """Call ``listener`` with each new state, for as long as the session lives."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow the target, in the running loop. Does nothing when already begun."""
        if not self.running:
            self._stopping = False
            self._task = asyncio.create_task(self._follow(), name=f"session {self.target}")
            self._task.add_done_callback(self._loop_ended)

    async def stop(self) -> None:
        """End everything this session began; returns when nothing of it runs any more."""
        self._stopping = True
        await _whatever_happens(self._echo.close if self._echo is not None else None)
        await _whatever_happens(self._identity.stop if self._identity is not None else None)
        await _whatever_happens(self._cluster.stop if self._cluster is not None else None)
        tasks, self._task, self._following = (self._task, self._following), None, None
        for task in filter(None, tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        sources, self._sources = self._sources, None
        await _whatever_happens(sources.close if sources is not None else None)

    def poll_now(self) -> None:
        """Do not wait for the interval to end."""
        self._wake.set()
        if self._identity is not None:
            self._identity.look_now()

    def as_json(self, resource: Resource) -> str:
        """The resource's config as proto JSON; empty before the target first answered."""
        return self._sources.config.as_json(resource) if self._sources else ""

    def record(self, event: Event) -> None:
        """Put something that happened outside (a mesh event) into the timeline."""
        self._observe(Happened(at=self._now(), event=event))

    def others_seen(self, others: Iterable[SessionState]) -> None:
        """Take in what the other attached targets show: their connections tell of this target too."""
        self._check("what other targets show", partial(self._compare, tuple(others)))

    def _compare(self, others: tuple[SessionState, ...]) -> None:
        peers = peers_of(self._state, others)
        if peers != self._state.memory.identity.peers:
            self._observe(PeersSeen(at=self._now(), peers=peers))

    def _observe(self, observation: Observation) -> None:
        """Go on to the next state; when a look is just being taken in beside the loop, after it."""
        if self._waiting is not None:
            self._waiting.append(observation)
        else:
            self._publish(reduce(self._state, observation))

    async def _observe_look(self, look: Look) -> None:
        """Take in a look. A large config that differs is taken in by a thread: it is decoded, hung together and judged
        for the first time, which holds up nobody there. What is observed meanwhile follows after it.
        """
        if not self._is_large_and_new(look):
            self._observe(look)
            return
        self._waiting = []
        try:
            with paused() if self._state.snapshot is None else nullcontext():
                after = await asyncio.to_thread(reduce, self._state, look)
            self._publish(after)
        finally:
            observed, self._waiting = self._waiting, None
            for observation in observed:
                self._observe(observation)

    def _is_large_and_new(self, look: Look) -> bool:
        config, before = look.config, self._state.snapshot
        if not isinstance(config, Snapshot) or len(config.resources) < LARGE:
            return False
        return before is None or config.resources is not before.resources

    def _publish(self, state: SessionState) -> None:
        if state is not self._state:
            self._state = state
            for listener in tuple(self._listeners):
                listener(self._state)  # one before may have made this one newer

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
        config = await self._answer_of(self._config_now, f"The look at {self.target}")
        if isinstance(config, MeshtuiError):
            self._failed(config)
            return
        channels = asyncio.create_task(self._channels_now())
        try:
            await asyncio.wait({channels}, timeout=CHANNELS_WAIT_S)
            in_time = channels.done()
            if not await self._seen(config, channels.result() if in_time else None):
                return
            if self._echo is not None:
                self._check("what the config asks of a probe", partial(self._echo.config_seen, config))
            if not in_time:
                await self._seen(None, await channels)
        finally:
            channels.cancel()
            await asyncio.gather(channels, return_exceptions=True)

    async def _config_now(self) -> Snapshot:
        if self._sources is None:
            sources = await self._connect()
            self._open(sources)
            self._sources = sources
        return await self._sources.config.poll()

    async def _channels_now(self) -> ChannelReport | MeshtuiError | None:
        source = self._sources.channels if self._sources is not None else None
        return await self._answer_of(source.poll, "The look at channelz") if source is not None else None

    async def _answer_of(self, poll: Callable[[], Awaitable[Result]], what: str) -> Result | MeshtuiError:
        """What a source answers, or why it does not. ``what`` begins the sentence that says so."""
        try:
            return await poll()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._stopping or (task is not None and task.cancelling()):
                raise
            # nobody cancelled us: a call that was cancelled under the source, as when its channel is closed
            return TargetUnreachable(f"{what} was broken off.")
        except Exception as error:  # the edge: an error nobody expected must not end the watching
            return unforeseen(error, what, LOOKS_AGAIN)

    async def _seen(self, config: Snapshot | None, channels: ChannelReport | MeshtuiError | None) -> bool:
        """Take in what a look brought; an answer that cannot be taken in is no answer."""
        try:
            if isinstance(channels, ChannelReport):
                self._check("certificates of live connections", partial(self._peers.read, channels))
            look = Look(at=self._now(), config=config, channels=channels, certificates=self._peers.parsed)
            await self._observe_look(look)
        except Exception as error:  # the edge: a defect of ours costs this look
            self._failed(unforeseen(error, f"Reading what {self.target} answered", LOOKS_AGAIN))
            return False
        self._failures = 0
        if self._cluster is not None:
            self._cluster.config_seen()
        return True

    def _failed(self, error: MeshtuiError) -> None:
        self._failures += 1
        self._observe(Look(at=self._now(), config=error))

    def _check(self, part: str, do: Callable[[], None]) -> None:
        """Do something beside the looks. What fails is a finding, until it works again."""
        try:
            do()
        except Exception as error:  # the edge: a defect in one part must not cost the others
            self._observe(PartChecked(at=self._now(), part=part, defect=part_failed(part, error)))
        else:
            self._observe(PartChecked(at=self._now(), part=part, defect=None))

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        """The loop is not meant to end while it follows: say so, and begin again."""
        if self._stopping or task is not self._task:
            return
        why = None if task.cancelled() else task.exception()
        said = unforeseen(why or RuntimeError("it was cancelled"), f"The watching of {self.target}", LOOKS_AGAIN)
        self._observe(Look(at=self._now(), config=said))
        self._task = None
        task.get_loop().call_later(RETRY_AFTER[-1], self._begin_again)

    def _begin_again(self) -> None:
        if not self._stopping:
            self.start()

    def _open(self, sources: Sources) -> None:
        """Begin what the sources allow."""
        self._peers = PeerReader(sources.read_peer)
        if sources.echo is not None:
            self._echo = EchoController(
                sources.echo, self._echo_seen, now=self._now, monotonic=self._monotonic, contact_s=sources.contact_s
            )
        self._observe(Attached(at=self._now(), offers=sources.workload.offers if sources.workload else Offers()))
        if sources.workload is not None:
            self._identity = IdentityMonitor(sources.workload, self._observe, self._now)
            self._identity.start()
        if sources.cluster is not None:
            self._cluster = ClusterMonitor(
                sources.cluster, snapshot=lambda: self._state.snapshot, observe=self._cluster_seen, now=self._now
            )
            self._cluster.start()
        if sources.follower is not None:
            self._following = asyncio.create_task(self._follow_target(sources.follower), name=f"follow {self.target}")

    async def _follow_target(self, follower: Follower) -> None:
        """Put what becomes of the target itself into the timeline. Where nothing can be known, that is said once."""
        try:
            await follower.follow(self.record)
        except Exception as error:  # the edge: what is not known of the pod must not cost what its app answers
            said = unforeseen(error, f"The following of {self.target}")
            event = Event(self._now(), EventKind.POD, self.target, f"not followed: {said}", health=None)
            self.record(event)

    def _cluster_seen(self, observation: Observation) -> None:
        """What the cluster says; an echo run hears the pods' versions, which outlive a look without an answer."""
        self._observe(observation)
        if self._echo is not None and self._state.behind is not None:
            self._echo.pods_seen(self._state.behind.versions)

    def _echo_seen(self, state: EchoState) -> None:
        self._observe(EchoSeen(at=self._now(), echo=state))


async def _whatever_happens(end: Callable[[], Awaitable[object]] | None) -> None:
    """Close something; what cannot be closed must not keep the rest open."""
    if end is not None:
        with suppress(Exception):
            await end()
