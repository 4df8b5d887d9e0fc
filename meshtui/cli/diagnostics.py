"""Standard error and exit codes; the one place that turns an error into what a person or a script sees."""

from __future__ import annotations

import sys
from enum import IntEnum

from meshtui.model.errors import BadInput, MeshtuiError, TargetUnreachable, UsageError
from meshtui.model.printable import printable_lines


class ExitCode(IntEnum):
    """What the exit status says; stable."""

    OK = 0
    """All is well."""
    WRONG = 1
    """The thing that was checked is wrong: findings of severity error, a split that does not match, failed requests."""
    USAGE = 2
    """What was typed, or a file that was named, cannot be used."""
    UNREACHABLE = 3
    """The target does not answer, or does not serve what was asked for."""
    INTERRUPTED = 130
    """Ended by Ctrl+C."""


def code_of(error: MeshtuiError) -> ExitCode:
    """The exit code for one of our errors."""
    match error:
        case TargetUnreachable():
            return ExitCode.UNREACHABLE
        case UsageError() | BadInput():
            return ExitCode.USAGE
        case _:
            return ExitCode.WRONG


def say(text: str) -> None:
    """One line to standard error. Text from outside is made harmless."""
    print(printable_lines(text), file=sys.stderr, flush=True)  # noqa: T201


def fail(error: MeshtuiError) -> ExitCode:
    """Say what went wrong and what to try, and give the exit code for it."""
    say(f"meshtui: {error.what}")
    if error.hint:
        say(f"try: {error.hint}")
    return code_of(error)
