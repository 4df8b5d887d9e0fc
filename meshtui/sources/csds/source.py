"""The xDS config a gRPC client holds, by its Client Status Discovery Service (gRFC A40)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime
from typing import Final

import grpc
import grpc.aio

from meshtui.gc_pause import paused
from meshtui.model.address import Address
from meshtui.model.clock import utc_now
from meshtui.model.errors import ServiceMissing
from meshtui.model.target import DEFAULT_MAX_MESSAGE, DEFAULT_TIMEOUT
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.answer import Known, read_answer
from meshtui.sources.csds.response import NoClientStatusError
from meshtui.sources.grpc.peer import Peer, Stream, StreamEnded

SERVICE: Final = "/envoy.service.status.v3.ClientStatusDiscoveryService"
STREAM: Final = f"{SERVICE}/StreamClientStatus"
FETCH: Final = f"{SERVICE}/FetchClientStatus"

REQUEST: Final = b""
"""An empty ``ClientStatusRequest``: grpc-go refuses node matchers, and every library takes none as "all of it"."""

LARGE: Final = 256 << 10
"""Bytes of an answer that is read in a thread, so that keys and other targets are not held up: some 500 resources,
which take a few ms the first time."""

ASK_OTHERWISE: Final = (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.OK, grpc.StatusCode.INTERNAL)
"""Ends of a new stream after which a unary call tells more: no such method, nothing to say, and INTERNAL, which
grpc.aio puts in the place of the true status when the call has ended by the time it is written to."""


class CsdsSource:
    """Implements ``ConfigSource`` over a channel that whoever opened it closes.

    One stream is kept open and asked again for each poll. A peer without it is asked by unary calls, and so is any peer
    at first: such a call tells apart what is no gRPC at all, such as a page of HTML, which on a stream gRPC's Python
    takes for an empty answer or waits for.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        address: Address,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_message: int = DEFAULT_MAX_MESSAGE,
        tls: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._peer = Peer(channel, address, "CSDS", timeout=timeout, tls=tls)
        self._now = now
        self._stream: Stream | None = None
        self._max_message = max_message
        self._unary_only = False
        self._met = False
        self._known = Known()
        self._one_at_a_time = asyncio.Lock()

    async def poll(self) -> Snapshot:
        """The config now; see ``ConfigSource``; ``BadAnswer`` when the answer is no CSDS answer at all."""
        async with self._one_at_a_time:
            try:
                answer = await self._ask()
            except BaseException:
                self._met = False  # whatever answers next may be another program
                raise
            taken_at = self._now()
            try:
                snapshot, self._known = await self._read(answer, taken_at)
            except NoClientStatusError:
                raise self._peer.unreadable("ClientStatusResponse", len(answer)) from None
            return snapshot

    async def _read(self, answer: bytes, taken_at: datetime) -> tuple[Snapshot, Known]:
        """A call that is cancelled meanwhile leaves no trace."""
        if len(answer) < LARGE:
            return read_answer(self._known, answer, taken_at, self._max_message)
        with paused() if self._known.memory.is_empty else nullcontext():
            return await asyncio.to_thread(read_answer, self._known, answer, taken_at, self._max_message)

    def as_json(self, resource: Resource) -> str:
        """The config in force as canonical proto JSON, indented; empty where there is none."""
        from meshtui.sources.proto.json_mapping import config_json  # asked for one resource at a time, if at all

        return config_json(resource)

    async def close(self) -> None:
        """End the stream."""
        self._drop_stream()

    # asking

    async def _ask(self) -> bytes:
        if self._unary_only:
            return await self._fetch()
        if not self._met:
            self._met = True
            with suppress(ServiceMissing):  # a server of the stream alone
                return await self._fetch()
        if self._stream is not None:
            try:
                return await self._exchange(self._stream)
            except StreamEnded:
                pass  # it served for a while and ended, as with a maximum connection age: try a new one at once
        self._stream = self._peer.open_stream(STREAM)
        try:
            return await self._exchange(self._stream)
        except StreamEnded as end:
            if end.code not in ASK_OTHERWISE:
                raise end.error from None
            return await self._ask_otherwise(end)

    async def _ask_otherwise(self, end: StreamEnded) -> bytes:
        try:
            answer = await self._fetch()
        except ServiceMissing:
            if end.code is grpc.StatusCode.OK:  # the stream is served, and says nothing
                raise end.error from None
            raise
        self._unary_only = end.code is not grpc.StatusCode.INTERNAL
        return answer

    async def _exchange(self, stream: Stream) -> bytes:
        try:
            return await stream.exchange(REQUEST)
        except BaseException:
            self._drop_stream()
            raise

    async def _fetch(self) -> bytes:
        try:
            return await self._peer.call(FETCH, REQUEST)
        except BaseException:
            self._unary_only = False  # whatever answers next may be another program
            raise

    def _drop_stream(self) -> None:
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None
