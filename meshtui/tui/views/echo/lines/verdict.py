"""The verdict: the biggest thing on the screen, in a glyph, a word, a colour and one sentence.

When requests failed that is the verdict; what the answers say of the split comes second, and never in green.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len

from meshtui.model.echo.outcome import Outcome
from meshtui.model.split.assessment import Verdict
from meshtui.model.split.words import split_beside_failures
from meshtui.session.echo.state import EchoState, Phase
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import wrap

GLYPHS: Final = {Verdict.CONSISTENT: "✓", Verdict.MISMATCH: "✗", Verdict.UNDECIDED: "…", Verdict.NONE: "–"}

WORDS: Final = {
    Verdict.CONSISTENT: "CONSISTENT",
    Verdict.MISMATCH: "MISMATCH",
    Verdict.UNDECIDED: "UNDECIDED",
    Verdict.NONE: "NO TEST",
}

ROLES: Final = {
    Verdict.CONSISTENT: (Role.OK, Role.TINT_OK),
    Verdict.MISMATCH: (Role.ALARM, Role.TINT_ALARM),
    Verdict.UNDECIDED: (Role.ACCENT, Role.TINT_CALM),
    Verdict.NONE: (Role.DIM, Role.TINT_CALM),
}
"""The colour of the word's ground and of the sentence's. Undecided is no alarm: every test begins so."""

FAILED: Final = ("✗", "FAILED", (Role.ALARM, Role.TINT_ALARM))

BROKEN_OFF: Final = ("✗", "BROKEN OFF", (Role.ALARM, Role.TINT_ALARM))

STUCK: Final = (Role.NOTE, Role.TINT_NOTE)
"""Undecided, and more answers would not change it: that needs a person."""

CHIP: Final = 14
"""Cells of the word's ground: the longest of the words, its glyph, and a cell on each side."""


def verdict_lines(state: EchoState, width: int, tall: bool) -> Iterator[Line]:
    """The band; ``tall`` gives it an empty line above and below."""
    if state.outcome in (Outcome.FAILED, Outcome.BROKEN_OFF):
        yield from _failed(state, width, tall)
        return
    assessment = state.assessment
    verdict = assessment.verdict
    stuck = verdict is Verdict.UNDECIDED and assessment.needed_more is None and assessment.counts.total > 0
    yield from band(
        GLYPHS[verdict], WORDS[verdict], state.verdict_words.text, STUCK if stuck else ROLES[verdict], width, tall
    )


def _failed(state: EchoState, width: int, tall: bool) -> Iterator[Line]:
    """How many failed of how many and why; under it what the answers say of the split, where they say anything."""
    glyph, word, roles = FAILED if state.outcome is Outcome.FAILED else BROKEN_OFF
    yield from band(glyph, word, state.outcome_sentence, roles, width, tall)
    said = split_beside_failures(state.assessment)
    if said:
        wrong = state.assessment.verdict is Verdict.MISMATCH
        yield from _remark("✗" if wrong else "·", f"split: {said}", Role.ALARM if wrong else Role.DIM, width)
    elsewhere = state.histogram.elsewhere
    if elsewhere > 0 and not state.held_back:
        said = f"{elsewhere} of them came back under other weights or as these came; the bars below leave them out."
        yield from _remark("·", said, Role.DIM, width)


def band(glyph: str, word: str, sentence: str, roles: tuple[Role, Role], width: int, tall: bool) -> Iterator[Line]:
    """A word on its own ground and a sentence beside it, across the whole width."""
    strong, tint = roles
    room = width - CHIP - 6
    pieces = wrap(sentence, max(room, 20))
    rows = ["", *pieces, ""] if tall else pieces
    head = 1 if tall else 0
    for number, text in enumerate(rows):
        chip = f" {glyph} {word}" if number == head else ""
        rest = max(room + 2 - cell_len(text), 0)
        yield (
            Span("  "),
            Span(chip.ljust(CHIP), Role.ON, strong),
            Span("  ", Role.TEXT, tint),
            Span(text, Role.STRONG if number == head or not tall else Role.TEXT, tint),
            Span(" " * rest, Role.TEXT, tint),
        )


def caveat_lines(state: EchoState, width: int) -> Iterator[Line]:
    """What the verdict cannot stand on: lost versions, answers without a later look."""
    verdict = state.assessment.verdict
    judged = verdict in (Verdict.CONSISTENT, Verdict.MISMATCH) or state.assessment.needed_more is not None
    if state.caveat and judged and state.assessment.counts.answered:  # else the sentence above says so itself
        yield from _remark("!", state.caveat, Role.NOTE, width)
    if state.unconfirmed:
        said = "The config was not looked at again after the last answers; they are judged by the look before."
        yield from _remark("!", said, Role.NOTE, width)


def remark_lines(state: EchoState, width: int, mappable: bool) -> Iterator[Line]:
    """What one may want to know about it: the change-over, names taken for versions, answers not judged yet."""
    present = state.epochs[-1] if state.epochs else None
    if present is not None and present.changeover:
        said = f"{present.changeover} requests fell into the change-over; no epoch judges them."
        yield from _remark("·", said, Role.DIM, width)
    expectation = state.assessment.expectation
    for note in expectation.notes if expectation else ():
        yield from _remark("·", f"{note}; m maps it otherwise" if mappable else note, Role.DIM, width)
    if expectation is not None and not expectation.testable and mappable:
        yield from _remark("·", "m says which subset is which version", Role.ACCENT, width)
    if state.held_back and state.phase in (Phase.WAITING, Phase.SETTLING):
        said = f"{state.held_back} answers wait for one more look at the config before they are judged."
        yield from _remark("…", said, Role.DIM, width)


def _remark(glyph: str, text: str, role: Role, width: int) -> Iterator[Line]:
    yield from hanging((Span(f"  {glyph} ", role),), text, max(width - 8, 12), role)
