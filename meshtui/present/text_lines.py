"""Lines of text for people, before they are fitted to a terminal: words, and signs that say how it stands with them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias


class Tone(Enum):
    """How good or bad it is what a sign stands before; it becomes a colour, and the word beside it says the same."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


class Sign(NamedTuple):
    """A glyph that says how it stands with the words after it."""

    glyph: str
    tone: Tone | None = None


TextLine: TypeAlias = str | tuple[str | Sign, ...]
"""One line, or a cell of a table. Text from the mesh in it is made harmless where it is written."""


class Lines(NamedTuple):
    """Lines broken between words to fit. With ``cut`` each stays one line and loses its end: those of a tree."""

    lines: Sequence[TextLine]
    cut: bool = False


def plain(line: TextLine) -> str:
    """The line without the tones of its signs."""
    return line if isinstance(line, str) else "".join(part if isinstance(part, str) else part.glyph for part in line)
