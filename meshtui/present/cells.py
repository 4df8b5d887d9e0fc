"""Text cut and broken to so many cells of a terminal.

Who counts the cells says how wide a text is: the screen as Textual draws it, the headless commands with the standard
library alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from meshtui.model.phrases import ELLIPSIS

HANGING: Final = 2
"""Cells by which the continuation of a broken line is set in further."""

_DOMAIN: Final = re.compile(r"\.svc\.[a-z0-9.-]+")
"""The domain of a Kubernetes cluster in a name, the same in every name of a mesh."""


class Piece(NamedTuple):
    """One line of a broken text: the blanks before it, and from where to where in the text it goes."""

    lead: int
    start: int
    end: int

    def of(self, text: str) -> str:
        """The line itself."""
        return " " * self.lead + text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Cells:
    """Cuts and breaks. ``width`` counts the cells of a text fit to be shown, ``mark`` stands for what was cut."""

    width: Callable[[str], int]
    mark: str = ELLIPSIS

    def cut(self, text: str, cells: int) -> str:
        """The text in at most ``cells`` cells, cut in its middle: both ends of Istio's long names tell things apart."""
        if self.width(text) <= cells:
            return text
        room = cells - self.width(self.mark)
        if room <= 0:
            return self.head(self.mark, cells)
        tail = room // 2
        return self.head(text, room - tail) + self.mark + self.head(text[::-1], tail)[::-1]

    def cut_end(self, text: str, cells: int) -> str:
        """The text in at most ``cells`` cells, its end cut off."""
        if self.width(text) <= cells:
            return text
        room = cells - self.width(self.mark)
        return self.head(text, room) + self.mark if room >= 0 else self.head(self.mark, cells)

    def cut_name(self, name: str, cells: int) -> str:
        """An Istio name in at most ``cells`` cells: the cluster's domain goes first."""
        if self.width(name) <= cells:
            return name
        short = _DOMAIN.sub(self.mark, name, count=1)
        if self.width(short) <= cells:
            return short
        if "|" in short:  # port, subset and host in this order: the beginning says what it is
            return self.cut_end(short.removesuffix(self.mark), cells)
        return self.cut(_DOMAIN.sub("", name, count=1), cells)

    def broken(self, line: str, cells: int, thirds: int) -> Iterator[Piece]:
        """Indented text broken so that what follows stays under its beginning. A line ends between two words if it is
        at least so many thirds full by then, else inside a word."""
        if self.width(line) <= cells:
            yield Piece(0, 0, len(line))
            return
        at = len(line) - len(line.lstrip(" "))
        deepest = max(cells // 2 - 1, 0)
        lead = min(at, deepest)
        indent = min(lead + HANGING, deepest)
        while (end := self.end(line, at, cells - lead)) < len(line):
            end = max(end, at + 1)
            space = line.rfind(" ", at + (end - at) * thirds // 3, end)
            end = space + 1 if space > at else end
            yield Piece(lead, at, at + len(line[at:end].rstrip(" ")))
            at = end
            lead = indent
        yield Piece(lead, at, len(line))

    def head(self, text: str, cells: int) -> str:
        """As much of the text's beginning as fits."""
        return text[: self.end(text, 0, cells)]

    def end(self, text: str, start: int, cells: int) -> int:
        """Where the piece of the text from ``start`` that fits the cells ends. Looks at no more than that piece."""
        if text[start : start + cells + 1].isascii():
            return min(start + max(cells, 0), len(text))
        taken = 0
        for index in range(start, len(text)):
            taken += self.width(text[index])
            if taken > cells:
                return index
        return len(text)
