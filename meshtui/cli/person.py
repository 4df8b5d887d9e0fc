"""Who is in front of a headless command: told on standard error, and asked at the terminal if there is one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from meshtui.cli.diagnostics import say
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.targets import Person


def _picked(pod: str) -> None:
    """Which pod is looked at, where what was typed could mean several."""
    say(f"meshtui: looks at {pod}")


@asynccontextmanager
async def _terminal(_needed: bool) -> AsyncIterator[bool]:
    """The terminal is lent as kubectl lends it: when a person is at both ends."""
    yield sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


PERSON: Final = Person(_picked, LoginPrompt(say, _terminal))
"""Whoever started the command."""
