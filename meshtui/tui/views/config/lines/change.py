"""The difference between a resource's config and the one before, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, TypeAlias

from meshtui.model.phrases import plural
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import span, wrap_hanging

CONTEXT: Final = 3
"""Unchanged lines around a change, as in every unified diff."""

ALIGNED_AT_MOST: Final = 3_000
"""Lines on both sides that are aligned; aligning is quadratic, and this many still take under 0.2 s."""

KEPT: Final = " "
GONE: Final = "-"
CAME: Final = "+"

Row: TypeAlias = tuple[str, str]
"""A sign and a line."""

_ROLES: Final = {KEPT: Role.DIM, GONE: Role.REMOVED, CAME: Role.ADDED}


def change_lines(before: str, after: str, width: int) -> Iterator[Line]:
    """A unified diff of two YAML texts, a key's old value over its new one."""
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
    rows = [(KEPT, line) for line in lead] + list(aligned(removed, added)) + [(KEPT, line) for line in trail]
    for number, group in enumerate(_groups(rows)):
        if number:
            yield from (EMPTY, (Span("   ⋮", Role.FAINT),), EMPTY)
        margin = _margin([line for _, line in group])
        for sign, line in group:
            yield from _signed(sign, line[margin:], width)


def aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """The lines of both, aligned by their keys: ``weight: 80`` became ``weight: 20``, it did not move to where another
    cluster's was."""
    matcher = SequenceMatcher(None, [_anchor(line) for line in old], [_anchor(line) for line in new], autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            yield from ((GONE, line) for line in old[old_from:old_to])
            yield from ((CAME, line) for line in new[new_from:new_to])
            continue
        pairs = zip(old[old_from:old_to], new[new_from:new_to], strict=True)
        for same, run in groupby(pairs, key=lambda pair: pair[0] == pair[1]):
            lines = list(run)
            if same:
                yield from ((KEPT, line) for line, _ in lines)
            else:
                yield from ((GONE, line) for line, _ in lines)
                yield from ((CAME, line) for _, line in lines)


def _anchor(line: str) -> str:
    """What a line is aligned by: its key; of a list's item all, since that names it.

    It is read from the text, since it is lines of text that are compared; a line that only looks like a key costs
    alignment, no meaning.
    """
    if line.lstrip(" ").startswith("- "):
        return line
    key, separator, _ = line.partition(": ")
    return key + separator


def _groups(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The changed rows with what is around them."""
    near = [False] * len(rows)
    for index, (sign, _) in enumerate(rows):
        if sign != KEPT:
            for place in range(max(index - CONTEXT, 0), min(index + CONTEXT + 1, len(rows))):
                near[place] = True
    for shown, run in groupby(range(len(rows)), key=near.__getitem__):
        if shown:
            yield [rows[index] for index in run]


def _margin(lines: Sequence[str]) -> int:
    """Blanks that all lines of a group begin with: they say nothing here and cost width."""
    return min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)


def _signed(sign: str, line: str, width: int) -> Iterator[Line]:
    for number, piece in enumerate(wrap_hanging(line, max(width - 4, 8))):
        yield (Span(" "), Span(f"{KEPT if number else sign} ", _ROLES[sign]), Span(piece, _ROLES[sign]))


def _same(block: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are equal from the start."""
    count = 0
    for left, right in zip(block, other, strict=False):
        if left != right:
            break
        count += 1
    return count
