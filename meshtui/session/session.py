"""One attached target: polled, reconnected, observed. Knows its sources by Protocol only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from meshtui.doctor.rules.rule import failed as part_failed
from meshtui.model.channels import ChannelReport
from meshtui.model.clock import utc_now
from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, TargetUnreachable, unforeseen
from meshtui.model.target import DEFAULT_INTERVAL
from meshtui.model.timeline import Event
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.beside_looks import BesideLooks, whatever_happens
from meshtui.session.echo.controller import EchoController
from meshtui.session.identity.peers import peers_of
from meshtui.session.observation import Happened, Look, PartChecked, PeersSeen
from meshtui.session.protocols import Connect, LogSource, Sources
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.session.state_book import StateBook

if TYPE_CHECKING:
    from meshtui.session.kubernetes.log import LogFollower

SHORTEST_INTERVAL: Final = 0.1
"""A poll of 10 000 resources costs tens of ms on both sides; closer looks would disturb the app."""

RETRY_AFTER: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds to wait after the first, second, … failed poll in a row; the last one repeats."""

CHANNELS_WAIT_S: Final = 0.5
"""How long the config of a look waits for its channels. A channelz of many calls over a slow way must not hold back
what one came to see; on the same machine it takes some ms."""

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
        log: LogSource | None = None,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        by_hand: Callable[[], None] = lambda: None,
    ) -> None:
        """``log`` gives the logs of a target that is a pod; ``now`` is the clock of times that are shown, ``monotonic``
        that of the pacing of echo runs; ``by_hand`` is called when a person asks for a look now, before it."""
        self._connect = connect
        self._by_hand = by_hand
        self._now = now
        self._sources: Sources | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._failures = 0
        self._stopping = False
        link = Link(LinkState.CONNECTING, now())
        state = SessionState(target=target, link=link, interval=max(interval, SHORTEST_INTERVAL))
        self._book = StateBook(state)
        self._beside = BesideLooks(self._book, now, monotonic, log)

    @property
    def target(self) -> str:
        """The target as it was typed."""
        return self.state.target

    @property
    def state(self) -> SessionState:
        """The newest state; immutable."""
        return self._book.state

    @property
    def echo(self) -> EchoController | None:
        """Where echo runs are started; ``None`` until the target was reached, or when it cannot send."""
        return self._beside.echo

    @property
    def log(self) -> LogFollower | None:
        """What follows the target's log once it is started; ``None`` where the target has none."""
        return self._beside.log

    @property
    def running(self) -> bool:
        """Whether the session follows its target."""
        return self._task is not None and not self._task.done()

    def subscribe(self, listener: Callable[[SessionState], None]) -> None:
        """Call ``listener`` with each new state, for as long as the session lives."""
        self._book.subscribe(listener)

    def start(self) -> None:
        """Begin to follow the target, in the running loop. Does nothing when already begun."""
        if not self.running:
            self._stopping = False
            self._task = asyncio.create_task(self._follow(), name=f"session {self.target}")
            self._task.add_done_callback(self._loop_ended)

    async def stop(self) -> None:
        """End everything this session began; returns when nothing of it runs any more."""
        self._stopping = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._beside.stop()  # after the loop, which may just have opened the sources
        sources, self._sources = self._sources, None
        await whatever_happens(sources.close if sources is not None else None)

    def poll_now(self) -> None:
        """Do not wait for the interval to end: a person asks for a look."""
        self._by_hand()
        self._wake.set()
        self._beside.look_now()

    def as_json(self, resource: Resource) -> str:
        """The resource's config as proto JSON; empty before the target first answered."""
        return self._sources.config.as_json(resource) if self._sources else ""

    def record(self, event: Event) -> None:
        """Put something that happened outside (a mesh event) into the timeline."""
        self._book.observe(Happened(at=self._now(), event=event))

    def others_seen(self, others: Iterable[SessionState]) -> None:
        """Take in what the other attached targets show: their connections tell of this target too."""
        self._check("what other targets show", partial(self._compare, tuple(others)))

    def _compare(self, others: tuple[SessionState, ...]) -> None:
        peers = peers_of(self.state, others)
        if peers != self.state.memory.identity.peers:
            self._book.observe(PeersSeen(at=self._now(), peers=peers))

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
            return self.state.interval
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
            if self.echo is not None:
                self._check("what the config asks of a probe", partial(self.echo.config_seen, config))
            if not in_time:
                await self._seen(None, await channels)
        finally:
            channels.cancel()
            await asyncio.gather(channels, return_exceptions=True)

    async def _config_now(self) -> Snapshot:
        if self._sources is None:
            sources = await self._connect()
            self._beside.open(sources)
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
                self._check("certificates of live connections", partial(self._beside.peers.read, channels))
            look = Look(at=self._now(), config=config, channels=channels, certificates=self._beside.peers.parsed)
            await self._book.observe_look(look)
        except Exception as error:  # the edge: a defect of ours costs this look
            self._failed(unforeseen(error, f"Reading what {self.target} answered", LOOKS_AGAIN))
            return False
        self._failures = 0
        self._beside.config_seen()
        return True

    def _failed(self, error: MeshtuiError) -> None:
        self._failures += 1
        self._book.observe(Look(at=self._now(), config=error))

    def _check(self, part: str, do: Callable[[], None]) -> None:
        """Do something beside the looks. What fails is a finding, until it works again."""
        try:
            do()
        except Exception as error:  # the edge: a defect in one part must not cost the others
            self._book.observe(PartChecked(at=self._now(), part=part, defect=part_failed(part, error)))
        else:
            self._book.observe(PartChecked(at=self._now(), part=part, defect=None))

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        """The loop is not meant to end while it follows: say so, and begin again."""
        if self._stopping or task is not self._task:
            return
        why = None if task.cancelled() else task.exception()
        said = unforeseen(why or RuntimeError("it was cancelled"), f"The watching of {self.target}", LOOKS_AGAIN)
        self._book.observe(Look(at=self._now(), config=said))
        self._task = None
        task.get_loop().call_later(RETRY_AFTER[-1], self._begin_again)

    def _begin_again(self) -> None:
        if not self._stopping:
            self.start()
