"""The access ladder as lines: what is there, what is not, and the lines to paste that would give it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.model.kubernetes.access import Access, AccessLadder, Step
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import pad, span, width_of

SIGNS: Final = {
    Access.HAD: Span(" ✓ ", Role.OK),
    Access.MISSING: Span(" ✗ ", Role.MISSING),
    Access.UNKNOWN: Span(" ? ", Role.WAITING),
}
"""The mark of each access; the word beside it says the same."""

WORDS: Final = {Access.HAD: "yes", Access.MISSING: "no", Access.UNKNOWN: "unknown"}
"""What each mark says."""

NAME: Final = 12
"""Cells of a step's name."""


def access_lines(ladder: AccessLadder, width: int) -> Iterator[Line]:
    """Every step, the missing ones with who says so, what is used instead, and what to paste."""
    for step in ladder.steps:
        yield from _step(step, width)
    if ladder.paste:
        yield EMPTY
        yield (Span(" All that is missing, for whoever may grant it", Role.TITLE),)
        yield EMPTY
        yield from ((Span("   "), span(line, Role.STRONG)) for line in ladder.paste.splitlines())


def _step(step: Step, width: int) -> Iterator[Line]:
    lead: Line = (
        SIGNS[step.access],
        span(pad(step.name, NAME), Role.STRONG),
        Span(pad(WORDS[step.access], 8), SIGNS[step.access].role),
    )
    room = max(width - width_of(lead) - 1, 12)
    yield from hanging(lead, step.unlocks, room)
    blanks: Line = (Span(" " * width_of(lead)),)
    if step.access is Access.HAD:
        return
    for text in (step.why, f"without it: {step.instead}" if step.instead else ""):
        if text:
            yield from hanging(blanks, text, room, Role.DIM)
