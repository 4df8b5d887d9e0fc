"""Live channels, subchannels, servers and the certificates of their peers, by channelz (gRFC A14)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import grpc.aio
from google.protobuf.message import DecodeError
from grpc_channelz.v1 import channelz_pb2

from meshtui.model.address import Address
from meshtui.model.channels import Channel, ChannelReport, ServerSockets, Subchannel
from meshtui.model.clock import utc_now
from meshtui.model.errors import ServiceMissing
from meshtui.model.target import DEFAULT_MAX_MESSAGE, DEFAULT_TIMEOUT
from meshtui.sources.channelz.concurrent import each
from meshtui.sources.channelz.messages import Socket, calls, socket, state, subchannel_address
from meshtui.sources.channelz.trace import failure
from meshtui.sources.grpc.peer import GoneError, Peer

SERVICE: Final = "/grpc.channelz.v1.Channelz"

CHANNELS_SHOWN: Final = 200
"""Top channels read at most; an app has one a service it calls, and one a control plane."""

SUBCHANNELS_SHOWN: Final = 256
"""Subchannels read at most, a call each: some 50 ms of the app's time for a poll."""

SERVERS_SHOWN: Final = 32
"""Servers read at most."""

CALLERS_SHOWN: Final = 64
"""Connections read of each server at most: enough to see who calls; a busy server has thousands."""

NESTING: Final = 8
"""How deep channels may hang under channels; C-core needs two levels."""

SOCKETS_AT_ONCE: Final = 288
"""Sockets read in one poll at most, a call each and only once; the rest waits for the next poll."""

AT_ONCE: Final = 8
"""Calls in flight: the app serves channelz beside its own work."""

PAGES: Final = 50
"""Pages of a list read at most, so that a peer that never says "end" is left some time."""


@dataclass(frozen=True, slots=True)
class _Server:
    """A server and the sockets connected to it."""

    message: Any
    sockets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Top:
    """A top channel and the subchannels under it and under the channels it holds."""

    message: Any
    subchannels: tuple[int, ...]


