"""A table for people, before it is fitted to a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.present.text_lines import TextLine


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, and lines of words around them.

    ``secondary`` are headings of columns that are left out, the last first, where a terminal is too narrow for all:
    eight columns cut to eight cells each say less than six that can be read. ``whole`` are columns that are not cut
    while others can be: half a time is none.
    """

    headings: tuple[str, ...]
    rows: Sequence[Sequence[TextLine]]
    before: Sequence[TextLine] = ()
    after: Sequence[TextLine] = ()
    secondary: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
