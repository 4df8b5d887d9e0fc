"""Indented JSON with a little colour, one line at a time, so that ten thousand lines cost nothing until seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, overload

from meshtui.tui.ink import Line, Role, Span
from meshtui.tui.safe import span, wrap_hanging

_PARTS: Final = re.compile(r'^(\s*)(?:("(?:[^"\\]|\\.)*")(\s*:\s*))?(.*)$', re.DOTALL)
_LITERAL: Final = re.compile(r"^(-?\d[\d.eE+-]*|true|false|null)(,?)$")


def json_line(text: str) -> Line:
    """One line of indented JSON: key and value told apart."""
    match = _PARTS.match(text)
    if match is None:
        return (span(text),)
    indent, key, colon, value = match.groups()
    head = (Span(f" {indent}"), span(key, Role.KEY), Span(colon, Role.FAINT)) if key else (Span(f" {indent}"),)
    literal = _LITERAL.match(value)
    if literal:
        return (*head, span(literal[1], Role.NUMBER), Span(literal[2], Role.FAINT))
    return (*head, span(value, Role.STRING if value.startswith('"') else Role.DIM))


class JsonLines(Sequence[Line]):
    """The lines of a JSON text broken to a width, coloured when asked for."""

    def __init__(self, text: str, width: int) -> None:
        self._lines = [piece for line in text.split("\n") for piece in wrap_hanging(line, max(width - 2, 8))]

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [json_line(line) for line in self._lines[index]]
        return json_line(self._lines[index])

    def __len__(self) -> int:
        return len(self._lines)
