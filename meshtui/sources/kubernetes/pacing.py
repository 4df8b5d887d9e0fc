"""When a cluster is asked again: later and later while it fails, and never in a hurry."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.sources.kubernetes.failures import ApiRefused, LoginFailed

LOGIN_PAUSE_S: Final = 30.0
"""Seconds between two tries at least while the login is not accepted."""

LONGEST_PAUSE_S: Final = 30.0
"""Seconds between two tries at most."""


HURRIED_S: Final = 5.0
"""Seconds that a watch lasts at least, unless something changed. What ends it sooner, as a proxy that does not let
watches through, is not asked again at once."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """Clock, pause and chance, so that a test needs none of the real ones."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row: half a second, then twice as long each time, and by chance
        up to half as long again, so that many clients do not come back at once."""
        return min(0.5 * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE_S / 1.5) * (1 + self.chance() / 2)

    def pause_after(self, error: MeshtuiError, failures: int) -> float:
        """The same after that error: what is wrong with a login is not tried again in a hurry, for a plugin may open a
        browser each time."""
        return max(self.pause(failures), LOGIN_PAUSE_S) if is_about_login(error) else self.pause(failures)

    def again_in(self, error: MeshtuiError, pause: float) -> float:
        """Seconds until the try after that error that may do better, if there is one after each ``pause``. One before
        is a try all the same: somebody may have logged in outside."""
        least = error.again_in if isinstance(error, TargetUnreachable) else None
        return max(pause, least or 0.0)

    async def after_watch(self, began: float, changed: bool, hurried: int) -> int:
        """Wait if the watch that began then (``clock``) ended too soon with nothing changed, and return how many did so
        in a row; ``hurried`` is how many did before."""
        if changed or self.clock() - began >= HURRIED_S:
            return 0
        await self.sleep(self.pause(hurried + 1))
        return hurried + 1


def is_about_login(error: MeshtuiError) -> bool:
    """Whether it is the login that fails: no credentials came about, or the cluster does not accept them."""
    return isinstance(error, LoginFailed) or (isinstance(error, ApiRefused) and error.code == 401)
