"""Failures by cause, in plain words, with what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from meshtui.doctor.explain.catalogue import UNKNOWN, known_error
from meshtui.doctor.explain.echo_run import cause_title, fates_words
from meshtui.model.echo.tally import FailureCause
from meshtui.model.phrases import plural
from meshtui.tui.kit.paragraphs import labelled, paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut_end, span

SAMPLE: Final = 400
"""Characters of an unknown error's text that are worth their lines here; the raw page has all of it."""


def error_lines(causes: Sequence[FailureCause], width: int, most: int) -> Iterator[Line]:
    """The ``most`` frequent causes explained, the rest in a line."""
    for cause in causes[:most]:
        yield from one_cause(cause, width)
    if len(causes) > most:
        rest = sum(cause.failed + cause.lost for cause in causes[most:])
        said = f"    and {plural(len(causes) - most, 'more cause')} of {plural(rest, 'request')}"
        yield (Span(said, Role.DIM), Span("   a shows all", Role.DIM))


def one_cause(cause: FailureCause, width: int) -> Iterator[Line]:
    """How many, what it means, what to look at."""
    known = known_error(cause.sample)
    head = (Span(f"  ✗ {_many(cause)}  ", Role.ALARM), span(cause_title(cause), Role.STRONG))
    yield (*head, Span(f"   last {cause.last:%H:%M:%S}", Role.DIM))
    if known is UNKNOWN:
        yield from paragraph(cause.sample[:SAMPLE], width, Role.TEXT)
    else:
        yield from paragraph(known.explanation, width, Role.TEXT)
    yield from labelled("look", known.fix, width)


def short_cause(cause: FailureCause, width: int) -> Line:
    """A cause in one line, for a narrow screen."""
    head = f"  ✗ {_many(cause)}  "
    return (Span(head, Role.ALARM), span(cut_end(cause_title(cause), max(width - len(head) - 12, 10)), Role.STRONG),
            Span("   a why", Role.DIM))  # fmt: skip


def _many(cause: FailureCause) -> str:
    return fates_words(cause.failed, cause.lost)


def all_causes(causes: Sequence[FailureCause], width: int) -> Iterator[Line]:
    """Every cause with its text as it came."""
    for cause in causes:
        yield from one_cause(cause, width)
        if known_error(cause.sample) is not UNKNOWN:
            yield from labelled("text", cause.sample, width)
        yield EMPTY
