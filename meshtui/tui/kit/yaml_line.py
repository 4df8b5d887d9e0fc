"""A config as YAML with a little colour, one line at a time, so that ten thousand lines cost nothing until seen."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final, overload

from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import span, wrap_hanging

_KEY: Final = r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s'"][^:]*?"""
_PARTS: Final = re.compile(rf"^(\s*(?:-\s+)*)(?:({_KEY})(:)(?=\s|$))?(.*)$", re.DOTALL)
_LITERAL: Final = re.compile(r"^\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$")

UNBROKEN: Final = 1_000_000
"""Characters of a line before YAML's writer breaks it: the pane breaks lines itself, to its width."""


def as_yaml(text: str) -> str:
    """The same document as YAML. What is no JSON comes back as it is."""
    import yaml  # costs as much as a paint, and few look at the page

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    try:
        document = json.loads(text)
        said: str = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=UNBROKEN)
    except (ValueError, RecursionError):
        return text
    return said.rstrip("\n")


def yaml_line(text: str) -> Line:
    """One line of block YAML: key and value told apart."""
    match = _PARTS.match(text)
    if match is None:
        return (span(text),)
    indent, key, colon, value = match.groups()
    head = (Span(f" {indent}"), span(key, Role.KEY), Span(colon, Role.FAINT)) if key else (Span(f" {indent}"),)
    return (*head, span(value, Role.NUMBER if _LITERAL.match(value) else Role.STRING))


class YamlLines(Sequence[Line]):
    """The lines of a YAML text broken to a width, coloured when asked for."""

    def __init__(self, text: str, width: int) -> None:
        self._lines = [piece for line in text.split("\n") for piece in wrap_hanging(line, max(width - 2, 8))]

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [yaml_line(line) for line in self._lines[index]]
        return yaml_line(self._lines[index])

    def __len__(self) -> int:
        return len(self._lines)
