"""The newest lines of a log, in a bounded space, and what is looked for in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from meshtui.model.kubernetes.log_lines import LogLine, Topic, sought

MOST_LINES: Final = 5_000
"""Lines kept: the agent of a proxyless pod writes some ten an hour, one under debug some hundred a second."""

MOST_CHARACTERS: Final = 2 << 20
"""Characters kept of all lines together."""


@dataclass(frozen=True, slots=True)
class LogBook:
    """The lines that are kept, the oldest first, and how many came before them and were ``dropped``.

    Immutable: :meth:`add` makes another one.
    """

    lines: tuple[LogLine, ...] = ()
    dropped: int = 0
    most: int = MOST_LINES
    most_characters: int = MOST_CHARACTERS

    def add(self, lines: Iterable[LogLine]) -> LogBook:
        """With these lines after the others. It takes as long as there are lines kept: give many at once."""
        new = tuple(lines)
        if not new:
            return self
        everything = (*self.lines, *new)
        kept, room = 0, self.most_characters
        for line in reversed(everything[-self.most :]):
            room -= len(line.text)
            if room < 0 and kept:
                break
            kept += 1
        left_out = len(everything) - kept
        return replace(self, lines=everything[left_out:], dropped=self.dropped + left_out)

    @property
    def end(self) -> int:
        """How many lines there were, which is the number the next one gets; ``lines[0]`` has the number ``dropped``."""
        return self.dropped + len(self.lines)

    def line(self, number: int) -> LogLine:
        """The line of a number, which has to be kept still."""
        return self.lines[number - self.dropped]

    def tail(self, count: int) -> tuple[LogLine, ...]:
        """The newest ``count`` lines, the oldest of them first."""
        return self.lines[-count:] if count > 0 else ()

    def about(self, *topics: Topic) -> tuple[LogLine, ...]:
        """The lines about any of these."""
        return tuple([line for line in self.lines if line.topic in topics])

    def find(self, typed: str) -> tuple[int, ...]:
        """Where a text stands, as indices into ``lines``. Its words may be in any case and each has to be there; no
        text finds nothing."""
        words = sought(typed)
        if not words:
            return ()
        return tuple([at for at, line in enumerate(self.lines) if line.has(words)])
