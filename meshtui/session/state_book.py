"""The newest state of one session: replaced whole by each observation, and told to whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

from meshtui.gc_pause import paused
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.observation import Look, Observation
from meshtui.session.reduce import reduce
from meshtui.session.state import SessionState

LARGE: Final = 500
"""Resources of a config that a thread takes in when it differs: some ms of work, for which a key would have to wait."""


class StateBook:
    """Takes in one observation after the other. It begins no task and knows no source."""

    def __init__(self, state: SessionState) -> None:
        self.state = state
        """The newest state; immutable."""
        self._listeners: list[Callable[[SessionState], None]] = []
        self._waiting: list[Observation] | None = None
        """What was observed after the look that a thread is taking in; ``None`` while none does."""

    def subscribe(self, listener: Callable[[SessionState], None]) -> None:
        """Call ``listener`` with each new state."""
        self._listeners.append(listener)

    def observe(self, observation: Observation) -> None:
        """Go on to the next state; when a look is just being taken in beside the loop, after it."""
        if self._waiting is not None:
            self._waiting.append(observation)
        else:
            self._publish(reduce(self.state, observation))

    async def observe_look(self, look: Look) -> None:
        """Take in a look. A large config that differs is taken in by a thread: it is decoded, hung together and judged
        for the first time, which holds up nobody there. What is observed meanwhile follows after it.
        """
        if not self._is_large_and_new(look):
            self.observe(look)
            return
        self._waiting = []
        try:
            with paused() if self.state.snapshot is None else nullcontext():
                after = await asyncio.to_thread(reduce, self.state, look)
            self._publish(after)
        finally:
            observed, self._waiting = self._waiting, None
            for observation in observed:
                self.observe(observation)

    def _is_large_and_new(self, look: Look) -> bool:
        config, before = look.config, self.state.snapshot
        if not isinstance(config, Snapshot) or len(config.resources) < LARGE:
            return False
        return before is None or config.resources is not before.resources

    def _publish(self, state: SessionState) -> None:
        if state is not self.state:
            self.state = state
            for listener in tuple(self._listeners):
                listener(self.state)  # one before may have made this one newer
