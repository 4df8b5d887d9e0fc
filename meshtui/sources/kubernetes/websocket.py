"""The websockets of port-forward and exec: they follow nobody elsewhere, and end also where the other side does not."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

CLOSE_WITHIN_S: Final = 1.0
"""How long the other side may take to say goodbye; after that the connection is dropped."""


class Straight(connect):
    """Follows no redirect: an API server sends none, and the login is for nobody else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Ending(ClientConnection):
    """Dropped a moment after its end was said, by either side: websockets itself waits for the other one to close it.

    A message that is none, or too large, is such an end, and what sends that may well go on sending: until the
    connection is lost, nobody who reads from it hears why.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._drop: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._drop is None and self.protocol.close_expected():
            self._drop = self.loop.call_later(CLOSE_WITHIN_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._drop is not None:
            self._drop.cancel()
        super().connection_lost(exc)