class ChannelzSource:
    """Implements ``ChannelSource`` over a channel that whoever opened it closes.

    A socket is read once, when it first shows: its peer's certificate stays the same for its life.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        address: Address,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        tls: bool = False,
        max_message: int = DEFAULT_MAX_MESSAGE,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``max_message`` bytes are taken in one poll, all its answers together."""
        self._max_message = max_message
        self._taken = 0
        self._peer = Peer(channel, address, "channelz", timeout=timeout, tls=tls)
        self._now = now
        self._sockets: dict[int, Socket] = {}
        self._one_at_a_time = asyncio.Lock()

    async def poll(self) -> ChannelReport:
        """The channels now. Raises ``TargetUnreachable``, ``ServiceMissing``, or ``BadAnswer`` for another's answer."""
        async with self._one_at_a_time:
            self._taken = 0
            try:
                async with asyncio.timeout(self._peer.timeout):
                    return await self._look()
            except TimeoutError:
                raise self._peer.no_answer() from None

    async def _look(self) -> ChannelReport:
        problems: list[str] = []
        tops = await self._top_channels(problems)
        ids = list(dict.fromkeys(id_ for top in tops for id_ in top.subchannels))
        if len(ids) > SUBCHANNELS_SHOWN:
            problems.append(f"Of {len(ids)} subchannels the first {SUBCHANNELS_SHOWN} are read.")
            ids = ids[:SUBCHANNELS_SHOWN]
        messages = dict(zip(ids, await each(ids, self._subchannel, AT_ONCE), strict=True))
        servers = await self._servers(problems)
        await self._read_new_sockets(_socket_ids([message for message in messages.values() if message], servers))
        subchannels = {id_: self._as_subchannel(id_, message) for id_, message in messages.items() if message}
        return ChannelReport(
            taken_at=self._now(),
            channels=tuple(_as_channel(top, subchannels) for top in tops),
            servers=tuple(self._as_server(server) for server in servers),
            problems=tuple(problems),
        )

    # channels

    async def _top_channels(self, problems: list[str]) -> list[_Top]:
        messages = await self._pages(self._page_of_channels, CHANNELS_SHOWN, "channels", problems)
        return await each(messages, self._with_subchannels, AT_ONCE)

    async def _page_of_channels(self, start: int) -> tuple[Sequence[Any], int, bool]:
        request = channelz_pb2.GetTopChannelsRequest(start_channel_id=start)
        page = await self._ask("GetTopChannels", request, channelz_pb2.GetTopChannelsResponse)
        return page.channel, max((message.ref.channel_id for message in page.channel), default=0) + 1, page.end

    async def _with_subchannels(self, message: Any) -> _Top:
        """Collect what hangs under a channel, level by level."""
        found = [ref.subchannel_id for ref in message.subchannel_ref]
        level = [ref.channel_id for ref in message.channel_ref]
        seen = {message.ref.channel_id}
        for _ in range(NESTING):
            level = [id_ for id_ in dict.fromkeys(level) if id_ not in seen][:CHANNELS_SHOWN]
            if not level:
                break
            seen.update(level)
            nested = [channel for id_ in level if (channel := await self._channel(id_)) is not None]
            found += [ref.subchannel_id for channel in nested for ref in channel.subchannel_ref]
            level = [ref.channel_id for channel in nested for ref in channel.channel_ref]
        return _Top(message, tuple(dict.fromkeys(found)))

    async def _channel(self, id_: int) -> Any | None:
        request = channelz_pb2.GetChannelRequest(channel_id=id_)
        answer = await self._ask_if_there("GetChannel", request, channelz_pb2.GetChannelResponse)
        return answer and answer.channel

    async def _subchannel(self, id_: int) -> Any | None:
        request = channelz_pb2.GetSubchannelRequest(subchannel_id=id_)
        answer = await self._ask_if_there("GetSubchannel", request, channelz_pb2.GetSubchannelResponse)
        return answer and answer.subchannel

    def _as_subchannel(self, id_: int, message: Any) -> Subchannel:
        sockets = [self._sockets[ref.socket_id] for ref in message.socket_ref if ref.socket_id in self._sockets]
        return Subchannel(
            id=id_,
            address=subchannel_address(message, sockets),
            state=state(message.data),
            calls=calls(message.data),
            failure=failure(message.data),
            peers=tuple(socket.peer for socket in sockets if socket.peer is not None),
        )

    # servers and sockets

    async def _servers(self, problems: list[str]) -> list[_Server]:
        messages = await self._pages(self._page_of_servers, SERVERS_SHOWN, "servers", problems)
        return await each(messages, self._with_callers, AT_ONCE)

    async def _with_callers(self, message: Any) -> _Server:
        """The newest connections to a server: their ids grow."""
        request = channelz_pb2.GetServerSocketsRequest(server_id=message.ref.server_id)
        try:
            answer = await self._ask_if_there("GetServerSockets", request, channelz_pb2.GetServerSocketsResponse)
        except ServiceMissing:  # a library that serves channelz without this method
            answer = None
        ids = sorted(ref.socket_id for ref in answer.socket_ref) if answer else []
        return _Server(message, tuple(ids[-CALLERS_SHOWN:]))

    async def _page_of_servers(self, start: int) -> tuple[Sequence[Any], int, bool]:
        request = channelz_pb2.GetServersRequest(start_server_id=start)
        page = await self._ask("GetServers", request, channelz_pb2.GetServersResponse)
        return page.server, max((message.ref.server_id for message in page.server), default=0) + 1, page.end

    def _as_server(self, server: _Server) -> ServerSockets:
        message = server.message
        callers = (self._sockets[id_] for id_ in server.sockets if id_ in self._sockets)
        refs = [(ref.name, self._sockets.get(ref.socket_id)) for ref in message.listen_socket]
        return ServerSockets(
            id=message.ref.server_id,
            listens=tuple((known and known.local) or name for name, known in refs),
            calls=calls(message.data),
            peers=tuple(caller.peer for caller in callers if caller.peer is not None),
        )

    async def _read_new_sockets(self, refs: set[int]) -> None:
        """Read the sockets that were not there before, and forget those that are gone."""
        self._sockets = {id_: known for id_, known in self._sockets.items() if id_ in refs}
        new = sorted(refs - self._sockets.keys())[:SOCKETS_AT_ONCE]
        for id_, message in zip(new, await each(new, self._socket, AT_ONCE), strict=True):
            if message is not None:
                self._sockets[id_] = socket(message)

    async def _socket(self, id_: int) -> Any | None:
        request = channelz_pb2.GetSocketRequest(socket_id=id_)
        answer = await self._ask_if_there("GetSocket", request, channelz_pb2.GetSocketResponse)
        return answer and answer.socket

    # calls

    async def _pages(
        self,
        page: Callable[[int], Awaitable[tuple[Sequence[Any], int, bool]]],
        limit: int,
        noun: str,
        problems: list[str],
    ) -> list[Any]:
        """A whole list, page by page; each page says where the next begins and whether it is the last."""
        found: list[Any] = []
        start = 0
        for _ in range(PAGES):
            some, following, end = await page(start)
            found += some
            if end or not some or following <= start:
                return found[:limit]
            if len(found) >= limit:
                break
            start = following
        problems.append(f"There are more {noun} than the {min(limit, len(found))} that are read.")
        return found[:limit]

    async def _ask(self, method: str, request: Any, answer: Any) -> Any:
        data = await self._peer.call(f"{SERVICE}/{method}", request.SerializeToString())
        self._taken += len(data)
        if self._taken > self._max_message:
            raise self._peer.too_much(self._max_message)
        try:
            return answer.FromString(data)
        except DecodeError:
            raise self._peer.unreadable(f"{method}Response", len(data)) from None

    async def _ask_if_there(self, method: str, request: Any, answer: Any) -> Any | None:
        """The answer, or ``None`` for something that ended since it was listed."""
        try:
            return await self._ask(method, request, answer)
        except GoneError:
            return None


def _socket_ids(subchannels: Iterable[Any], servers: Iterable[_Server]) -> set[int]:
    """Every socket worth reading: connected ones of both kinds, and those that listen."""
    ids = {ref.socket_id for subchannel in subchannels for ref in subchannel.socket_ref}
    for server in servers:
        ids.update(ref.socket_id for ref in server.message.listen_socket)
        ids.update(server.sockets)
    return ids


def _as_channel(top: _Top, subchannels: dict[int, Subchannel]) -> Channel:
    data = top.message.data
    return Channel(
        id=top.message.ref.channel_id,
        target=data.target,
        state=state(data),
        calls=calls(data),
        failure=failure(data),
        subchannels=tuple(subchannels[id_] for id_ in top.subchannels if id_ in subchannels),
    )
