"""Where each value of a JSON text stands, and which names are given twice: what ``json`` itself does not tell.

Paths are written as in ``xds_servers[0].server_uri``; a member name that is not a plain word is quoted, as in
``certificate_providers["my provider"].config``. The path of the whole text is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from meshtui.model.phrases import shorten

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

LONGEST_PATH = 256
"""Characters after which a path grows no more: what is deeper is found by its ancestor's. Each value has a path, so
that a long name around many values would cost its length for each."""


def member(path: str, name: str) -> str:
    """The path of member ``name`` of the object at ``path``."""
    if len(path) > LONGEST_PATH:
        return path
    if len(name) > LONGEST_PATH:
        name = shorten(name, LONGEST_PATH)
    if not _PLAIN.fullmatch(name):
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def element(path: str, index: int) -> str:
    """The path of element ``index`` of the array at ``path``."""
    return path if len(path) > LONGEST_PATH else f"{path}[{index}]"


def is_below(path: str, holder: str) -> bool:
    """Whether the value at ``path`` is the one at ``holder`` or inside it; everything is inside the whole text."""
    return path == holder or not holder or path.startswith((f"{holder}.", f"{holder}["))


@dataclass(frozen=True, slots=True)
class Places:
    """The line (from 1) of every path, and the paths of members that are given more than once."""

    lines: dict[str, int] = field(default_factory=dict)
    duplicates: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Open:
    """A container that is still open while scanning."""

    path: str
    is_object: bool
    index: int = 0
    name: str | None = None
    seen: set[str] = field(default_factory=set)

    def next_path(self) -> str:
        """The path of the value that comes next in this container."""
        if self.is_object:
            return member(self.path, self.name or "")
        return element(self.path, self.index)


def places(text: str) -> Places:
    """Scan ``text``, which ``json.loads`` accepts; linear in its length and without recursion."""
    lines: dict[str, int] = {}
    duplicates: dict[str, None] = {}
    stack: list[_Open] = []
    for token, line in _tokens(text):
        top = stack[-1] if stack else None
        if token in "}]":
            stack.pop()
        elif token == ",":
            if top is not None:
                top.index, top.name = top.index + 1, None
        elif token == ":":
            continue
        elif top is not None and top.is_object and top.name is None:
            top.name = _unquote(token)
            path = top.next_path()
            if top.name in top.seen:
                duplicates[path] = None
            top.seen.add(top.name)
            lines[path] = line
        else:
            path = top.next_path() if top is not None else ""
            lines.setdefault(path, line)
            if token in "{[":
                stack.append(_Open(path=path, is_object=token == "{"))
    return Places(lines, tuple(duplicates))


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Each token with its line."""
    line, at = 1, 0
    for found in _TOKEN.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        yield found.group(), line


def _unquote(token: str) -> str:
    """The member name a string token stands for."""
    return without_surrogates(str(json.loads(token, strict=False)))


def without_surrogates(text: str) -> str:
    """The text with lone surrogates, which no terminal or file can take, replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
