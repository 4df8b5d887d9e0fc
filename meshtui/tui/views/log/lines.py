"""A line of a log as it is drawn: when, how bad, what of the mesh it is about, and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from meshtui.model.kubernetes.log_lines import LogLine, StreamStep, Topic
from meshtui.model.phrases import age_words
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut_end, pad, pad_left, span
from meshtui.tui.views.log.layout import LogRow

WIDE: Final = 100
"""Cells from which milliseconds, the step's own word and the program's scope have a place."""

LEVELS: Final = {
    "warning": ("warn", Role.NOTE),
    "warn": ("warn", Role.NOTE),
    "error": ("error", Role.ALARM),
    "critical": ("crit", Role.ALARM),
    "fatal": ("fatal", Role.ALARM),
    "panic": ("panic", Role.ALARM),
    "dpanic": ("panic", Role.ALARM),
    "info": ("info", Role.DIM),
    "debug": ("debug", Role.FAINT),
    "trace": ("trace", Role.FAINT),
}
"""Word and role of each level; the word says what the colour does."""

LEVEL: Final = 5
"""Cells of a level."""

TOPICS: Final = {Topic.XDS: "xDS", Topic.CERTIFICATES: "cert", Topic.READINESS: "ready", Topic.OTHER: ""}
"""What a line is about, in the mark before it."""

STEPS: Final = {
    StreamStep.CONNECTED: ("✓", Role.OK),
    StreamStep.ENDED: ("◌", Role.WAITING),
    StreamStep.FAILED: ("✗", Role.ALARM),
    StreamStep.EVICTED: ("✗", Role.ALARM),
    StreamStep.REJECTED: ("✗", Role.ALARM),
    StreamStep.NONE: ("", Role.ACCENT),
}
"""Glyph and role of what happened to a stream; the step's word beside it where there is room, else the line's own."""

MARK: Final = 6
"""Cells of the mark on a narrow screen."""

MARK_WIDE: Final = 15
"""The same with the step's word."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands before the text: ``days`` that times need their date, ``ages`` that they are counted to ``now``."""

    width: int
    now: datetime
    days: bool = False
    ages: bool = False

    @property
    def wide(self) -> bool:
        """Whether there is room for more."""
        return self.width >= WIDE

    @property
    def stamp(self) -> int:
        """Cells of the time."""
        if self.ages:
            return 6
        return 8 + (4 if self.wide else 0) + (6 if self.days else 0)

    @property
    def lead(self) -> int:
        """Cells before the text."""
        return 1 + self.stamp + 2 + LEVEL + 1 + (MARK_WIDE if self.wide else MARK) + 1

    @property
    def text(self) -> int:
        """Cells of the text."""
        return max(self.width - self.lead - 1, 12)


def row_line(row: LogRow, line: LogLine, columns: Columns, words: tuple[str, ...]) -> Line:
    """One row; the words that are looked for stand out."""
    if line.is_note:
        lead = " ── " if row.first else "    "
        return (Span(lead, Role.ACCENT), *highlighted(cut_end(row.text, columns.width - 5), words, Role.ACCENT))
    text = highlighted(cut_end(row.text, columns.text), words, _text_role(line))
    if not row.first:
        return (Span(" " * columns.lead), *text)
    return (*_lead(line, columns), *text)


def _lead(line: LogLine, columns: Columns) -> Iterator[Span]:
    yield Span(" ")
    yield Span(pad_left(stamp(line, columns), columns.stamp), Role.DIM)
    word, role = LEVELS.get(line.level, (line.level, Role.DIM))
    yield Span("  ")
    yield span(pad(word, LEVEL), role)
    yield Span(" ")
    glyph, role = STEPS[line.step]
    said = f"{TOPICS[line.topic]} {glyph}"
    if columns.wide and line.step.value:
        said = f"{said} {line.step.value}"
    yield Span(pad(said, MARK_WIDE if columns.wide else MARK), role)
    yield Span(" ")


def stamp(line: LogLine, columns: Columns) -> str:
    """When the line was written, in UTC, or how long ago."""
    if line.at is None:
        return "-"
    if columns.ages:
        return age_words(columns.now - line.at)
    at = line.at.astimezone(UTC)
    time = f"{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if columns.wide else "")
    return f"{at:%m-%d} {time}" if columns.days else time


def _text_role(line: LogLine) -> Role:
    """Calm where nothing is of the mesh."""
    if line.is_trouble:
        return Role.STRONG
    return Role.DIM if line.topic is Topic.OTHER else Role.TEXT


def highlighted(text: str, words: tuple[str, ...], role: Role) -> Iterator[Span]:
    """The text with these words standing out, in any case."""
    if not words:
        yield span(text, role)
        return
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    at = 0
    for found in re.finditer(pattern, text, re.IGNORECASE):
        if found.start() > at:
            yield span(text[at : found.start()], role)
        yield span(found[0], Role.MATCH)
        at = found.end()
    if at < len(text):
        yield span(text[at:], role)
