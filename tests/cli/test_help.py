"""The list of commands says what each command says of itself, and in the same words at every width."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from meshtui.cli.main import COMMANDS, LazyGroup, main


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("room", [20, 45, 68, 200])
def test_a_listed_command_says_the_first_sentence_of_its_own_help(name: str, room: int) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    listed = click.Command(name, help=COMMANDS[name])
    assert listed.get_short_help_str(room) == command.get_short_help_str(room)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_list_is_written_as_click_writes_it(width: int) -> None:
    def written(format_commands: object) -> str:
        context = click.Context(main, terminal_width=width, max_content_width=width)
        formatter = context.make_formatter()
        assert callable(format_commands)
        format_commands(main, context, formatter)
        return formatter.getvalue()

    assert written(LazyGroup.format_commands) == written(click.Group.format_commands)


def test_a_command_that_there_is_not_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["nothing"])
    assert result.exit_code == 2
    assert "nothing" in result.output
