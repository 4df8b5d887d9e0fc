"""The only writer to standard output: JSON, YAML or aligned columns."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from meshtui.cli import layout
from meshtui.cli.streams import encodable
from meshtui.json_writer import indented
from meshtui.model.printable import is_printable, json_escaped
from meshtui.present.text_lines import Lines

if TYPE_CHECKING:
    from meshtui.present.table import Table

FORMATS: Final = ("table", "json", "yaml")


def emit(format_: str, data: Callable[[], Mapping[str, Any]], text: Callable[[], Table | Lines]) -> None:
    """Write one document in the format asked for; only that form of it is made. ``text`` is for people, and fits the
    terminal if there is one.
    """
    if format_ == "json":
        write_json(data(), indent=True)
    elif format_ == "yaml":
        _write(_yaml(data()))
    else:
        _write(for_people(text()))


def for_people(text: Table | Lines) -> str:
    """The table or the lines, in the terminal's width."""
    width = layout.terminal_width()
    if not isinstance(text, Lines):
        return render(text, width)
    return _joined((layout.cut_lines if text.cut else layout.words)(text.lines, width))


def write_json(data: Mapping[str, Any], *, indent: bool = False) -> None:
    """Write a JSON document, on one line unless it is indented. Nothing in it is obeyed by a terminal or lost to an
    encoding: both kinds of characters are escaped."""
    text = json_escaped(indented(data) if indent else json.dumps(data, ensure_ascii=False))
    line(text if encodable(text) else json.dumps(data, indent=2 if indent else None))


def lossless(text: str) -> None:
    """Write text that programs read and that is harmless already: what cannot be encoded is escaped, not replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    _write(text.encode(encoding, "backslashreplace").decode(encoding))


def line(text: str) -> None:
    """Write one line as it is."""
    _write(text + "\n")


def render(table: Table, width: int | None = None) -> str:
    """The table as text, in so many cells if a width is given; the last column is ragged."""
    lines = layout.words(table.before, width)
    if table.rows:
        places = {heading: index for index, heading in enumerate(table.headings)}
        lines += layout.columns(
            [table.headings, *table.rows],
            width,
            secondary=[places[heading] for heading in table.secondary],
            whole=[places[heading] for heading in table.whole],
        )
    lines += layout.words(table.after, width)
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _yaml(data: Mapping[str, Any]) -> str:
    import yaml

    text: str = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True)
    if encodable(text) and all(map(is_printable, text.split("\n"))):
        return text
    escaped: str = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=False)
    return escaped


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
