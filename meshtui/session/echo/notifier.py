"""Tells listeners of a run's states, not more often than anyone can see, and always of the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from meshtui.session.echo.state import BatchRecord, EchoState

PUBLISH_EVERY_S = 0.1
"""States are published at most this often, as the screen is drawn 5 times a second."""

StateListener = Callable[[EchoState], None]
BatchListener = Callable[[BatchRecord], None]
_Listener = TypeVar("_Listener")


class Notifier:
    """The listeners of one run. ``look`` gives the present state; ``monotonic`` is the clock."""

    def __init__(self, look: Callable[[], EchoState], monotonic: Callable[[], float]) -> None:
        self._look, self._monotonic = look, monotonic
        self._states: list[StateListener] = []
        self._batches: list[BatchListener] = []
        self._notified_at: float | None = None
        self._later: asyncio.TimerHandle | None = None

    def add_state(self, listener: StateListener) -> Callable[[], None]:
        """Tell ``listener`` of states from now on; the result takes it out again."""
        self._states.append(listener)
        return lambda: _take_out(self._states, listener)

    def add_batch(self, listener: BatchListener) -> Callable[[], None]:
        """Tell ``listener`` of batches from now on; the result takes it out again."""
        self._batches.append(listener)
        return lambda: _take_out(self._batches, listener)

    def came_back(self, record: BatchRecord) -> None:
        """A batch came back."""
        for listener in tuple(self._batches):
            listener(record)

    def soon(self) -> None:
        """Something changed: tell now, or as soon as enough time has passed."""
        if not self._states or self._later is not None:
            return
        wait = 0.0 if self._notified_at is None else self._notified_at + PUBLISH_EVERY_S - self._monotonic()
        if wait <= 0:
            self.now()
        else:
            self._later = asyncio.get_running_loop().call_later(wait, self.now)

    def now(self) -> None:
        """Tell the present state."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._notified_at = self._monotonic()
        for listener in tuple(self._states):
            listener(self._look())


def _take_out(listeners: list[_Listener], listener: _Listener) -> None:
    if listener in listeners:
        listeners.remove(listener)
