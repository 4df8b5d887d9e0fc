"""A table for people, before it is fitted to a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.present.text_lines import TextLine


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, and lines of words around them."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[TextLine]]
    before: Sequence[TextLine] = ()
    after: Sequence[TextLine] = ()
