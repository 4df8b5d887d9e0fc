"""What is remembered of resources beside their newest config: bounded, however many names come and go."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from meshtui.model.xds.diff import Change, ChangeKind
from meshtui.model.xds.resource import Resource, ResourceKey

REMOVED_KEPT: Final = 64
"""Resources that went away whose last config is kept, for when they come back: the newest ones."""

BYTES_KEPT: Final = 128 << 20
"""Bytes of earlier configs kept in all: as many as one answer may have. The oldest go first."""


def remember(
    previous: Mapping[ResourceKey, Resource],
    changes: tuple[Change, ...],
    present: Mapping[ResourceKey, Resource],
) -> Mapping[ResourceKey, Resource]:
    """The config each resource had before its newest one, and the last one of a few that went away."""
    known = dict(previous)
    for change in changes:
        if change.kind in (ChangeKind.CONFIG, ChangeKind.REMOVED) and change.before is not None and change.before.value:
            known.pop(change.key, None)  # put in anew, so that the order is that of the changes
            known[change.key] = change.before
    gone = [key for key in known if key not in present]
    for key in gone[: max(len(gone) - REMOVED_KEPT, 0)]:
        del known[key]
    size = sum(_size(resource) for resource in known.values())
    while size > BYTES_KEPT:
        size -= _size(known.pop(next(iter(known))))
    return MappingProxyType(known)


def _size(resource: Resource) -> int:
    return resource.size + len(resource.key.name)
