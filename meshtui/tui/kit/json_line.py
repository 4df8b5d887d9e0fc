"""A line of indented JSON with a little colour."""

from __future__ import annotations

import re
from typing import Final

from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import span

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
