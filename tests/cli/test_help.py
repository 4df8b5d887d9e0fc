"""The list of commands says what each command says of itself, and in the same words at every width."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from meshtui.cli.lazy_group import LazyGroup
from meshtui.cli.main import main
from meshtui.cli.xds import xds

GROUPS = {"meshtui": main, "meshtui xds": xds}


@pytest.mark.parametrize(
    ("group", "name"), [(title, name) for title, group in GROUPS.items() for name in group.listed], ids=str
)
@pytest.mark.parametrize("room", [20, 45, 68, 200])
def test_a_listed_command_says_the_first_sentence_of_its_own_help(group: str, name: str, room: int) -> None:
    command = GROUPS[group].get_command(click.Context(main), name)
    assert command is not None
    listed = click.Command(name, help=GROUPS[group].listed[name])
    assert listed.get_short_help_str(room) == command.get_short_help_str(room)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_list_is_written_as_click_writes_it(group: str, width: int) -> None:
    def written(format_commands: object) -> str:
        context = click.Context(GROUPS[group], terminal_width=width, max_content_width=width)
        formatter = context.make_formatter()
        assert callable(format_commands)
        format_commands(GROUPS[group], context, formatter)
        return formatter.getvalue()

    assert written(LazyGroup.format_commands) == written(click.Group.format_commands)


def test_a_command_that_there_is_not_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["nothing"])
    assert result.exit_code == 2
    assert "nothing" in result.output
