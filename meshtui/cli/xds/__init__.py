"""``meshtui xds``: the xDS config of a target, a module for each command."""

from __future__ import annotations

from typing import Final

import click

from meshtui.cli import one_look
from meshtui.cli.lazy_group import LazyGroup

COMMANDS: Final = {
    "config": "The config in force, as canonical proto JSON.",
    "status": "Each resource with its status, version, age and, if refused, the reason.",
    "tree": "Listener → route → cluster → endpoint, with what is missing or refused.",
}
"""Each command with the first sentence of its help; it lives in the module of its name beside this one."""


@click.group(cls=LazyGroup, package="meshtui.cli.xds", listed=COMMANDS)
def xds() -> None:
    """The xDS config that the gRPC client in the target really holds."""
    one_look.begin()
