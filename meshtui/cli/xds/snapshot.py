"""What the commands do alike with a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from meshtui.cli.diagnostics import say
from meshtui.model.xds.resource import KNOWN_TYPES, Resource
from meshtui.model.xds.snapshot import Snapshot


def report_problems(snapshot: Snapshot) -> None:
    """Say on standard error what of the answer could not be read."""
    for problem in snapshot.problems:
        say(f"meshtui: {problem}")


_RANKS: Final = {type_: rank for rank, type_ in enumerate(KNOWN_TYPES)}


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """A snapshot's resources as a request meets them: all listeners first. Within a type they keep their order."""
    return sorted(resources, key=lambda resource: _RANKS.get(resource.key.type, len(_RANKS)))
