"""The lines of the list of pods: headings, a pod, what to know of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.present.pod_filter import PodFilter
from meshtui.present.pods import Column, Order, Standing, cell, reason, standing
from meshtui.tui.kit.marks import UNKNOWN
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, fit, pad, pad_left, span, width_of

MARK: Final = 3
"""Cells of the mark before a name."""

WIDE: Final = 120
"""Cells from which node, revision and the reason beside each pod have room."""

LONGEST_NAME: Final = 36
"""Cells of a name on a wide screen: a pod of a Deployment has some 30. The rest is for the reason."""

NARROWEST: Final = 12
"""Cells of a name however narrow the screen."""

NUMBERS: Final = frozenset({Column.READY, Column.RESTARTS, Column.AGE})
"""Columns whose values are aligned to the right."""

WIDTHS: Final = {
    Column.NAMESPACE: 16,
    Column.VERSION: 8,
    Column.READY: 6,
    Column.STATUS: 17,
    Column.RESTARTS: 9,
    Column.AGE: 5,
    Column.NODE: 16,
    Column.REVISION: 10,
}
"""Cells of the columns, the blank after each left out; ``ContainerCreating`` and ``RESTARTS`` are whole."""

WIDER: Final = {Column.VERSION: 12, Column.STATUS: 22, Column.RESTARTS: 13, Column.AGE: 7}
"""The same on a wide screen: ``Init:CrashLoopBackOff``, ``7 (26s ago)``."""

NARROW_COLUMNS: Final = (Column.NAME, Column.VERSION, Column.READY, Column.STATUS, Column.RESTARTS, Column.AGE)
WIDE_COLUMNS: Final = (*NARROW_COLUMNS, Column.NODE, Column.REVISION)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns a width has, and how wide each is; ``rest`` is what is left for the reason."""

    columns: tuple[tuple[Column, int], ...]
    rest: int
    every_namespace: bool

    @classmethod
    def of(cls, width: int, *, every_namespace: bool) -> Layout:
        """The layout for so many cells. A narrow list of all namespaces gives up the version, never the namespace."""
        wide = width >= WIDE
        columns = [*(WIDE_COLUMNS if wide else NARROW_COLUMNS)]
        if every_namespace:
            columns.insert(0, Column.NAMESPACE)
            if not wide:
                columns.remove(Column.VERSION)
        widths = WIDTHS | WIDER if wide else WIDTHS
        taken = MARK + sum(widths[column] + 1 for column in columns if column is not Column.NAME)
        room = max(width - taken - 1, NARROWEST)
        name = min(room, LONGEST_NAME) if wide else room
        cells = tuple((column, name if column is Column.NAME else widths[column]) for column in columns)
        return cls(cells, max(room - name - 1, 0), every_namespace)


def heading_line(layout: Layout, order: Order) -> Line:
    """The names of the columns, and by which the list is sorted."""
    line: list[Span] = [Span(" " * MARK)]
    for column, cells in layout.columns:
        sorted_by = column is order.column
        arrow = ("▾" if order.descending else "▴") if sorted_by else ""
        text = f"{column.value.upper()}{arrow}"
        line += [Span(_aligned(column, text, cells), Role.ACCENT if sorted_by else Role.TITLE), Span(" ")]
    return tuple(line)


def pod_line(row: PodRow, layout: Layout, now: datetime) -> Line:
    """One pod. What is not looked for is dim, with the reason where there is room."""
    offered = standing(row)
    other = offered is Standing.OTHER
    line: list[Span] = [mark(row)]
    for column, cells in layout.columns:
        text = cell(row, column, now) or "–"
        if column is Column.RESTARTS and cells < WIDER[column]:
            text = str(row.status.restarts)  # half an age beside it says nothing
        line += [Span(_aligned(column, text, cells), Role.DIM if other else _role(row, column)), Span(" ")]
    if layout.rest > NARROWEST:
        line.append(span(cut_end(reason(row), layout.rest), Role.DIM if other or row.has_succeeded else Role.NOTE))
    return tuple(line)


def mark(row: PodRow) -> Span:
    """Whether the pod is what is looked for: ``●`` ready, ``◌`` not ready, ``∅`` out of reach, ``·`` not proxyless."""
    match standing(row):
        case Standing.OTHER:
            return Span(f" {UNKNOWN} ", Role.FAINT)
        case Standing.UNREACHABLE:
            return Span(" ∅ ", Role.DIM if row.has_succeeded else Role.MISSING)
        case Standing.OFFERED:
            return Span(" ● ", Role.OK) if _is_well(row) else Span(" ◌ ", Role.WAITING)


MARKS: Final[tuple[tuple[Span, str], ...]] = (
    (Span("● ", Role.OK), "proxyless and ready"),
    (Span("◌ ", Role.WAITING), "proxyless, not ready or terminating; it can be reached all the same"),
    (Span("∅ ", Role.MISSING), "proxyless, and nothing can be forwarded to it now"),
    (Span(f"{UNKNOWN} ", Role.FAINT), "gives no sign of being proxyless; it may be opened all the same"),
)
"""What the marks say."""


def about_lines(row: PodRow, width: int, now: datetime) -> Iterator[Line]:
    """What a row has no room for: the whole name, where the pod runs, and why it is dimmed."""
    facts = [
        ("status", row.status.status if width < WIDE and len(row.status.status) > WIDTHS[Column.STATUS] else ""),
        ("restarts", row.status.restart_words(now) if row.status.restarts else ""),
        ("node", row.node),
        ("revision", row.revision),
        ("ip", row.ip),
    ]
    line: list[Span] = [span(f" {cut(f'{row.namespace}/{row.name}', max(width - 2, 8))}", Role.STRONG)]
    for name, value in facts:
        fact = (Span(f"   {name} ", Role.TITLE), span(value))
        if value and width_of((*line, *fact)) < width:  # half an address is none
            line += fact
    yield fit(tuple(line), width)
    said = reason(row)
    role = Role.DIM if standing(row) is Standing.OTHER else Role.NOTE
    if said:
        yield from hanging((Span(" "),), said, max(width - 2, 12), role, most=2)
    else:
        yield (span(f" {row.mesh.kind.value}: {row.mesh.why}", Role.DIM),)


def filter_lines(filter_: PodFilter, width: int) -> Iterator[Line]:
    """Why a filter shows what it shows: a part of it that means nothing, or that no pod is left."""
    said = filter_.problem or (f"No pod fits {filter_.text}. Esc shows all; ? says what can be typed.")
    if filter_.active:
        yield from hanging((Span(" "),), said, max(width - 2, 12), Role.NOTE, most=2)


def _is_well(row: PodRow) -> bool:
    return row.is_ready and not row.is_terminating


def _aligned(column: Column, text: str, cells: int) -> str:
    if column in NUMBERS:
        return pad_left(text, cells)
    # Names differ at both ends; a state is known by how it begins.
    return pad(text if column is Column.STATUS else cut(text, cells), cells)


def _role(row: PodRow, column: Column) -> Role:
    match column:
        case Column.NAME:
            return Role.STRONG
        case Column.STATUS | Column.READY if row.has_succeeded:
            return Role.DIM
        case Column.STATUS | Column.READY if not row.reach.possible:
            return Role.MISSING
        case Column.STATUS | Column.READY if not _is_well(row):
            return Role.WAITING
        case Column.STATUS | Column.VERSION | Column.READY:
            return Role.TEXT
        case _:
            return Role.DIM
