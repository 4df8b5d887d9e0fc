"""The config as a table: one row a resource, by type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from meshtui.model.phrases import age_words, size_words
from meshtui.model.xds.resource import KNOWN_TYPES, Health, Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.status_words import status_note
from meshtui.present.tree_rows import Filter
from meshtui.tui.frame import Frame
from meshtui.tui.kit.marks import ROLES, glyph, status_word
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import column, cut, cut_name, fit, pad
from meshtui.tui.views.config.lines.tree import Mark, changed_at, freshness, refusal, short_version

NARROW = 76
"""Cells under which version and size are left out."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One resource; ``first`` of its type carries the type's name."""

    resource: Resource
    first: bool


def table_rows(snapshot: Snapshot | None, filter_: Filter) -> tuple[TableRow, ...]:
    """The resources a filter keeps, in the order a request meets their types, then as the client lists them."""
    if snapshot is None:
        return ()
    kept = [resource for resource in snapshot.resources.values() if _keeps(filter_, resource)]
    kept.sort(key=lambda resource: _rank(resource.key.type))
    found: list[TableRow] = []
    before = ""
    for resource in kept:
        found.append(TableRow(resource, resource.key.type != before))
        before = resource.key.type
    return tuple(found)


def _rank(type_: str) -> tuple[int, str]:
    return (KNOWN_TYPES.index(type_), "") if type_ in KNOWN_TYPES else (len(KNOWN_TYPES), type_)


def _keeps(filter_: Filter, resource: Resource) -> bool:
    if filter_.only_trouble and resource.health is Health.OK:
        return False
    text = searchable(resource)
    return all(word in text for word in filter_.words)


def searchable(resource: Resource) -> str:
    """Everything a word of the filter may occur in, lower case."""
    details = resource.error.details if resource.error else ""
    words = (resource.key.type, resource.key.name, resource.status.name, status_word(resource), details)
    return "\n".join(words).lower()


def heading(width: int) -> Line:
    """The names of the columns."""
    return tuple(Span(text, Role.TITLE) for text in _cells(width, ("TYPE", "STATUS", "NAME", "VERSION", "AGE", "SIZE")))


def table_line(row: TableRow, frame: Frame, width: int) -> Line:
    """The row in ``width`` cells."""
    resource = row.resource
    mark = freshness(changed_at(frame, resource.key), frame.now)
    updated = resource.last_updated
    age = age_words(max((frame.now - updated).total_seconds(), 0)) if updated else "–"
    name = resource.key.name
    note = refusal(resource) or status_note(resource)
    values = (
        resource.key.type if row.first else "",
        f"{glyph(resource.health).text} {status_word(resource)}",
        _named(name, note, _name_room(width)),
        short_version(resource.version, 10) or "–",
        age,
        size_words(resource.size) if resource.size else "–",
    )
    pieces = _cells(width, values)
    roles: Sequence[Role] = (
        Role.TITLE,
        ROLES[resource.health],
        Role.GLOW if mark == Mark.GLOW else Role.TEXT,
        Role.DIM,
        Role.DIM,
        Role.DIM,
    )
    shown = [Span(text, role) for text, role in zip(pieces, roles, strict=True)]
    dot = Span(" ●" if mark != Mark.NONE else "  ", Role.GLOW if mark == Mark.GLOW else Role.ACCENT)
    return fit((*shown, dot), width)


def _named(name: str, note: str, room: int) -> str:
    """The name, and beside it what is wrong, which has two fifths of the room at least."""
    if not note:
        return cut_name(name, room)
    shown = cut_name(name, max(room * 3 // 5, 12))
    return f"{shown}  {cut(note, room - cell_len(shown) - 2)}"  # gRPC's words tell what is refused at their end


def _name_room(width: int) -> int:
    return max(width - (2 + 5 + 10 + 6 + 2 + (11 + 10 if width >= NARROW else 0)), 8)


def _cells(width: int, values: Sequence[str]) -> list[str]:
    wide = width >= NARROW
    type_, status, name, version, age, size = values
    return [
        f"  {pad(type_, 5)}",
        pad(status, 10),
        pad(name, _name_room(width)),
        column(version, 11) if wide else "",
        column(age, 6),
        column(size, 10) if wide else "",
    ]
