"""What is about to be sent or changed, as it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from meshtui.model.echo.consent import Excess, Load
from meshtui.model.echo.spec import intent_sentence
from meshtui.tui.kit.paragraphs import paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import pad, span, wrap

AFTER: Final = "Asked again whenever a run goes beyond what was agreed; x stops a run within a second."

BEYOND: Final = "Beyond what you agreed to:"

NAME: Final = 15
"""Cells of a bound's name."""


def load_lines(load: Load, excesses: Sequence[Excess], width: int) -> Iterator[Line]:
    """What a run sends, and what of it was not agreed to."""
    yield EMPTY
    yield from paragraph(intent_sentence(load.spec, load.sender), width, Role.STRONG, indent=2)
    yield EMPTY
    if excesses:
        yield (Span(f"  {BEYOND}", Role.NOTE),)
        for excess in excesses:
            yield from _excess(excess, width)
        yield EMPTY
    yield (Span("  "), Span(" sends load ", Role.ON, Role.NOTE))
    yield EMPTY
    yield from paragraph(AFTER, width, Role.DIM, indent=2)


def _excess(excess: Excess, width: int) -> Iterator[Line]:
    room = max(width - NAME - 4, 16)
    asked, agreed = excess.asked, f"(agreed: {excess.agreed})"
    fits = cell_len(f"{asked}  {agreed}") <= room
    pieces = (f"{asked}  {agreed}",) if fits else (*wrap(asked, room), *wrap(agreed, room))
    for number, piece in enumerate(pieces):
        head = excess.bound.value if not number else ""
        yield (Span("    "), span(pad(head, NAME), Role.DIM), span(piece, Role.STRONG))


def step_lines(scenario: str, step: str, width: int) -> Iterator[Line]:
    """What the demo's next step does."""
    yield EMPTY
    yield from paragraph(f"Scenario {scenario}, next step: {step}", width, Role.STRONG, indent=2)
    yield EMPTY
    yield (Span("  "), Span(" changes the demo mesh ", Role.ON, Role.NOTE))
    yield EMPTY
    yield from paragraph(
        "Its manifests are applied, as by kubectl apply; every call follows them.", width, Role.DIM, indent=2
    )
