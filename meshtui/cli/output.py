"""The only writer to standard output: JSON, YAML or aligned columns."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from meshtui.model.printable import printable, printable_lines

FORMATS: Final = ("table", "json", "yaml")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, and lines of words around them."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    before: Sequence[str] = ()
    after: Sequence[str] = ()


def emit(format_: str, data: Mapping[str, Any], text: Table | str) -> None:
    """Write one document in the format asked for; ``text`` is what people get."""
    if format_ == "json":
        line(json.dumps(data, indent=2, ensure_ascii=False))
    elif format_ == "yaml":
        import yaml

        _write(yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True))
    else:
        _write(render(text) if isinstance(text, Table) else printable_lines(text.rstrip("\n")) + "\n")


def line(text: str) -> None:
    """Write one line as it is: for JSON, whose own escapes make it harmless."""
    _write(text + "\n")


def render(table: Table) -> str:
    """The table as text; columns are as wide as their widest cell, the last one ragged."""
    cells = [[printable(cell) for cell in row] for row in table.rows]
    lines = [printable(text) for text in table.before]
    if cells:
        grid = [list(table.headings), *cells]
        widths = [max(len(row[column]) for row in grid) for column in range(len(table.headings))]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in grid
        ]
    lines += [printable(text) for text in table.after]
    return "\n".join(lines) + "\n" if lines else ""


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Keep the interpreter from flushing into the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
