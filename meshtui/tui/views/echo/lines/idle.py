"""Before the first run: what will happen, and what it does not measure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.model.echo.spec import intent_sentence
from meshtui.model.errors import UsageError
from meshtui.model.phrases import share_words
from meshtui.model.split.assessment import Expectation
from meshtui.present.echo_form import EchoForm
from meshtui.tui.kit.paragraphs import paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, pad, span
from meshtui.tui.views.echo.lines.bars import ShareBar, bar_line
from meshtui.tui.views.echo.lines.series import name_of, role_at

NOT_MEASURED: Final = (
    "Each batch goes through a new channel of that pod, so it shows what the accepted config does to new channels now. "
    "It says nothing of the connections the app already has; those are in Overview."
)

LEGEND: Final = (
    ("┃", "the share the config asks for"),
    ("├───┤", "where the true share lies, however often one looks"),
)
"""The marks of the picture to come."""

NOWHERE: Final = "No service is chosen to send to. e picks one, or takes an address."
"""Said while the form has no URL: among several services none is guessed."""

WANTED: Final = "The accepted config asks for"

BARS: Final = 60
"""Cells of the bars of what will be looked for, at most."""

NAME: Final = 16
"""Cells of a version's name."""


def idle_lines(form: EchoForm, pod: str, expected: Expectation | None, width: int) -> Iterator[Line]:
    """Nothing has been sent yet."""
    yield EMPTY
    try:
        said = intent_sentence(form.spec(), pod)
    except UsageError as error:
        said = f"Nowhere to send yet: {error}" if form.url else NOWHERE
    yield from paragraph(said, width, Role.STRONG, indent=2)
    yield EMPTY
    yield from paragraph(NOT_MEASURED, width, Role.DIM, indent=2)
    yield EMPTY
    yield (Span("  ! ", Role.KEY), Span("run", Role.TEXT), Span("    u ", Role.KEY), Span("until stopped", Role.TEXT),
           Span("    e ", Role.KEY), Span("edit what is sent", Role.TEXT))  # fmt: skip
    if expected is not None:
        yield EMPTY
        yield from _expected(expected, width)
    yield EMPTY
    for mark, meaning in LEGEND:
        yield (Span(f"  {mark:<7}", Role.STRONG), Span(meaning, Role.DIM))


def _expected(expected: Expectation, width: int) -> Iterator[Line]:
    if not expected.testable:
        yield from paragraph(expected.reason, width, Role.DIM, indent=2)
        return
    yield (Span(f"  {WANTED}", Role.DIM), span(f"   {cut(expected.label, 40)}" if expected.label else "", Role.FAINT))
    cells = max(min(width - NAME - 16, BARS), 10)
    for place, (version, share) in enumerate(sorted(expected.shares.items())):
        bar = bar_line(ShareBar(share, role_at(place)), cells)
        yield (Span("  "), span(pad(cut(name_of(version), NAME), NAME), Role.STRONG), *bar,
               Span(f"  {share_words(round(share, 4))}", Role.TEXT))  # fmt: skip
