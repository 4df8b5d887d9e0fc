"""Shares over time, stacked: a rollout is seen moving. Over it a line where the config wants the border to be.

The shares are of all that was sent then: what failed or was lost is the top of the stack, hatched in the colour of
alarm, so that it is told from a version without colours too; what is not back yet is left blank over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final

from rich.cells import cell_len

from meshtui.model.echo.series import Point
from meshtui.model.phrases import plural, share_words
from meshtui.model.split.assessment import Expectation
from meshtui.model.split.epochs import Epoch
from meshtui.present.blocks import LEVELS
from meshtui.session.echo.state import EchoState
from meshtui.tui.kit.palette import SERIES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut_end, pad, shown
from meshtui.tui.views.echo.lines.bars import merged
from meshtui.tui.views.echo.lines.columns import columns_of
from meshtui.tui.views.echo.lines.series import name_of, role_at, versions_of, weights_words

STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
"""Seconds a column may stand for: spans people count in."""

ENDLESS: Final = 60.0
"""Seconds that the chart of an endless run has room for at first."""

AXIS: Final = 6
"""Cells of the axis on the left."""

LABELS: Final = 11
"""Cells for what the config wants, on the right."""

FAILED: Final = "▒"
"""A cell of what failed or was lost."""

UNKNOWN: Final = "░"
"""A cell of what was answered by nobody knows which version."""

TINTS: Final = {Role.ALARM: Role.TINT_ALARM, Role.NOTE: Role.TINT_NOTE}
"""What is behind the edge of a version where it meets a hatched part: about the colour of the hatching."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the stack; ``ground`` is the colour most of it has, ``None`` where it is blank."""

    span: Span
    ground: Role | None


_BLANK: Final = Cell(Span(" "), None)

