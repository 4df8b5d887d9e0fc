"""The difference between a resource's config and the one before, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from meshtui.model.wording import plural
from meshtui.tui.ink import EMPTY, Line, Role, Span
from meshtui.tui.safe import span, wrap_hanging

CONTEXT: Final = 3
"""Unchanged lines around a change, as in every unified diff."""

ALIGNED_AT_MOST: Final = 3_000
"""Lines on both sides that are aligned; aligning is quadratic, and this many still take under 0.2 s."""


def change_lines(before: str, after: str, width: int) -> Iterator[Line]:
    """A unified diff of two indented JSON texts."""
    old, new = before.split("\n"), after.split("\n")
    start = _same(old, new)
    end = min(_same(old[start:][::-1], new[start:][::-1]), len(old) - start, len(new) - start)
    removed, added = old[start : len(old) - end], new[start : len(new) - end]
    if not removed and not added:
        yield (Span(" The two configs read the same.", Role.DIM),)
        return
    if len(removed) + len(added) > ALIGNED_AT_MOST:
        yield (span(f" {plural(len(removed), 'line')} became {len(added)}: too many to set side by side."),)
        return
    lead = old[max(start - CONTEXT, 0) : start]
    trail = old[len(old) - end : len(old) - end + CONTEXT]
    matcher = SequenceMatcher(None, lead + removed + trail, lead + added + trail, autojunk=False)
    yield from _groups(matcher, lead + removed + trail, lead + added + trail, width)


def _groups(matcher: SequenceMatcher[str], old: Sequence[str], new: Sequence[str], width: int) -> Iterator[Line]:
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT)):
        if number:
            yield EMPTY
            yield (Span("   ⋮", Role.FAINT),)
            yield EMPTY
        margin = _margin([*old[group[0][1] : group[-1][2]], *new[group[0][3] : group[-1][4]]])
        for tag, old_from, old_to, new_from, new_to in group:
            gone = [line[margin:] for line in old[old_from:old_to]]
            come = [line[margin:] for line in new[new_from:new_to]]
            if tag == "equal":
                yield from _signed("  ", gone, Role.DIM, width)
                continue
            yield from _signed("- ", gone, Role.REMOVED, width)
            yield from _signed("+ ", come, Role.ADDED, width)


def _margin(lines: Sequence[str]) -> int:
    """Blanks that all lines of a group begin with: they say nothing here and cost width."""
    return min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)


def _signed(sign: str, lines: Sequence[str], role: Role, width: int) -> Iterator[Line]:
    for line in lines:
        for number, piece in enumerate(wrap_hanging(line, max(width - 4, 8))):
            yield (Span(" "), Span(sign if not number else "  ", role), Span(piece, role))


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are equal from the start."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
