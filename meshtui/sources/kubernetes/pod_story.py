"""What happens to a session over a pod, for its timeline: which pod it is, the way there, the pod's own fate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from meshtui.model.clock import utc_now
from meshtui.model.kubernetes.forward import ForwardEnd
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.sources.kubernetes.follow import Became, Happened, PodFollower
from meshtui.sources.kubernetes.relay import Relay


class PodStory:
    """Implements ``session.protocols.Follower``.

    A port-forward that breaks is told once with its reason, however often it is tried again, and once when it is back.
    """

    def __init__(
        self,
        words: str,
        relay: Relay,
        *,
        picked: str = "",
        unseen: str = "",
        follower: PodFollower | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``words`` name the pod, ``picked`` which of several it is; without a ``follower`` it may not be read, for
        the reason in ``unseen``."""
        self._words = words
        self._relay = relay
        self._picked = picked
        self._unseen = unseen
        self._follower = follower
        self._now = now
        self._told: ForwardEnd | None = None

    async def follow(self, happened: Happened, became: Became) -> None:
        """See ``Follower``."""
        if self._picked:
            self._tell(happened, f"is {self._picked}", None)
        if self._unseen:
            self._tell(happened, f"may not be read, so what becomes of it is not known: {self._unseen}", Health.UNKNOWN)
        unsubscribe = self._relay.subscribe(lambda: self._changed(happened))
        try:
            if self._follower is not None:
                await self._follower.follow(happened, became)
            await asyncio.Event().wait()  # the way is told of for as long as it is
        finally:
            unsubscribe()

    def _changed(self, happened: Happened) -> None:
        trouble, told = self._relay.trouble, self._told
        if trouble is None:
            if told is not None:
                self._tell(happened, "the port-forward works again", Health.OK)
        elif told is None or trouble.sentence != told.sentence:
            self._tell(happened, trouble.sentence, Health.REFUSED)
        self._told = trouble

    def _tell(self, happened: Happened, text: str, health: Health | None) -> None:
        happened(Event(self._now(), EventKind.POD, self._words, text, health=health))
