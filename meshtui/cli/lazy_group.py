"""A group of commands of which none is imported before it is used, not even to be listed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands by name, each with the first sentence of its help.

    The command of a name is the object of that name in the module of that name in ``package``;
    ``tests/cli/test_help.py`` holds the sentences to what the commands say themselves.
    """

    def __init__(self, *arguments: Any, package: str, listed: Mapping[str, str], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.package = package
        self.listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.listed:
            return None
        command = getattr(importlib.import_module(f"{self.package}.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands as click writes it, without asking the commands themselves."""
        room = formatter.width - 6 - max(map(len, self.listed))
        stand_ins = (click.Command(name, help=self.listed[name]) for name in sorted(self.listed))
        with formatter.section("Commands"):
            formatter.write_dl([(str(command.name), command.get_short_help_str(room)) for command in stand_ins])
