"""The one place that turns text from outside into something shown.

Nothing is ever parsed as markup; control characters, escape codes, bidirectional overrides and invisible characters are
shown, not obeyed; widths are counted in terminal cells. Every :class:`~meshtui.tui.kit.style.Span` passes
:func:`strip_of`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from meshtui.model.phrases import ELLIPSIS
from meshtui.model.printable import printable
from meshtui.present.cells import Cells
from meshtui.tui.kit.palette import Palette
from meshtui.tui.kit.style import Line, Role, Span

LONGEST: Final = 2_000
"""Characters of one outside text that one line looks at: no terminal is wider, and a name may be a megabyte."""

STACKED: Final = 2
"""Combining marks kept on one character; more of them climb into the lines above and below."""


def shown(text: str) -> str:
    """The text as one line that only occupies its own cells."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    if len(text) > LONGEST:
        half = LONGEST // 2
        text = text[:half] + ELLIPSIS + text[-half:]
    return _without_towers(printable(text))


def content(text: str) -> Content:
    """The text for a Textual widget that takes content: never parsed as markup."""
    return Content(shown(text))


def span(text: str, role: Role = Role.TEXT) -> Span:
    """A piece of a line out of any text."""
    return Span(shown(text), role)


def width_of(line: Iterable[Span]) -> int:
    """Cells the line takes."""
    return sum(cell_len(piece.text) for piece in line)


def cut(text: str, cells: int) -> str:
    """The text in at most ``cells`` cells, cut in its middle: both ends of Istio's long names tell things apart."""
    return _cut(shown(text), cells)


def cut_end(text: str, cells: int) -> str:
    """The text in at most ``cells`` cells, its end cut off."""
    return _cut_end(shown(text), cells)


_CELLS: Final = Cells(cell_len)
_cut: Final = lru_cache(maxsize=4096)(_CELLS.cut)
_cut_end: Final = lru_cache(maxsize=4096)(_CELLS.cut_end)


def pad(text: str, cells: int) -> str:
    """The text in exactly ``cells`` cells, left-aligned."""
    return set_cell_size(cut_end(text, cells), cells)


def pad_left(text: str, cells: int) -> str:
    """The text in exactly ``cells`` cells, right-aligned: for columns of numbers."""
    text = cut_end(text, cells)
    return " " * (cells - cell_len(text)) + text


def column(text: str, cells: int) -> str:
    """The text right-aligned in exactly ``cells`` cells, the first one blank: two columns never touch."""
    return " " + pad_left(text, cells - 1)


def wrap(text: str, cells: int) -> list[str]:
    """The text broken between words, or inside a word that is wider than a line; at least one line."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = _without_towers(printable(paragraph))
        lines += [line] if cell_len(line) <= cells else [piece.plain for piece in Content(line).wrap(max(cells, 1))]
    return lines


def wrap_hanging(text: str, cells: int) -> list[str]:
    """One line of indented text broken so that what follows stays under it; breaks at a space only late in a line."""
    line = _without_towers(printable(text))
    return [piece.of(line) for piece in _CELLS.broken(line, cells, thirds=2)]


def cut_name(name: str, cells: int) -> str:
    """An Istio name in at most ``cells`` cells: the cluster's domain, the same everywhere, goes first."""
    return _CELLS.cut_name(shown(name), cells)


def spread(left: Line, right: Line, cells: int) -> Line:
    """``left`` and ``right`` at the two ends of a line; the left one gives way."""
    room = cells - width_of(right)
    return (*fit(left, room), *right)


def fit(line: Line, cells: int) -> Line:
    """The line in exactly ``cells`` cells: its end cut off, or blanks added."""
    pieces: list[Span] = []
    left = max(cells, 0)
    for piece in line:
        taken = cell_len(piece.text)
        if taken > left:
            pieces.append(piece._replace(text=cut_end(piece.text, left)))
            left -= cell_len(pieces[-1].text)
            break
        pieces.append(piece)
        left -= taken
    if left > 0:
        pieces.append(Span(" " * left))
    return tuple(pieces)


def fit_end(line: Line, cells: int) -> Line:
    """The line in at most ``cells`` cells, its end cut off."""
    return fit(line, cells) if width_of(line) > cells else line


def strip_of(line: Line, cells: int, palette: Palette, base: Style, over: Style | None = None) -> Strip:
    """The line drawn: exactly ``cells`` wide, on ``base``; ``over`` goes over everything, as a cursor does."""
    segments = []
    for text, role, ground in fit(tuple(piece._replace(text=shown(piece.text)) for piece in line), cells):
        style = base + palette[role]
        if ground is not None:
            style += Style(bgcolor=palette[ground].color)
        segments.append(Segment(text, style + over if over else style))
    return Strip(segments, cells)


def _without_towers(text: str) -> str:
    if text.isascii() or not any(map(unicodedata.combining, text)):
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= STACKED:
            kept.append(character)
    return "".join(kept)
