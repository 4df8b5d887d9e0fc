"""Which lines of a log are shown, and on how many rows each: as the log grows, only what is new is laid out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_lines import LogLine, Topic, sought
from meshtui.tui.kit.text import wrap_hanging

MESH: Final = (Topic.XDS, Topic.CERTIFICATES)
"""What is picked out: the streams and what came over them, and certificates."""


class Picked(NamedTuple):
    """Which lines are wanted, and how: ``cells`` is what a line's text has on a row, with ``wrapped`` it goes on
    below. ``scoped`` says that the program's own scope stands before the text."""

    cells: int
    wrapped: bool = False
    scoped: bool = True
    only_mesh: bool = False
    only_trouble: bool = False

    @property
    def all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.only_mesh or self.only_trouble)

    def wants(self, line: LogLine) -> bool:
        """Whether the line is shown; what meshtui says itself always is."""
        if line.is_note:
            return True
        return (not self.only_mesh or line.topic in MESH) and (not self.only_trouble or line.is_trouble)


class LogRow(NamedTuple):
    """A row: the line's number, and what of it stands there."""

    number: int
    text: str
    first: bool


def body(line: LogLine, scoped: bool) -> str:
    """What stands behind time, level and mark."""
    return f"{line.scope}  {line.text}" if scoped and line.scope else line.text


class Layout:
    """The rows of one log at a time."""

    def __init__(self) -> None:
        self.rows: list[LogRow] = []
        self.found: list[int] = []
        """The numbers of the shown lines that have the words, in order."""
        self.typed = ""
        self._picked = Picked(80)
        self._key: object = None
        self._end = 0
        self._lines = 0

    @property
    def shown(self) -> int:
        """Lines that are shown."""
        return self._lines

    def update(self, key: object, book: LogBook, picked: Picked, typed: str) -> int | None:
        """Take in the newest state of a log, which ``key`` tells from others. Returns how many rows went away at the
        top; ``None`` when all were made anew."""
        if key != self._key or picked != self._picked or self._end < book.dropped or self._end > book.end:
            self._key, self._picked = key, picked
            self.rows, self.found, self._lines, self._end = [], [], 0, book.dropped
            gone = None
        else:
            gone = self.first_row(book.dropped)
            self._lines -= sum(row.first for row in self.rows[:gone])
            del self.rows[:gone]
            del self.found[: bisect_left(self.found, book.dropped)]
        words = sought(typed)
        if typed != self.typed:
            self.typed = typed
            shown = (row.number for row in self.rows if row.first)
            self.found = [number for number in shown if words and book.line(number).has(words)]
        for number in range(self._end, book.end):
            self._add(number, book.line(number), words)
        self._end = book.end
        return gone

    def _add(self, number: int, line: LogLine, words: tuple[str, ...]) -> None:
        if not self._picked.wants(line):
            return
        self._lines += 1
        if words and line.has(words):
            self.found.append(number)
        text, cells = body(line, self._picked.scoped), self._picked.cells
        if not self._picked.wrapped or (len(text) <= cells and text.isascii()):
            self.rows.append(LogRow(number, text, True))
            return
        for at, piece in enumerate(wrap_hanging(text, cells) or [""]):
            self.rows.append(LogRow(number, piece, not at))

    def first_row(self, number: int) -> int:
        """The first row of the line of that number, or of the next that is shown."""
        return bisect_left(self.rows, number, key=lambda row: row.number)

    def lines_after(self, number: int) -> int:
        """How many shown lines are newer."""
        start = bisect_right(self.rows, number, key=lambda row: row.number)
        return sum(row.first for row in self.rows[start:])

    def next_found(self, number: int, step: int) -> int | None:
        """The next line that has the words, forwards or backwards, around the end; ``None`` where none has."""
        if not self.found:
            return None
        if step > 0:
            return self.found[bisect_right(self.found, number) % len(self.found)]
        return self.found[bisect_left(self.found, number) - 1]
