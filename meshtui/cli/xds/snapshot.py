"""What the commands do alike with a snapshot."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.cli.diagnostics import say
from meshtui.model.xds.resource import KNOWN_TYPES, Resource
from meshtui.model.xds.snapshot import Snapshot


def report_problems(snapshot: Snapshot) -> None:
    """Say on standard error what of the answer could not be read."""
    for problem in snapshot.problems:
        say(f"meshtui: {problem}")


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """The resources as a request meets them: listeners first, by name; clients list them in any order."""
    ranks = {name: rank for rank, name in enumerate(KNOWN_TYPES)}
    return sorted(resources, key=lambda resource: (ranks.get(resource.key.type, len(ranks)), resource.key))
