"""The split as it stands: a bar a version, and what is in no version's share in lines of its own.

All shares are of all requests that came back, so that they and the failed, lost and unknown ones make 100 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from meshtui.model.phrases import percent_digits, share_words
from meshtui.model.split.assessment import Assessment, VersionShare
from meshtui.model.split.counts import SplitCounts
from meshtui.session.echo.state import EchoState
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, pad, pad_left, shown, span
from meshtui.tui.views.echo.lines.bars import ShareBar, bar_line
from meshtui.tui.views.echo.lines.digits import HEIGHT, big
from meshtui.tui.views.echo.lines.series import name_of, role_at, versions_of

WIDEST_NAME: Final = 20
"""Cells for a version's name: what is longer is cut in its middle."""

LESS_NAME: Final = 10
"""The same on a narrow screen."""

NARROW: Final = 100
"""Cells below which the bars give way to the numbers."""

MOST_THICK: Final = 3
"""Versions that are drawn three lines high; more would push the rest off the screen."""

NUMBERS: Final = 30
"""Cells of the numbers beside a bar of one line."""

BESIDE_DIGITS: Final = 14
"""Cells of the small print beside a number three lines high."""


@dataclass(frozen=True, slots=True)
class Bars:
    """How the histogram is laid out: cells of the names and of a full bar, and whether bars are three lines high.

    ``waits`` says that nothing has come back yet, so that 0 % would say too much.
    """

    name: int
    cells: int
    thick: bool
    waits: bool


def split_lines(state: EchoState, width: int, thick: bool) -> Iterator[Line]:
    """A bar for every version of the run, then what failed or has no version."""
    versions, histogram = versions_of(state), state.histogram
    if not versions and not histogram.counts.total:
        return
    thick = thick and len(versions) <= MOST_THICK
    longest = max((cell_len(shown(name_of(version))) for version in versions), default=2)
    name = min(max(longest, 2), WIDEST_NAME if width >= NARROW else LESS_NAME)
    beside = 3 * 4 + 3 + BESIDE_DIGITS if thick else NUMBERS
    bars = Bars(name, max(width - name - beside - 6, 10), thick, not histogram.counts.total)
    by_version = {share.version: share for share in histogram.shares}
    for place, version in enumerate(versions):
        share = by_version.get(version) or _silent(version, state.assessment)
        alarm = version in state.assessment.unexpected
        yield from _version(share, Role.ALARM if alarm else role_at(place), bars)
        if thick:
            yield EMPTY
    yield from _apart(histogram.counts, bars)


def _silent(version: str, assessment: Assessment) -> VersionShare:
    """A version of an earlier epoch, or of a later answer, that is not in the present counts."""
    tested = assessment.expectation is not None and bool(assessment.expectation.shares)
    return VersionShare(version, answered=0, observed=0.0, expected=0.0 if tested else None)


def _version(share: VersionShare, role: Role, bars: Bars) -> Iterator[Line]:
    bar = ShareBar(share.of_all, role, share.expected, share.low, share.high)
    name = cut(name_of(share.version), bars.name)
    if not bars.thick:
        head = (Span("  "), span(pad(name, bars.name), Role.STRONG), Span("  "))
        yield (*head, *bar_line(bar, bars.cells), *_numbers(share, bars.waits))
        return
    digits = big(pad_left("–" if bars.waits else f"{share.of_all * 100:.0f}", 3))
    beside = (_exact(share), _want(share), (Span(f"n {share.answered}", Role.DIM),))
    for line in range(HEIGHT):
        label = Span(pad(name if line == 1 else "", bars.name), Role.STRONG)
        number = (Span(f"   {digits[line]}", Role.STRONG), Span(" % " if not line else "   ", Role.DIM))
        yield (
            *(Span("  "), label, Span("  ")),
            *bar_line(bar, bars.cells, whiskers=line == 1),
            *(*number, *beside[line]),
        )


def _exact(share: VersionShare) -> Line:
    return (Span(share_words(share.of_all) if share.answered else "", Role.TEXT),)


def _want(share: VersionShare) -> Line:
    if share.expected is None:
        return ()
    return (Span("want ", Role.DIM), Span(share_words(round(share.expected, 4)), Role.TEXT))


def _numbers(share: VersionShare, waits: bool) -> Line:
    want = "" if share.expected is None else percent_digits(round(share.expected, 4))
    return (
        Span(pad_left("–" if waits else share_words(share.of_all), 9), Role.STRONG),
        Span("  want " if want else "       ", Role.DIM),
        Span(pad_left(want, 4)),
        Span(f"  n {share.answered:>5}", Role.DIM),
    )


def _apart(counts: SplitCounts, bars: Bars) -> Iterator[Line]:
    """Requests that are in no version's share, as parts of all requests."""
    kinds = (
        ("✗ failed", counts.failed, Role.ALARM),
        ("✗ lost", counts.lost, Role.ALARM),
        ("? unknown", counts.unknown, Role.NOTE),
    )
    for label, number, role in kinds:
        if not number:
            continue
        share = number / counts.total
        name = max(bars.name, 9)
        bar = bar_line(ShareBar(share, role), max(bars.cells - (name - bars.name), 4))
        said = (
            (Span(f"   {share_words(share)} of all", Role.TEXT), Span(f"  n {number}", Role.DIM))
            if bars.thick
            else (
                Span(pad_left(share_words(share), 9), Role.STRONG),
                Span("  of all    ", Role.DIM),
                Span(f" n {number:>5}", Role.DIM),
            )
        )
        yield (Span("  "), Span(pad(label, name), role), Span("  "), *bar, *said)
