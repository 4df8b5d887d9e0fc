"""The access ladder as lines: a row for each step, and what to know and to paste for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.model.kubernetes.access import LACKING, Access, AccessLadder, Step
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut_end, pad, span, width_of

SIGNS: Final = {
    Access.HAD: Span(" ✓ ", Role.OK),
    Access.PARTLY: Span(" ◌ ", Role.WAITING),
    Access.MISSING: Span(" ✗ ", Role.MISSING),
    Access.UNKNOWN: Span(" ? ", Role.WAITING),
}
"""The mark of each access; the word beside it says the same."""

NAME: Final = 12
"""Cells of a step's name."""

ANSWER: Final = 9
"""Cells of the word beside the mark."""

LABEL: Final = 12
"""Cells of what stands before a text about a step."""


def step_line(step: Step, width: int) -> Line:
    """``✗ exec      no      the bootstrap and the certificate files``."""
    lead = (
        SIGNS[step.access],
        span(pad(step.name, NAME), Role.STRONG),
        Span(pad(step.access.value, ANSWER), SIGNS[step.access].role),
    )
    role = Role.TEXT if step.access is Access.HAD else Role.NOTE
    return (*lead, span(cut_end(step.unlocks, _room(width)), role))


def _room(width: int) -> int:
    """Cells for what a step gives, in its row."""
    return max(width - width_of((SIGNS[Access.HAD],)) - NAME - ANSWER - 1, 8)


def detail_lines(step: Step, width: int) -> Iterator[Line]:
    """What a step gives where its row has no room for it, why it is not there, what is used instead, and the lines that
    give it."""
    for label, text in (
        ("gives", step.unlocks if step.access is Access.HAD or len(step.unlocks) > _room(width) else ""),
        ("why not" if step.access in LACKING else "not known", _you(step)),
        ("without it", step.instead),
        ("try", step.hint),
    ):
        if text:
            yield from hanging((Span(f" {pad(label, LABEL)}", Role.TITLE),), text, max(width - LABEL - 3, 12))
    if step.paste:
        yield EMPTY
        title = " This gives it" if step.access in LACKING else " This tells"
        yield (Span(title, Role.TITLE), Span("   y copies it", Role.DIM))
        for line in step.paste.splitlines():
            yield from _pasted(line, width)


def _you(step: Step) -> str:
    """Why it is not there; of rights, whose they are."""
    return f"You {step.why}." if step.rights else step.why


def _pasted(line: str, width: int) -> Iterator[Line]:
    """A line to paste; too long for the screen it is broken there, and copied whole."""
    text = line.lstrip(" ")
    lead = " " * (3 + len(line) - len(text))
    yield from hanging((Span(lead),), text, max(width - len(lead) - 2, 12), Role.STRONG)


def summary(ladder: AccessLadder) -> str:
    """``10 of 12``: how many steps are there."""
    had = sum(step.access is Access.HAD for step in ladder.steps)
    return f"{had} of {len(ladder.steps)}"