_FULL: Final = {role: Cell(Span("█", role), role) for role in SERIES} | {
    Role.NOTE: Cell(Span(UNKNOWN, Role.NOTE), Role.NOTE),
    Role.ALARM: Cell(Span(FAILED, Role.ALARM), Role.ALARM),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn: columns of ``seconds`` from ``start``, each ``wide`` cells; the stack's order is from its foot."""

    state: EchoState
    versions: tuple[str, ...]
    start: datetime
    seconds: int
    wide: int
    columns: int
    height: int

    @property
    def stack(self) -> tuple[str, ...]:
        """The newest version is at the foot: a rollout rises."""
        return self.versions[::-1]

    def column(self, at: datetime) -> int:
        """The column a moment falls into."""
        return int((at - self.start).total_seconds() // self.seconds)

    def role(self, version: str) -> Role:
        """The version's colour."""
        return role_at(self.versions.index(version))


def chart_lines(state: EchoState, now: datetime, width: int, height: int) -> Iterator[Line]:
    """The chart in ``height`` lines, its axis and epoch labels among them; nothing before the first answer."""
    points = state.tally.course
    if not points or height < 4 or not state.started:
        return
    cells = max(width - AXIS - LABELS, 8)
    start = points[0].at
    lived = ((state.ended or now) - start).total_seconds()
    seconds = next((step for step in STEPS if lived / step < cells), STEPS[-1])
    wide = max(int(cells // (max(lived, _planned(state)) / seconds + 1)), 1)
    failures = state.tally.trouble > 0
    chart = Chart(
        state=state,
        versions=versions_of(state),
        start=start,
        seconds=seconds,
        wide=wide,
        columns=cells // wide,
        height=height - 2 - failures,
    )
    borders = {chart.column(epoch.started) for epoch in state.epochs[1:]}
    by_column = columns_of(((chart.column(point.at), point) for point in points), chart.columns, borders)
    if failures:
        yield (Span(" fail ", Role.ALARM), *merged(_failed(point) for point in by_column for _ in range(wide)))
    drawn = [cell for index, point in enumerate(by_column) for cell in _column(chart, point, index)]
    labels = _labels(chart)
    for row in range(chart.height):
        yield (Span(_axis(row, chart.height), Role.DIM), *merged(cell[row] for cell in drawn), *labels[row])
    yield from _foot(chart)


def _planned(state: EchoState) -> float:
    """Seconds that a run with a count will take, so that a short one fills the chart; an endless one has
    :data:`ENDLESS`."""
    spec = state.spec
    return spec.count / spec.qps if spec.count and spec.qps else ENDLESS


def _failed(point: Point | None) -> Span:
    """The part of a column's requests that failed or was lost."""
    failed = 0 if point is None else point.failed + point.lost
    if point is None or not failed:
        return Span(" ")
    return Span(LEVELS[min(int(failed / point.total * 8), 6)] if point.total > failed else "█", Role.ALARM)


def _column(chart: Chart, point: Point | None, index: int) -> list[list[Span]]:
    """The cells over a column of the axis, from the top, ``wide`` times."""
    epoch = _epoch_at(chart, index)
    ahead = point is None and index > chart.column(chart.state.tally.course[-1].at)
    stack = _stacked(chart, point)
    plain = [cell.span for cell in stack]
    marked = list(plain)
    for row, mark in _marks(_borders(chart, epoch.expectation if epoch else None), chart.height).items():
        if point is None or not point.total:
            marked[row] = Span(mark, Role.FAINT if ahead else Role.DIM)
        elif (ground := stack[row].ground) is None:
            marked[row] = Span(mark, Role.FAINT)
        else:
            marked[row] = Span(mark, Role.DIM if ground in TINTS.values() else Role.ON, ground)
    first = index * chart.wide
    return [marked if cell % 2 or ahead else plain for cell in range(first, first + chart.wide)]


def _stacked(chart: Chart, point: Point | None) -> list[Cell]:
    """The stack of a column, from its top."""
    if point is None or not point.total:
        return [_BLANK] * chart.height
    parts = [(point.by_version.get(version, 0), chart.role(version)) for version in chart.stack]
    others = sum(point.by_version.values()) - sum(count for count, _ in parts)  # beyond the versions told apart
    apart = ((point.unknown + others, Role.NOTE), (point.failed + point.lost, Role.ALARM))
    parts += [(count, role) for count, role in apart if count]
    whole = point.total + point.waiting
    tops = [round(top * chart.height * 8 / whole) for top in accumulate(count for count, _ in parts)]
    roles: list[Role | None] = [role for _, role in parts]
    if point.waiting:
        tops.append(chart.height * 8)
        roles.append(None)
    cells: list[Cell] = []
    lower, last = 0, len(roles) - 1
    for foot in range(0, chart.height * 8, 8):
        while lower < last and tops[lower] <= foot:
            lower += 1
        rise = tops[lower] - foot
        role = roles[lower]
        if rise >= 8 or lower == last or role is None:
            cells.append(_BLANK if role is None else _FULL[role])
            continue
        upper = next(place for place in range(lower + 1, last + 1) if place == last or tops[place] >= foot + 8)
        over = roles[upper]
        if role in TINTS:  # hatching has no edge within a cell
            nearest = role if rise >= 4 else over
            cells.append(_BLANK if nearest is None else _FULL[nearest])
            continue
        behind = TINTS.get(over, over) if over is not None else None
        mostly_lower = behind is None or rise >= 4
        cells.append(Cell(Span(LEVELS[rise - 1], role, behind), role if mostly_lower else behind))
    return cells[::-1]


def _epoch_at(chart: Chart, index: int) -> Epoch | None:
    for epoch in reversed(chart.state.epochs):
        if chart.column(epoch.started) <= index:
            return epoch
    return chart.state.epochs[0] if chart.state.epochs else None


def _borders(chart: Chart, expectation: Expectation | None) -> list[float]:
    """Where the config wants the borders of the stack, without its two ends."""
    if expectation is None or not expectation.testable:
        return []
    tops = accumulate(expectation.shares.get(version, 0.0) for version in chart.stack)
    return [top for top in tops if 0.001 < top < 0.999]


def _marks(borders: Sequence[float], height: int) -> dict[int, str]:
    """Row to the line drawn in it: at its foot, its middle or its head."""
    marks = {}
    for border in borders:
        level = min(int(border * height), height - 1)
        part = border * height - level
        marks[height - 1 - level] = "▁" if part < 1 / 3 else "─" if part < 2 / 3 else "▔"
    return marks


def _axis(row: int, height: int) -> str:
    if row == 0:
        return " 100 ┤"
    if row == height // 2:
        return "  50 ┤"
    return "     │"


def _labels(chart: Chart) -> list[Line]:
    """The wanted shares, each beside the middle of its part of the stack."""
    labels: list[Line] = [()] * chart.height
    present = chart.state.epochs[-1].expectation if chart.state.epochs else None
    shares = present.shares if present is not None and present.testable else {}
    top = 0.0
    for version in chart.stack:
        share = shares.get(version, 0.0)
        middle, top = top + share / 2, top + share
        row = chart.height - 1 - min(int(middle * chart.height), chart.height - 1)
        if share and not labels[row]:
            said = f" {share_words(round(share, 3))}"
            name = cut_end(name_of(version), LABELS - len(said) - 1)
            labels[row] = (Span(f" {name}", Role.STRONG), Span(said, Role.DIM))
    return labels


def _foot(chart: Chart) -> Iterator[Line]:
    """The time axis, with a mark and the weights where an epoch begins."""
    cells = chart.columns * chart.wide
    axis, said = ["─"] * cells, ""
    for epoch in chart.state.epochs:
        column = max(chart.column(epoch.started), 0) * chart.wide
        words = weights_words(epoch.expectation, chart.versions)
        if column < cells:
            axis[column] = "┬" if epoch.number > 1 else "─"
            if words and column >= cell_len(said):
                said = pad(said, column) + shown(words) + "  "
    yield (Span("   0 └", Role.DIM), Span("".join(axis), Role.DIM))
    every = f"{chart.seconds} s is {plural(chart.wide, 'cell')}"
    room = cells - cell_len(said)
    line = (Span(" " * AXIS), Span(said, Role.TEXT))
    yield (*line, Span(every.rjust(room) if room > len(every) else "", Role.FAINT))
