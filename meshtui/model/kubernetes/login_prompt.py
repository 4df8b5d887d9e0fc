"""How a login plugin may talk to the person in front: what it says, and the terminal it is lent."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from math import inf
from typing import NamedTuple


class ByHand:
    """When a person last asked for another try, on the clock of :func:`time.monotonic`."""

    asked_at: float = -inf

    def ask(self) -> None:
        """Ask for one now."""
        self.asked_at = time.monotonic()


def never() -> float:
    """The time of what has not happened."""
    return -inf


class LoginPrompt(NamedTuple):
    """Given by who owns the terminal, to :func:`meshtui.sources.kubernetes.api.open_api`.

    ``says`` is given each line that a plugin writes to stderr while it runs without the terminal (a link to open, a
    code to type), made harmless. ``terminal`` is entered around a plugin that may ask something there: its argument
    says whether the plugin cannot go without (``interactiveMode: Always``, or it failed without), and what it yields
    whether the terminal is lent. A screen suspends itself inside.

    ``over`` is called when a run of a plugin has ended: what it said is in its failure, or matters no more. A plugin
    that is left in peace since before the person last asked ``by_hand`` for another try is run at once.

    ``broken_off_at`` is when Ctrl+C was last pressed at a terminal that was lent, on the clock of
    :func:`time.monotonic`, where that ends the plugin and not the program.
    """

    says: Callable[[str], None]
    terminal: Callable[[bool], AbstractAsyncContextManager[bool]]
    over: Callable[[], None] = lambda: None
    by_hand: ByHand = ByHand()
    broken_off_at: Callable[[], float] = never
