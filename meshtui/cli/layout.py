"""Text for people laid out: columns, broken lines, marks in colour. It fits a terminal; elsewhere it is whole."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import click

from meshtui.cli.streams import written
from meshtui.model.phrases import ELLIPSIS
from meshtui.model.printable import printable
from meshtui.present.cells import Cells

Callback = TypeVar("Callback", bound=Callable[..., Any])

WIDE: Final = "meshtui.wide"
"""Where click's context keeps what ``--wide`` said."""

NARROWEST: Final = 8
"""Cells that a column keeps however small the terminal is."""

GAP: Final = "  "
"""Between two columns, always: two numbers that touch are one number to the eye."""

COLOURS: Final = {"✓": 32, "…": 33, "∅": 33, "!": 33, "⚠": 33, "✗": 31}
"""The colour of each mark in SGR numbers; the word beside it says the same."""


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


def columns(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Rows as aligned lines; the widest columns give way until they fit, and names lose the cluster's domain first."""
    laid = [_shown(column) for column in zip(*rows, strict=True)]
    widths = [max(map(cell_width, set(column))) for column in laid]
    if width is not None:
        widths = _narrowed(widths, width)
        cells = _cells()
        laid = [[cells.cut_name(cell, room) for cell in column] for column, room in zip(laid, widths, strict=True)]
    padded = [_padded(column, room) for column, room in zip(laid, widths, strict=True)]
    return [GAP.join(row).rstrip() for row in zip(*padded, strict=True)]


def _shown(column: Sequence[str]) -> Sequence[str]:
    """The cells of a column as they will be seen. Most columns are plain text: one check for all their cells."""
    whole = "".join(column)
    if whole.isascii() and whole.isprintable():
        return column
    shown = {cell: written(printable(cell)) for cell in set(column)}
    return [shown[cell] for cell in column]


def _padded(column: Sequence[str], room: int) -> list[str]:
    """The cells of a column, each with blanks to the column's width."""
    if "".join(column).isascii():
        return [cell.ljust(room) for cell in column]
    padded = {cell: cell + " " * (room - cell_width(cell)) for cell in set(column)}
    return [padded[cell] for cell in column]


def words(lines: Iterable[str], width: int | None) -> list[str]:
    """Lines broken between words to fit, the rest of each set in under its beginning."""
    shown = map(written, lines)
    if width is None:
        return list(shown)
    cells = _cells()
    return [piece.of(text) for text in shown for piece in cells.broken(text, width, thirds=1)]


def cut_lines(lines: Iterable[str], width: int | None) -> list[str]:
    """Lines whose end is cut off to fit: what a tree shows stays one line an entry."""
    shown = [written(printable(line)) for line in lines]
    return shown if width is None else [_cells().cut_end(text, width) for text in shown]


def joined(lines: Sequence[str]) -> str:
    """The lines as one text, with marks in colour where that is wanted."""
    if not lines:
        return ""
    return "\n".join(map(_coloured, lines) if wants_colour() else lines) + "\n"


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


def _narrowed(widths: Sequence[int], width: int) -> list[int]:
    """The widths with the widest reduced, a cell at a time, until all fit or none can give more."""
    fitted = list(widths)
    excess = sum(fitted) + len(GAP) * (len(fitted) - 1) - width
    while excess > 0 and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
        excess -= 1
    return fitted


def _coloured(line: str) -> str:
    for mark, colour in COLOURS.items():
        shown = written(mark)
        pieces = re.split(rf"((?:^ *|[·|] )){re.escape(shown)}(?= )", line)
        line = f"\x1b[{colour}m{shown}\x1b[0m".join(
            before + lead for before, lead in zip(pieces[::2], [*pieces[1::2], ""], strict=True)
        )
    return line
