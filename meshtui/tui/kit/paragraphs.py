"""Text of several lines: broken to the width, what follows the first line set in under it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import width_of, wrap


def hanging(lead: Line, text: str, cells: int, role: Role = Role.TEXT, *, most: int | None = None) -> Iterator[Line]:
    """``lead`` and after it the text in ``cells`` cells; further lines begin with blanks as wide as the lead.

    At most ``most`` lines. The text may come from anywhere: it is made safe here.
    """
    blanks = Span(" " * width_of(lead))
    for number, piece in enumerate(islice(wrap(text, cells), most)):
        yield (blanks, Span(piece, role)) if number else (*lead, Span(piece, role))


def paragraph(text: str, width: int, role: Role, *, indent: int = 4) -> Iterator[Line]:
    """Text set in by some cells."""
    yield from hanging((Span(" " * indent),), text, max(width - indent - 2, 12), role)


def labelled(label: str, text: str, width: int) -> Iterator[Line]:
    """``    fix  text``: the label once, the text in its own column."""
    lead = f"    {label}  "
    yield from hanging((Span(lead, Role.TITLE),), text, max(width - len(lead) - 2, 12))
