"""What runs beside a session's looks, each at its own pace: echo runs, identity, the cluster, the pod and its log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from meshtui.model.errors import unforeseen
from meshtui.model.identity.workload import Offers
from meshtui.model.timeline import Event, EventKind
from meshtui.session.echo.controller import EchoController
from meshtui.session.echo.state import EchoState
from meshtui.session.identity.connections import PeerReader
from meshtui.session.identity.monitor import IdentityMonitor
from meshtui.session.kubernetes.monitor import ClusterMonitor
from meshtui.session.observation import Attached, EchoSeen, Happened, LogSeen, Observation, PodBecame
from meshtui.session.protocols import Follower, LogSource, Sources
from meshtui.session.state_book import StateBook

if TYPE_CHECKING:  # what only a pod needs
    from meshtui.model.kubernetes.pod_fate import PodFate
    from meshtui.session.kubernetes.log import LogFollower


class BesideLooks:
    """Begins what the sources allow; ``book`` is told what comes of it."""

    def __init__(
        self,
        book: StateBook,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        log: LogSource | None = None,
    ) -> None:
        self.log = _follower(log, book, now) if log is not None else None
        """What follows the target's log once it is started; ``None`` where the target has none."""
        self._book = book
        self._now = now
        self._monotonic = monotonic
        self.echo: EchoController | None = None
        """Where echo runs are started; ``None`` until there are sources, or when the target cannot send."""
        self.peers = PeerReader(None)
        """Reads certificates of live connections."""
        self._identity: IdentityMonitor | None = None
        self._cluster: ClusterMonitor | None = None
        self._following: asyncio.Task[None] | None = None

    def open(self, sources: Sources) -> None:
        """Begin, in the running loop. Called once."""
        self.peers = PeerReader(sources.read_peer)
        observe = self._book.observe
        if sources.echo is not None:
            self.echo = EchoController(
                sources.echo, self._echo_seen, now=self._now, monotonic=self._monotonic, contact_s=sources.contact_s
            )
        offers = sources.workload.offers if sources.workload else Offers()
        observe(Attached(at=self._now(), offers=offers, reached=sources.reached))
        if sources.workload is not None:
            self._identity = IdentityMonitor(sources.workload, observe, self._now)
            self._identity.start()
        if sources.cluster is not None:
            self._cluster = ClusterMonitor(
                sources.cluster, snapshot=lambda: self._book.state.snapshot, observe=self._cluster_seen, now=self._now
            )
            self._cluster.start()
        if sources.follower is not None:
            name = f"follow {self._book.state.target}"
            self._following = asyncio.create_task(self._follow(sources.follower), name=name)

    def look_now(self) -> None:
        """Do not wait for the next look at what changes seldom."""
        if self._identity is not None:
            self._identity.look_now()
        if self._cluster is not None:
            self._cluster.look_now()
        if self.log is not None:
            self.log.look_now()

    def config_seen(self) -> None:
        """The target's config is known."""
        if self._cluster is not None:
            self._cluster.config_seen()

    async def stop(self) -> None:
        """End everything; returns when nothing of it runs any more."""
        await whatever_happens(self.echo.close if self.echo is not None else None)
        await whatever_happens(self._identity.stop if self._identity is not None else None)
        await whatever_happens(self._cluster.stop if self._cluster is not None else None)
        await whatever_happens(self.log.stop if self.log is not None else None)
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _follow(self, follower: Follower) -> None:
        """Put what becomes of the target itself into the timeline. Where nothing can be known, that is said once."""
        try:
            await follower.follow(self._happened, self._became)
        except Exception as error:  # the edge: what is not known of the pod must not cost what its app answers
            target = self._book.state.target
            said = unforeseen(error, f"The following of {target}")
            self._happened(Event(self._now(), EventKind.POD, target, f"not followed: {said}", health=None))

    def _happened(self, event: Event) -> None:
        self._book.observe(Happened(at=self._now(), event=event))

    def _became(self, fate: PodFate) -> None:
        before = self._book.state.fate
        self._book.observe(PodBecame(at=self._now(), fate=fate))
        if self._cluster is not None and before is not None and before.unfollowed and not fate.unfollowed:
            self._cluster.look_now()  # the API server answers again, and nobody has to wait out a pause

    def _cluster_seen(self, observation: Observation) -> None:
        """What the cluster says; an echo run hears the pods' versions, which outlive a look without an answer."""
        self._book.observe(observation)
        behind = self._book.state.behind
        if self.echo is not None and behind is not None:
            self.echo.pods_seen(behind.versions)

    def _echo_seen(self, state: EchoState) -> None:
        self._book.observe(EchoSeen(at=self._now(), echo=state))


def _follower(source: LogSource, book: StateBook, now: Callable[[], datetime]) -> LogFollower:
    from meshtui.session.kubernetes.log import LogFollower  # only pods have logs

    return LogFollower(source, lambda log: book.observe(LogSeen(at=now(), log=log)), now)


async def whatever_happens(end: Callable[[], Awaitable[object]] | None) -> None:
    """Close something; what cannot be closed must not keep the rest open."""
    if end is not None:
        with suppress(Exception):
            await end()
