"""What can be said after ``:`` and in the palette; one list for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """``name`` is typed; ``argument`` names what follows it, empty when nothing does; ``run`` is given that text.

    ``choices`` are values worth offering. A command whose argument is required says so in ``required``.
    """

    name: str
    help: str
    run: Callable[[str], None]
    _: KW_ONLY
    argument: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """``open TARGET``."""
        return f"{self.name} {self.argument}".rstrip()


@dataclass(frozen=True, slots=True)
class Said:
    """What a typed line means: a command with its argument, or why it means nothing."""

    command: Command | None
    argument: str = ""
    problem: str = ""


def understand(text: str, commands: Sequence[Command]) -> Said:
    """The command a line names: whole, or by a beginning that only one command has."""
    name, _, argument = text.strip().partition(" ")
    argument = argument.strip()
    if not name:
        return Said(None)
    found = [command for command in commands if command.name == name]
    found = found or [command for command in commands if command.name.startswith(name)]
    if not found:
        return Said(None, problem=f"There is no command {name}. ? lists them.")
    if len(found) > 1:
        return Said(None, problem=f"{name} may be {' or '.join(command.name for command in found)}.")
    command = found[0]
    if command.required and not argument:
        return Said(None, problem=f"Say what: {command.usage}.")
    if argument and not command.argument:
        return Said(None, problem=f"{command.name} takes nothing after it.")
    return Said(command, argument)


def spellings(commands: Sequence[Command]) -> list[str]:
    """Whole lines to suggest while one is typed."""
    lines: list[str] = []
    for command in commands:
        lines += [f"{command.name} {choice}" for choice in command.choices] or [command.name]
    return lines


def completion(text: str, commands: Sequence[Command]) -> str:
    """The first whole line that begins as ``text`` does: the same as is suggested; ``text`` itself if there is none."""
    begun = text.lstrip().lower()
    return next((line for line in spellings(commands) if begun and line.lower().startswith(begun)), text)
