"""Standard error and exit codes; the one place that turns an error into what a person or a script sees."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from enum import IntEnum
from typing import Final

from meshtui.cli.streams import OutputFailed
from meshtui.model.errors import BadInput, MeshtuiError, TargetUnreachable, UsageError
from meshtui.model.phrases import one_line
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
    DEFECT = 70
    """meshtui itself failed: a defect, or the machine has no memory or file descriptors left."""
    UNWRITTEN = 74
    """The output could not be written: a full disk, a closed standard output, a terminal that is gone."""
    INTERRUPTED = 130
    """Ended by Ctrl+C."""


def code_of(error: MeshtuiError) -> ExitCode:
    """The exit code for one of our errors."""
    match error:
        case OutputFailed():
            return ExitCode.UNWRITTEN
        case TargetUnreachable():
            return ExitCode.UNREACHABLE
        case UsageError() | BadInput():
            return ExitCode.USAGE
        case _:
            return ExitCode.WRONG


TRACEBACK: Final = "MESHTUI_TRACEBACK"
"""The environment variable that asks for a traceback of what should not happen."""

ISSUES: Final = "https://github.com/meshtui/meshtui/issues"


def say(text: str) -> None:
    """One line to standard error, if there is one. Text from outside is made harmless."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(printable_lines(text) + "\n")
            sys.stderr.flush()


def wants_traceback() -> bool:
    """Whether the user asked for the tracebacks of defects."""
    return bool(os.environ.get(TRACEBACK))


def fail_unexpected(error: BaseException) -> ExitCode:
    """Say in one sentence what no part of the program expected, and what to do about it."""
    if wants_traceback():
        import traceback

        say("".join(traceback.format_exception(error)).rstrip("\n"))
    match error:
        case MemoryError():
            say("meshtui: There is not enough memory for this.")
            say("try: ask for less, such as one type with --type, or raise the limit (ulimit -v)")
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            say("meshtui: Too many files are open.")
            say("try: raise the limit, as in ulimit -n 1024")
        case RecursionError():
            say("meshtui: What was read is nested too deeply.")
            say(f"try: report it, with what was read, at {ISSUES}")
        case _:
            words = one_line(str(error), 300)
            say(
                f"meshtui: This should not happen: {type(error).__name__}{': ' * bool(words)}{words}.".replace(
                    "..", "."
                )
            )
            say(f"try: run it again with {TRACEBACK}=1 and report what it prints at {ISSUES}")
    return ExitCode.DEFECT


def fail(error: MeshtuiError) -> ExitCode:
    """Say what went wrong and what to try, and give the exit code for it."""
    say(f"meshtui: {error.what}")
    if error.hint:
        say(f"try: {error.hint}")
    return code_of(error)
