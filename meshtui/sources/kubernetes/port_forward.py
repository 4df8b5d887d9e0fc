"""One connection to a port of a pod, over a websocket of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from meshtui.model.kubernetes.forward import ForwardEnd, ForwardEndKind, end_said_by_node
from meshtui.model.phrases import shorten
from meshtui.model.printable import printable
from meshtui.sources.kubernetes.pod_server import PodServer, open_to_pod
from meshtui.sources.kubernetes.port_forward_frames import SUBPROTOCOL, ForwardFrames, FrameProblem, data_frame
from meshtui.sources.kubernetes.websocket import CLOSE_WITHIN_S

PING_EVERY_S: Final = 20.0
"""Load balancers cut a stream that is silent: nginx and AWS's classic ones after 60 s, HAProxy's usual settings after
50."""

SILENT_AFTER_S: Final = 60.0
"""Without any sign of life for three pings, a stream is given up. Not sooner: a node answers no ping while an app does
not take what it was sent."""

ASK_AFTER_S: Final = 2.0
"""What was sent and has brought nothing back for so long is followed by a ping: a call that fails for want of an answer
can then say whether the API server gave one to that."""

HELD_S: Final = 0.5
"""Handing over that took so long has waited for somebody: by silence before that nobody is judged."""

LINGER_S: Final = 1.0
"""The protocol cannot pass on an end of one direction; a node waits as long in the other one."""


@dataclass(frozen=True, slots=True)
class PodPort:
    """What is forwarded: a port of a pod, declared or not.

    With ``uid``, it is that pod alone: another one of the same name, which a StatefulSet makes at once, is refused.
    """

    namespace: str
    pod: str
    port: int
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a stream is kept, in seconds: a ping every so often, given up after so long without a sign of life; what was
    said to its end here waits so long for more from the pod. ``ask_after`` is how long something sent may bring nothing
    before there is a ping of its own.
    """

    _: KW_ONLY
    ping_every: float = PING_EVERY_S
    silent_after: float = SILENT_AFTER_S
    ask_after: float = ASK_AFTER_S
    linger: float = LINGER_S


async def open_forward(api: PodServer, place: PodPort, patience: Patience | None = None) -> ForwardStream:
    """A connection to the port. Raises ``MeshtuiError`` for what keeps the stream from coming about.

    A stream that came about is no success yet: a port nobody serves is said on it, as its end.
    """
    ports = [("ports", str(place.port))]
    socket = await open_to_pod(api, place.namespace, place.pod, place.uid, "portforward", ports, [SUBPROTOCOL])
    return ForwardStream(socket, place.port, patience or Patience())


class ForwardStream:
    """Bytes to and from one port of a pod. There is no end of one direction alone: the protocol has none."""

    def __init__(self, socket: ClientConnection, port: int, patience: Patience) -> None:
        self._socket = socket
        self._frames = ForwardFrames(port)
        self._port = port
        self._patience = patience
        self._clock = asyncio.get_running_loop().time
        self._sign_of_life = self._clock()
        self._said_at: float | None = None
        """When the first was sent of what has brought nothing back yet."""
        self._asked_at: float | None = None
        """When the first ping was sent of those that are not answered yet."""
        self._held = 0
        self._received = 0
        self._end: ForwardEnd | None = None

    @property
    def end(self) -> ForwardEnd | None:
        """How it ended, or None while it did not."""
        return self._end

    @property
    def port(self) -> int:
        """The pod's port."""
        return self._port

    @property
    def patience(self) -> Patience:
        """How it is kept."""
        return self._patience

    @property
    def received(self) -> int:
        """Bytes that came from the pod so far."""
        return self._received

    @property
    def unanswered_for(self) -> float:
        """Seconds since a ping that neither an answer nor anything else has followed; 0 without one, and while the
        stream waits for somebody else."""
        return self._clock() - self._asked_at if self._asked_at is not None and not self._held else 0.0

    async def receive(self) -> bytes:
        """The next bytes from the pod; empty once it ended, and then :attr:`end` says why. Never raises."""
        while self._end is None:
            try:
                data = self._frames.take(await self._socket.recv())
            except ConnectionClosed as closed:
                self._end = self._ended(closed)
                break
            except FrameProblem as problem:
                self._end = self._ending(ForwardEndKind.UNREADABLE, str(problem))
                break
            self._lives()
            if data:
                self._received += len(data)
                return data
        return b""

    async def send(self, data: bytes) -> None:
        """Hand ``data`` over, which waits while the pod does not take it. What comes after the end is dropped."""
        with suppress(ConnectionClosed), self.held():
            await self._socket.send(data_frame(data))
            self._said_at = self._said_at or self._clock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts the stream waits for somebody else, and its silence says nothing. What is handed over at
        once waited for nobody, and shows no sign of life either."""
        self._held += 1
        began = self._clock()
        try:
            yield
        finally:
            self._held -= 1
            now = self._clock()
            if now - began >= HELD_S:
                self._sign_of_life, self._asked_at = now, None

    async def keep(self) -> ForwardEnd | None:
        """Ping for as long as it lasts. Returns when it is given up, with the reason, or when it has ended."""
        patience, pinged_at = self._patience, self._clock()
        while True:
            await asyncio.sleep(min(patience.ping_every, patience.ask_after / 2))
            now = self._clock()
            if now - pinged_at >= patience.ping_every or self._missing_an_answer(now):
                try:
                    pong = asyncio.ensure_future(await self._socket.ping())
                except ConnectionClosed:
                    return None
                pong.add_done_callback(self._answered)
                pinged_at = now
                self._asked_at = self._asked_at or now
            silent = self._clock() - self._sign_of_life
            if not self._held and self._asked_at is not None and silent >= patience.silent_after:
                self._end = self._end or self._ending(ForwardEndKind.SILENT, f"for {silent:.0f} s")
                return self._end

    def _missing_an_answer(self, now: float) -> bool:
        """Whether something that was sent has brought nothing for a while, and no ping asks why yet."""
        return self._said_at is not None and self._asked_at is None and now - self._said_at >= self._patience.ask_after

    def _answered(self, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            self._lives()

    def _lives(self) -> None:
        self._sign_of_life = self._clock()
        self._said_at = self._asked_at = None

    async def close(self) -> None:
        """Say goodbye, and let go of the connection whatever comes of it."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._socket.close()
        except TimeoutError:
            pass
        finally:
            self._socket.transport.abort()

    def _ended(self, closed: ConnectionClosed) -> ForwardEnd:
        """What a closed websocket means: the node's words if there were any, else how it was closed."""
        if self._frames.reason:
            return end_said_by_node(self._frames.reason, self._port, served=self._received > 0)
        goodbye = closed.rcvd
        if goodbye is None:
            return self._ending(ForwardEndKind.CUT, _own_goodbye(closed))
        if goodbye.code == CloseCode.NORMAL_CLOSURE:
            return self._ending(ForwardEndKind.POD)
        words = printable(shorten(goodbye.reason, 200))
        return self._ending(ForwardEndKind.CUT, f"code {goodbye.code}{f', {words}' if words else ''}")

    def _ending(self, kind: ForwardEndKind, said: str = "") -> ForwardEnd:
        return ForwardEnd(kind, self._port, said=said, served=self._received > 0)


def _own_goodbye(closed: ConnectionClosed) -> str:
    """What made our side close a websocket that the other one did not: a message that is none, or too large."""
    goodbye = closed.sent
    if goodbye is None or goodbye.code == CloseCode.NORMAL_CLOSURE:
        return ""
    return printable(shorten(goodbye.reason, 200)) or f"code {goodbye.code}"
