"""``meshtui completion SHELL``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from meshtui.cli.output import line


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    For bash, put this in ~/.bashrc:  eval "$(meshtui completion bash)"
    """
    from meshtui.cli import shells
    from meshtui.cli.main import main

    shells.install()
    found = get_completion_class(shell)
    assert found is not None
    line(found(main, {}, "meshtui", "_MESHTUI_COMPLETE").source())
