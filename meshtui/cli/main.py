"""The command line: which commands there are, and how every error ends."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from meshtui import __version__
from meshtui.cli.diagnostics import ExitCode, fail, say
from meshtui.model.errors import MeshtuiError

COMMANDS: Final = {
    "attach": "meshtui.cli.attach:attach",
    "bootstrap": "meshtui.cli.bootstrap:bootstrap",
    "certs": "meshtui.cli.certs:certs",
    "completion": "meshtui.cli.completion:completion",
    "demo": "meshtui.cli.demo:demo",
    "echo": "meshtui.cli.echo:echo",
    "xds": "meshtui.cli.xds:xds",
}
"""Each command and where it lives; a module is imported when its command is used or listed."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when it needs it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="meshtui")
@click.pass_context
def main(ctx: click.Context) -> None:
    """The interactive terminal debugger for gRPC proxyless service meshes.

    Without a command it opens the start screen. TARGET is host:port or unix:///path of an app that serves the gRPC
    admin services, such as a port-forwarded pod.
    """
    if ctx.invoked_subcommand is None:
        from meshtui.cli.attach import open_screen

        ctx.exit(open_screen())


def run() -> None:
    """Entry point of the ``meshtui`` program."""
    try:
        code = main.main(standalone_mode=False)
    except MeshtuiError as error:
        code = fail(error)
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        code = ExitCode.INTERRUPTED
    sys.exit(int(code or 0))
