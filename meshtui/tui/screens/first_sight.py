"""The first answer of a target: how often one looks for it, and how long keys wait for it."""

from __future__ import annotations

from time import monotonic
from typing import Final

from meshtui.session.state import LinkState
from meshtui.tui.frame import Frame

FIRST_SIGHT_S: Final = 1.0
"""How long keys wait for the first answer of the first target. Most come sooner; who waits longer wants to act."""

FIRST_RATE: Final = 40
"""Looks a second at a session that has nothing yet: to see that nothing moved costs some microseconds."""


def was_seen(frame: Frame | None) -> bool:
    """Whether the target has answered, or failed to."""
    return frame is not None and frame.state.link.state is not LinkState.CONNECTING


class FirstSight:
    """The time before the target that the screen begins with is seen; ``due`` says that there is one."""

    def __init__(self, due: bool) -> None:
        self._due = due
        self._since: float | None = None

    def attaching(self) -> None:
        """The target is attached now."""
        self._due, self._since = False, monotonic()

    def keys_wait(self, frame: Frame | None) -> bool:
        """Whether what is typed now is meant for what will soon be seen."""
        if self._since is None or was_seen(frame):
            return self._due
        return monotonic() - self._since < FIRST_SIGHT_S
