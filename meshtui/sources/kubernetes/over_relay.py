"""The sources of a pod, over a relay: what gRPC says of a broken connection gives way to what the relay knows of it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from meshtui.model.channels import ChannelReport
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import MeshtuiError, NoAnswer, ServiceMissing, TargetUnreachable
from meshtui.model.kubernetes.forward import ForwardEnd
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.channelz.source import ChannelzSource
from meshtui.sources.csds.source import CsdsSource
from meshtui.sources.echo import EchoClient
from meshtui.sources.kubernetes.relay import Relay

FRESH_S: Final = 1.0
"""How long the answer by which the port was found is an answer of now."""

LOST: Final = frozenset({ReplyKind.UNREACHED, ReplyKind.BROKEN})
"""Replies that tell of the connection and not of the requests."""


NO_PONG_S: Final = 1.0
"""Seconds without an answer to a ping that are worth a word: a pong comes by return."""

PORT: Final = "--port names the app's plain gRPC port (17171 for Istio's echo)."
"""What to do about another port than was meant."""


WhatToDo = Callable[[MeshtuiError], Awaitable[str]]
"""What to try after an error, as a hint; it may ask the cluster."""


class Way:
    """The relay to a pod's port, and what the pod is called in messages."""

    def __init__(self, relay: Relay, words: str, what_to_do: WhatToDo, note: str = "") -> None:
        """``what_to_do`` tells it of an error by which no stream came about; ``note`` is how the port was arrived at,
        if it is not the one that was typed."""
        self.relay = relay
        self._words = words
        self._what_to_do = what_to_do
        self._note = note
        self._known: tuple[MeshtuiError | None, str] = (None, "")
        """The newest such error, and what to do about it: that may take questions to the cluster."""

    async def explained(self, error: MeshtuiError) -> MeshtuiError:
        """The error, or what the relay says in its place. A peer that answered speaks for itself."""
        if not isinstance(error, TargetUnreachable):
            return error
        said = await self._explained(error)
        return type(said)(f"{said.what} {self._note}", said.hint) if self._note else said

    async def _explained(self, error: TargetUnreachable) -> TargetUnreachable:
        if isinstance(error, ServiceMissing):
            return error
        trouble = self.relay.trouble
        if trouble is not None:
            return TargetUnreachable(f"{self._words} cannot be reached. {trouble.sentence}", await self._hint(trouble))
        if isinstance(error, NoAnswer) and self.relay.opening:
            return NoAnswer(
                f"{self._words} does not answer: the API server has not opened the port-forward in time.",
                "The API server, its node or the way there may be slow or gone; --timeout gives it more time.",
            )
        unanswered = self.relay.unanswered_for
        if isinstance(error, NoAnswer) and unanswered >= NO_PONG_S:
            return NoAnswer(
                f"{self._words} does not answer: nothing comes over the port-forward, for {unanswered:.0f} s not even "
                "an answer to a ping.",
                "Is the network up, and does the API server answer? An app that takes no bytes looks the same. After a "
                "minute the port-forward is made anew.",
            )
        if isinstance(error, NoAnswer) and self.relay.says_nothing:
            return NoAnswer(
                f"{self._words} does not answer: the port is forwarded, and not a byte has come from it.",
                f"What listens there may not speak gRPC, whose servers speak first, or it hangs. {PORT}",
            )
        return error

    async def _hint(self, trouble: ForwardEnd) -> str:
        if trouble.error is None:
            return trouble.hint
        if self._known[0] is not trouble.error:
            self._known = trouble.error, await self._what_to_do(trouble.error)
        return self._known[1]


class RelayedConfig:
    """Implements ``ConfigSource``. ``first`` is the answer by which the port was found; it is given once, while it is
    of now, so that a large config does not come twice.
    """

    def __init__(
        self, inner: CsdsSource, way: Way, first: Snapshot | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner = inner
        self._way = way
        self._first = first
        self._until = monotonic() + FRESH_S
        self._monotonic = monotonic

    async def poll(self) -> Snapshot:
        """See ``ConfigSource``."""
        first, self._first = self._first, None
        if first is not None and self._monotonic() <= self._until:
            return first
        try:
            return await self._inner.poll()
        except MeshtuiError as error:
            raise await self._way.explained(error) from None

    def as_json(self, resource: Resource) -> str:
        """See ``ConfigSource``."""
        return self._inner.as_json(resource)

    async def close(self) -> None:
        """End the stream."""
        await self._inner.close()


class RelayedChannels:
    """Implements ``ChannelSource``."""

    def __init__(self, inner: ChannelzSource, way: Way) -> None:
        self._inner = inner
        self._way = way

    async def poll(self) -> ChannelReport:
        """See ``ChannelSource``."""
        try:
            return await self._inner.poll()
        except MeshtuiError as error:
            raise await self._way.explained(error) from None


class RelayedEcho:
    """Implements ``EchoSource``."""

    def __init__(self, inner: EchoClient, way: Way) -> None:
        self._inner = inner
        self._way = way

    async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
        """See ``EchoSource``."""
        reply = await self._inner.forward(spec, batch)
        if reply.kind not in LOST:
            return reply
        error = TargetUnreachable(reply.error, reply.hint)
        said = await self._way.explained(error)
        return reply if said is error else replace(reply, error=said.what, hint=said.hint)
