"""Keeps Python's garbage collector from holding up the screen of a large target.

A full collection walks every decoded resource: 120 ms and more at 10 000 of them (``bench/poll.py``). They live as long
as the target is attached and are let go by reference counting, so the collector need not look at them.
"""

from __future__ import annotations

import gc
from typing import Final

from meshtui.session.state import SessionState

LARGE: Final = 1_000
"""Resources of a target from which a collection is noticed."""


class GcFreeze:
    """Told of every state shown; sets a large target's resources aside once, when they have first arrived."""

    def __init__(self) -> None:
        self._set_aside: set[str] = set()

    def shown(self, state: SessionState) -> None:
        """What is shown now. The one collection that this costs comes right after the far longer first decoding."""
        if state.snapshot is None or state.target in self._set_aside or len(state.snapshot.resources) < LARGE:
            return
        self._set_aside.add(state.target)
        gc.collect()
        gc.freeze()
