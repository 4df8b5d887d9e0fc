"""How a login plugin may talk to the person in front: what it says, and the terminal it is lent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple


class LoginPrompt(NamedTuple):
    """Given by who owns the terminal, to :func:`meshtui.sources.kubernetes.api.open_api`.

    ``says`` is given each line that a plugin writes to stderr while it runs without the terminal (a link to open, a
    code to type), made harmless. ``terminal`` is entered around a plugin that may ask something there: its argument
    says whether the plugin cannot go without (``interactiveMode: Always``, or it failed without), and what it yields
    whether the terminal is lent. A screen suspends itself inside.
    """

    says: Callable[[str], None]
    terminal: Callable[[bool], AbstractAsyncContextManager[bool]]
