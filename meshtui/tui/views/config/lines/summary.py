"""The detail pane's first page: what stands there, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.cells import cell_len

from meshtui.model.phrases import size_words, span_words
from meshtui.model.xds.graph import Node
from meshtui.model.xds.resource import Resource
from meshtui.present.summary import Section, SummaryFact
from meshtui.tui.kit.marks import ROLES, glyph, status_word
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import pad, shown, span, wrap

LABELS_AT_MOST = 26
"""Cells for the labels of a section, so that the values keep one column."""


def title_lines(node: Node | None, resource: Resource | None, now: datetime, width: int) -> Iterator[Line]:
    """Whole name, then status, version, age and size."""
    name = node.name or node.label if node else resource.key.name if resource else ""
    yield from hanging((Span(" "),), name, max(width - 1, 8), Role.STRONG)
    if resource is not None:
        for facts in (_status(resource), _age(resource, now), _client(resource)):
            yield from _wrapped(facts, width)
    elif node is not None:
        yield (Span(" "), glyph(node.health), Span(f" {node.kind.words}", Role.DIM))


def _status(resource: Resource) -> Iterator[Span]:
    yield Span(f"{glyph(resource.health).text} {status_word(resource)}", ROLES[resource.health])
    yield span(resource.key.type, Role.DIM)
    if resource.version:
        yield span(f"version {resource.version}", Role.DIM)


def _age(resource: Resource, now: datetime) -> Iterator[Span]:
    """On a line of its own: what grows longer each second moves nothing else."""
    if resource.last_updated is not None:
        at = resource.last_updated.astimezone(UTC)
        age = max((now - at).total_seconds(), 0)
        yield Span(f"{f'{span_words(age)} ago' if age >= 1 else 'just now'} ({at:%H:%M:%S} UTC)", Role.DIM)
    if resource.size:
        yield Span(size_words(resource.size), Role.DIM)


def _client(resource: Resource) -> Iterator[Span]:
    if resource.key.scope:
        yield span(f"client {resource.key.scope}", Role.DIM)


def _wrapped(pieces: Iterable[Span], width: int) -> Iterator[Line]:
    """Facts with dots between them, whole facts a line."""
    line: list[Span] = [Span(" ")]
    used = 1
    for piece in _broken(pieces, max(width - 1, 8)):
        more = cell_len(piece.text) + 3
        if used > 1 and used + more > width:
            yield tuple(line)
            line, used = [Span(" ")], 1
        if used > 1:
            line.append(Span(" · ", Role.FAINT))
        line.append(piece)
        used += more
    if used > 1:
        yield tuple(line)


def _broken(pieces: Iterable[Span], cells: int) -> Iterator[Span]:
    for piece in pieces:
        yield from (Span(part, piece.role) for part in wrap(piece.text, cells))


def section_lines(sections: Iterable[Section], width: int) -> Iterator[Line]:
    """Every section with its title; values in one column, broken to the width."""
    for section in sections:
        yield EMPTY
        if section.title:
            yield from hanging((Span(" "),), section.title, max(width - 1, 8), Role.TITLE)
        labels = [cell_len(shown(fact.label)) for fact in section.facts if fact.value]
        column = min(max(labels, default=0), LABELS_AT_MOST)
        for fact in section.facts:
            yield from _fact(fact, column, width)


def _fact(fact: SummaryFact, column: int, width: int) -> Iterator[Line]:
    mark = (glyph(fact.health), Span(" ")) if fact.health is not None else (Span("  "),)
    role = Role.TEXT if fact.health is None or not fact.health.rank else ROLES[fact.health]
    label = shown(fact.label)
    if cell_len(label) > column or not fact.value:
        yield from hanging((Span("   "),), label, max(width - 3, 8), Role.DIM)
        label = ""
    if not fact.value:
        return
    indent = 3 + (column + 2 if column else 0)
    name = (Span(pad(label, column) + "  ", Role.DIM),) if column else ()
    yield from hanging((Span(" "), *mark, *name), fact.value, max(width - indent, 12), role)
