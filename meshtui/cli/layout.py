"""Text for people laid out: columns, broken lines, signs in colour. It fits a terminal; elsewhere it is whole."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeGuard, TypeVar

import click

from meshtui.cli.streams import written
from meshtui.model.phrases import ELLIPSIS
from meshtui.model.printable import printable
from meshtui.present.cells import Cells, Piece
from meshtui.present.text_lines import TextLine, Tone

Callback = TypeVar("Callback", bound=Callable[..., Any])

WIDE: Final = "meshtui.wide"
"""Where click's context keeps what ``--wide`` said."""

NARROWEST: Final = 8
"""Cells that a column keeps however small the terminal is."""

GAP: Final = "  "
"""Between two columns, always: two numbers that touch are one number to the eye."""

COLOURS: Final = {Tone.GOOD: 32, Tone.CAUTION: 33, Tone.BAD: 31}
"""The colour of each tone in SGR numbers."""


def wide_option(command: Callback) -> Callback:
    """Add ``-w``; :func:`terminal_width` knows what it said."""

    def keep(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        ctx.meta[WIDE] = value

    return click.option(
        "-w", "--wide", is_flag=True, expose_value=False, callback=keep, help="Cut nothing to the terminal's width."
    )(command)


def terminal_width() -> int | None:
    """Cells to fit into, or ``None`` when nothing is cut: without a terminal, and with ``--wide``."""
    ctx = click.get_current_context(silent=True)
    if not sys.stdout.isatty() or (ctx is not None and ctx.meta.get(WIDE)):
        return None
    import shutil  # what it loads is for copying files

    return max(shutil.get_terminal_size().columns, 2 * NARROWEST)


def columns(
    rows: Sequence[Sequence[TextLine]],
    width: int | None,
    *,
    secondary: Collection[int] = (),
    whole: Collection[int] = (),
) -> list[str]:
    """Rows as aligned lines that fit: ``secondary`` columns are left out, the last first, then the widest give way and
    at last those of ``whole``; names lose the cluster's domain first."""
    given = list(zip(*rows, strict=True))
    laid = [_shown(column) for column in given]
    widths = [max(map(cell_width, set(column))) for column in laid]
    if width is not None:
        firm = [index in whole for index in range(len(given))]
        for index in sorted(secondary, reverse=True):
            if _total(widths) > width:
                del given[index], laid[index], widths[index], firm[index]
        widths = _narrowed(_narrowed(widths, width, firm), width)
        cells = _cells()
        laid = [[cells.cut_name(cell, room) for cell in column] for column, room in zip(laid, widths, strict=True)]
    padded = [_padded(column, room) for column, room in zip(laid, widths, strict=True)]
    if wants_colour():
        padded = [_coloured(column, shown) for column, shown in zip(given, padded, strict=True)]
    return [GAP.join(row).rstrip() for row in zip(*padded, strict=True)]


def _is_plain(column: Sequence[TextLine]) -> TypeGuard[Sequence[str]]:
    return set(map(type, column)) == {str}


def _shown(column: Sequence[TextLine]) -> Sequence[str]:
    """The cells of a column as they will be seen. Most columns are plain text: one check for all their cells."""
    if _is_plain(column):
        whole = "".join(column)
        if whole.isascii() and whole.isprintable():
            return column
    shown = {cell: _Laid.of(cell).text for cell in set(column)}
    return [shown[cell] for cell in column]


def _padded(column: Sequence[str], room: int) -> list[str]:
    """The cells of a column, each with blanks to the column's width."""
    if "".join(column).isascii():
        return [cell.ljust(room) for cell in column]
    padded = {cell: cell + " " * (room - cell_width(cell)) for cell in set(column)}
    return [padded[cell] for cell in column]


def _coloured(column: Sequence[TextLine], shown: list[str]) -> list[str]:
    """The cells of a column, fitted already, with their signs in colour."""
    if _is_plain(column):
        return shown
    coloured = {cell: _Laid.of(cell).coloured(text) for cell, text in set(zip(column, shown, strict=True))}
    return [coloured[cell] for cell in column]


def words(lines: Iterable[TextLine], width: int | None) -> list[str]:
    """Lines broken between words to fit, the rest of each set in under its beginning."""
    colour, cells = wants_colour(), _cells()
    fitted: list[str] = []
    for line in map(_Laid.of, lines):
        pieces = [Piece(0, 0, len(line.text))] if width is None else cells.broken(line.text, width, thirds=1)
        fitted += [line.piece(piece) if colour else piece.of(line.text) for piece in pieces]
    return fitted


def cut_lines(lines: Iterable[TextLine], width: int | None) -> list[str]:
    """Lines whose end is cut off to fit: what a tree shows stays one line an entry."""
    colour, cells = wants_colour(), _cells()
    fitted: list[str] = []
    for line in map(_Laid.of, lines):
        text = line.text if width is None else cells.cut_end(line.text, width)
        fitted.append(line.coloured(text) if colour else text)
    return fitted


class _Laid(NamedTuple):
    """A line as it will be written, and its signs: from where to where in it, and in which tone."""

    text: str
    signs: tuple[tuple[int, int, Tone], ...]

    @classmethod
    def of(cls, line: TextLine) -> _Laid:
        """The line with everything from outside made harmless."""
        if isinstance(line, str):
            return cls(_harmless(line), ())
        text = ""
        signs: list[tuple[int, int, Tone]] = []
        for part in line:
            start = len(text)
            text += _harmless(part if isinstance(part, str) else part.glyph)
            if not isinstance(part, str) and part.tone is not None:
                signs.append((start, len(text), part.tone))
        return cls(text, tuple(signs))

    def coloured(self, fitted: str) -> str:
        """What is left of the text with its signs in colour; those that were cut are not there any more."""
        kept = [sign for sign in self.signs if fitted[: sign[1]] == self.text[: sign[1]]]
        return _in_colour(fitted, kept, 0)

    def piece(self, piece: Piece) -> str:
        """A piece of the text with its signs in colour."""
        kept = [sign for sign in self.signs if piece.start <= sign[0] and sign[1] <= piece.end]
        return _in_colour(piece.of(self.text), kept, piece.lead - piece.start)


def _in_colour(text: str, signs: Sequence[tuple[int, int, Tone]], shift: int) -> str:
    for start, end, tone in reversed(signs):
        glyph = text[start + shift : end + shift]
        text = f"{text[: start + shift]}\x1b[{COLOURS[tone]}m{glyph}\x1b[0m{text[end + shift :]}"
    return text


def _harmless(text: str) -> str:
    return written(printable(text))


def wants_colour() -> bool:
    """As no-color.org and bixense.com/clicolors have it: what the user forbids, forces, or else a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") != "0" for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and os.environ.get("CLICOLOR", "1") != "0"


def cell_width(text: str) -> int:
    """Cells the text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _cells() -> Cells:
    """How text is cut for standard output."""
    return Cells(cell_width, written(ELLIPSIS))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _narrowed(widths: Sequence[int], width: int, firm: Sequence[bool] = ()) -> list[int]:
    """The widths with the widest that is not firm reduced, a cell at a time, until all fit or none can give more."""
    fitted = list(widths)
    giving = [index for index in range(len(fitted)) if not (firm and firm[index])]
    excess = _total(fitted) - width
    while excess > 0 and giving and fitted[widest := max(giving, key=fitted.__getitem__)] > NARROWEST:
        fitted[widest] -= 1
        excess -= 1
    return fitted
