"""A certificate's life as a bar: how old it is, when rotation is due, when it ends, and where it was replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.lifetime import LifePhase, lifetime
from meshtui.tui.kit.style import Line, Role, Span

START: Final = "├"
END: Final = "┤"
PAST: Final = "━"
FUTURE: Final = "─"
REPLACED: Final = "╌"
NOW: Final = "●"
ROTATED: Final = "◆"
HALF: Final = "┊"
HALF_PAST: Final = "┿"

BAR_ROLES: Final = {
    LifePhase.NOT_YET_VALID: Role.ALARM,
    LifePhase.FRESH: Role.BAR,
    LifePhase.DUE: Role.BAR,
    LifePhase.LATE: Role.NOTE,
    LifePhase.ENDING: Role.ALARM,
    LifePhase.EXPIRED: Role.ALARM,
}


@dataclass(frozen=True, slots=True)
class Axis:
    """``cells`` cells from ``start`` to ``end``."""

    start: datetime
    end: datetime
    cells: int

    def cell(self, moment: datetime) -> int:
        """The cell a moment falls into; beyond the axis, a cell beyond it."""
        span = (self.end - self.start) / timedelta(seconds=1) or 1.0
        share = (moment - self.start) / timedelta(seconds=1) / span
        return int(min(max(share, -1.0), 2.0) * (self.cells - 1) + 0.5)


def life_bar(certificate: Certificate, axis: Axis, now: datetime, replaced: datetime | None = None) -> Line:
    """Exactly ``axis.cells`` cells. ``replaced`` is when a newer one took its place."""
    life = lifetime(certificate, now)
    first, last, here = axis.cell(certificate.not_before), axis.cell(certificate.not_after), axis.cell(now)
    half = axis.cell(life.rotation_due_at) if not certificate.is_ca and replaced is None else -1
    turned = axis.cell(replaced) if replaced is not None else None
    role = BAR_ROLES[life.phase] if replaced is None else Role.DIM
    marks: dict[int, tuple[str, Role | None]] = {first: (START, None), last: (END, None)}
    """Glyph and role by cell; without a role it has that of the stroke."""
    if half not in marks:
        marks[half] = (HALF_PAST, Role.NOTE) if half < here else (HALF, Role.DIM)
    if turned is not None:
        marks[turned] = (ROTATED, Role.GLOW)
    if replaced is None and first <= here <= last:
        marks[here] = (NOW, Role.STRONG if role is Role.BAR else role)
    cells: list[Span] = []
    for at in range(axis.cells):
        if not first <= at <= last:
            cells.append(Span(" "))
            continue
        past = at < here
        gone = turned is not None and at > turned
        stroke = REPLACED if gone else PAST if past else FUTURE
        calm = role if past and not gone else Role.FAINT
        mark, own = marks.get(at, (stroke, None))
        cells.append(Span(mark, own or calm))
    return tuple(_joined(cells))


def _joined(cells: list[Span]) -> Iterator[Span]:
    """Neighbours of one role as one span."""
    text, role = "", Role.TEXT
    for cell in cells:
        if cell.role is not role and text:
            yield Span(text, role)
            text = ""
        role = cell.role
        text += cell.text
    if text:
        yield Span(text, role)


def captions(moments: list[tuple[datetime, str]], axis: Axis) -> Line:
    """Words under a bar, each centred on its moment and inside the bar; one that would touch another is left out."""
    line = [" "] * axis.cells
    taken_to = -2
    placed: list[tuple[int, str]] = []
    for moment, words in sorted(moments):
        at = min(max(axis.cell(moment) - len(words) // 2, 0), max(axis.cells - len(words), 0))
        placed.append((at, words))
    last = placed[-1] if placed else None
    for at, words in placed:
        clear = at > taken_to + 1 and (last is None or (at, words) == last or at + len(words) < last[0] - 1)
        if clear and at + len(words) <= axis.cells:
            line[at : at + len(words)] = words
            taken_to = at + len(words)
    return (Span("".join(line), Role.DIM),)
