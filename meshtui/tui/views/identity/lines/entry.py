"""A row of the identity view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshtui.model.subject import Subject
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import span, width_of


@dataclass(frozen=True, slots=True)
class IdentityEntry:
    """``id`` is the same from frame to frame; the cursor stands only on rows that have one.

    ``subject`` is what ``enter`` shows. ``open`` says whether what belongs to the row is shown, ``None`` for a row that
    does not fold. ``copy`` is what ``y`` takes. ``path`` is that of the bootstrap's value which begins in the row, None
    in every other row.
    """

    line: Line
    id: str = ""
    subject: Subject | None = None
    open: bool | None = None
    copy: str = ""
    path: str | None = None

    @property
    def folds(self) -> bool:
        """Whether ``enter`` opens and closes what belongs to the row."""
        return self.open is not None


BLANK = IdentityEntry(EMPTY)


def text_entries(text: str, width: int, role: Role, *, indent: int = 4) -> Iterator[IdentityEntry]:
    """A paragraph set in by some cells."""
    yield from marked_entries((Span(" " * indent),), text, width, role)


def marked_entries(lead: Line, text: str, width: int, role: Role) -> Iterator[IdentityEntry]:
    """A paragraph that stands after a mark."""
    for line in hanging(lead, text, max(width - width_of(lead) - 1, 12), role):
        yield IdentityEntry(line)


def fact_entries(label: str, value: str, width: int, *, indent: int, column: int) -> Iterator[IdentityEntry]:
    """``label   value``, the value broken into its own column; ``y`` copies it whole."""
    lead = indent + column
    name = (Span(" " * indent), span(label, Role.DIM), Span(" " * (column - len(label))))
    for line in hanging(name, value, max(width - lead - 1, 12)):
        yield IdentityEntry(line)


def unlock_line(what: str, why: str, unlock: str) -> Line:
    """A fact that is missing, and the one line that would unlock it."""
    return (Span("  · ", Role.FAINT), span(f"{what}  "), span(f"{why}  ", Role.DIM), span(unlock, Role.ACCENT))
