"""A local address behind which a pod's port answers: one forwarded stream for each connection that is accepted."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from meshtui.model.address import Address
from meshtui.model.errors import MeshtuiError, unforeseen
from meshtui.model.kubernetes.forward import ForwardEnd, ForwardEndKind
from meshtui.sources.kubernetes.listener import BACKLOG, Listener
from meshtui.sources.kubernetes.pod_server import PodServer
from meshtui.sources.kubernetes.port_forward import ForwardStream, Patience, PodPort, open_forward

PART: Final = 64 * 1024
"""Bytes carried at once; a node sends half as many."""

Dial = Callable[[], Awaitable[ForwardStream]]
"""Makes a stream to the pod. Raises ``MeshtuiError`` where none comes about."""

Listen = Callable[[], None]


@asynccontextmanager
async def open_relay(api: PodServer, place: PodPort, patience: Patience | None = None) -> AsyncIterator[Relay]:
    """A relay to a port of a pod for as long as this lasts; the cluster is asked for nothing before something connects.

    Raises ``MeshtuiError`` where this machine has no socket to listen on.
    """
    relay = Relay(lambda: open_forward(api, place, patience), place.port)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.close()


class Relay:
    """Listens at :attr:`address` and carries each connection to the pod, both ways, no faster than either end takes."""

    def __init__(self, dial: Dial, port: int) -> None:
        """``port`` is the pod's, as it is named in what went wrong."""
        self._dial = dial
        self._port = port
        self._listener: Listener | None = None
        self._server: asyncio.Server | None = None
        self._carried: set[asyncio.Task[None]] = set()
        self._stream: ForwardStream | None = None
        """That of the newest connection."""
        self._listens: list[Listen] = []
        self._begun = 0
        self._opening = 0
        self._newest: ForwardEnd | None = None
        self._trouble: ForwardEnd | None = None
        self._trouble_of = 0

    @property
    def address(self) -> Address:
        """Where to connect to; to be used after :meth:`start`."""
        if self._listener is None:
            raise RuntimeError("a relay that was not started has no address")
        return self._listener.address

    @property
    def live(self) -> int:
        """Connections that are open, or about to be."""
        return len(self._carried)

    @property
    def opening(self) -> bool:
        """Whether a stream to the pod is asked for and has not come about."""
        return self._opening > 0

    @property
    def unanswered_for(self) -> float:
        """Seconds for which a ping on the newest connection, while that is open, has had no answer; 0 without one."""
        stream = self._stream
        return stream.unanswered_for if stream is not None and stream.end is None else 0.0

    @property
    def says_nothing(self) -> bool:
        """Whether the newest connection is open, and not a byte has come from the pod on it."""
        stream = self._stream
        return stream is not None and stream.end is None and not stream.received

    @property
    def newest_end(self) -> ForwardEnd | None:
        """How the newest connection that is over ended, failed or not; None while none is."""
        return self._newest

    @property
    def trouble(self) -> ForwardEnd | None:
        """Why the newest connection failed; None while none did, and again once the pod answers on a newer one."""
        return self._trouble

    @property
    def reason(self) -> str:
        """:attr:`trouble` as a sentence, empty while there is none."""
        return self._trouble.sentence if self._trouble is not None else ""

    def subscribe(self, changed: Listen) -> Callable[[], None]:
        """Have ``changed`` called in the loop whenever :attr:`live`, :attr:`newest_end` or :attr:`trouble` differ from
        before. Returns what ends that.
        """
        self._listens.append(changed)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listens.remove(changed)

        return unsubscribe

    async def start(self) -> None:
        """Listen. Raises ``MeshtuiError`` where that cannot be."""
        try:
            listener = Listener()
        except OSError as error:
            raise unforeseen(error, "Listening for the port-forward on this machine", "") from None
        self._listener = listener
        start = asyncio.start_unix_server if listener.socket.family is socket.AF_UNIX else asyncio.start_server
        self._server = await start(self._accepted, sock=listener.socket, limit=PART, backlog=BACKLOG)

    async def close(self) -> None:
        """End every connection and leave no task, socket or file. May be called again."""
        if self._server is not None:
            self._server.close()
        while self._carried:
            for task in self._carried:
                task.cancel()
            await asyncio.gather(*self._carried, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer), name=f"relay to port {self._port}")
        self._carried.add(task)

        def over(_: asyncio.Task[None]) -> None:
            writer.transport.abort()  # here, since a task that is cancelled before its first step runs nothing
            self._carried.discard(task)
            self._tell()

        task.add_done_callback(over)
        self._tell()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._begun += 1
        number = self._begun
        end = await self._to_its_end(reader, writer, lambda: self._answered(number))
        self._ended(end, number)
        await _part(writer, broken=end.is_failure)

    async def _to_its_end(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: Callable[[], None]
    ) -> ForwardEnd:
        try:
            self._opening += 1
            try:
                stream = await self._dial()
            finally:
                self._opening -= 1
            self._stream = stream
            try:
                return await _both_ways(reader, writer, stream, answered)
            finally:
                if self._stream is stream:
                    self._stream = None
                await stream.close()
        except MeshtuiError as error:
            return ForwardEnd(ForwardEndKind.REFUSED, self._port, error=error)
        except Exception as error:  # what nobody expected must not end in a connection that hangs without a reason
            unexpected = unforeseen(error, f"The forward of port {self._port}")
            return ForwardEnd(ForwardEndKind.REFUSED, self._port, error=unexpected)

    def _answered(self, number: int) -> None:
        """The pod said something on a connection. Trouble is over if it was begun after the one that failed."""
        if self._trouble is not None and number > self._trouble_of:
            self._trouble = None
            self._tell()

    def _ended(self, end: ForwardEnd, number: int) -> None:
        self._newest = end
        if end.is_failure:
            self._trouble, self._trouble_of = end, number
        self._tell()

    def _tell(self) -> None:
        for changed in tuple(self._listens):
            changed()


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    stream: ForwardStream,
    answered: Callable[[], None],
) -> ForwardEnd:
    """Carry until one end is over, and say which and why."""
    up = asyncio.create_task(_up(reader, stream))
    down = asyncio.create_task(_down(stream, writer, answered))
    kept = asyncio.create_task(stream.keep())
    try:
        await asyncio.wait((up, down, kept), return_when=asyncio.FIRST_COMPLETED)
        if up.done() and stream.end is None:
            await _linger(stream, down)
        elif kept.done() and stream.end is None:
            await down  # the websocket is closed, and what is left in it says why
    finally:
        for task in (up, down, kept):
            task.cancel()
        outcomes = await asyncio.gather(up, down, kept, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return stream.end or ForwardEnd(ForwardEndKind.HERE, stream.port, served=stream.received > 0)


async def _up(reader: asyncio.StreamReader, stream: ForwardStream) -> None:
    with suppress(OSError):
        while data := await reader.read(PART):
            await stream.send(data)


async def _down(stream: ForwardStream, writer: asyncio.StreamWriter, answered: Callable[[], None]) -> None:
    with suppress(OSError):
        while data := await stream.receive():
            answered()
            writer.write(data)
            with stream.held():
                await writer.drain()


async def _linger(stream: ForwardStream, down: asyncio.Task[None]) -> None:
    """Give the pod the time to say what it still has to say."""
    seen = -1
    while seen != stream.received and not down.done():
        seen = stream.received
        await asyncio.wait((down,), timeout=stream.patience.linger)


async def _part(writer: asyncio.StreamWriter, *, broken: bool) -> None:
    """Close the local connection: after what is left was read, or for a stream that broke so that it is seen to be."""
    if broken:
        with suppress(OSError, AttributeError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
