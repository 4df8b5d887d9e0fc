"""The comparison of certificates in one line: issued, on disk, in use, expected; below it, what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.identity.comparison import CLOCK_TOLERANCE, Corner, CornerPlace, CornerState, identity_comparison
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import span_words
from meshtui.present.ladder_identity import UNLOCK_AGENT, UNLOCK_CERTIFICATES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import pad, span, width_of
from meshtui.tui.views.identity.lines.entry import IdentityEntry, text_entries

GLYPHS: Final = {
    CornerState.SAME: Span("✓", Role.OK),
    CornerState.DIFFERS: Span("✗", Role.NOTE),
    CornerState.UNKNOWN: Span("·", Role.FAINT),
}

NAME: Final = 9
"""Cells of the longest place's name."""


def corner_entries(workload: Workload, now: datetime, width: int, *, seen: bool) -> Iterator[IdentityEntry]:
    """One line where there is room or all is well, else a line a corner; the sentence; a clock that is wrong.

    ``seen`` says that the app's config was.
    """
    found = identity_comparison(replace(workload.identity, now=now))
    corners = [_unlocked(corner, workload, seen) for corner in found.corners]
    whole = _in_a_line(corners)
    well = all(corner.state is CornerState.SAME for corner in corners)
    if width_of(whole) > width - 1 and well:
        line: Line = (Span("  "), GLYPHS[CornerState.SAME], Span(f" {found.sentence}"))
        yield IdentityEntry(line, "identity_comparison", copy=found.sentence)
    else:
        if width_of(whole) <= width - 1:
            yield IdentityEntry(whole, "identity_comparison", copy=found.sentence)
        else:
            yield from _one_a_line(corners, found.sentence)
        yield from text_entries(found.sentence, width, Role.DIM if found.agrees else Role.NOTE, indent=2)
    yield from _clock(workload.identity.clock_offset, width)


def _one_a_line(corners: Sequence[Corner], sentence: str) -> Iterator[IdentityEntry]:
    for number, corner in enumerate(corners):
        line = (
            Span(f"  {pad(corner.place, NAME)} ", Role.DIM),
            GLYPHS[corner.state],
            Span(" "),
            _text(corner, corner.text),
        )
        yield IdentityEntry(line, "" if number else "identity_comparison", copy=sentence)


def _in_a_line(corners: Sequence[Corner]) -> Line:
    line: list[Span] = [Span("  ")]
    for corner in corners:
        gap = "   " if len(line) > 1 else ""
        words = _text(corner, corner.brief or corner.text)
        line += (Span(f"{gap}{corner.place} ", Role.DIM), GLYPHS[corner.state], Span(" "), words)
    return tuple(line)


def _text(corner: Corner, words: str) -> Span:
    return span(words, Role.DIM if corner.state is CornerState.UNKNOWN else Role.TEXT)


def _unlocked(corner: Corner, workload: Workload, seen: bool) -> Corner:
    """A corner that is not known says what would tell it."""
    lacking = _lacking(corner.place, workload, seen)
    return replace(corner, text=lacking, brief="") if lacking else corner


def _lacking(place: CornerPlace, workload: Workload, seen: bool) -> str:
    """What would tell the corner, or empty where it is known."""
    identity, offers = workload.identity, workload.offers
    match place:
        case CornerPlace.ISSUED if identity.issued is None:
            return "the agent does not say" if offers.agent else f"not asked: {UNLOCK_AGENT}"
        case CornerPlace.ON_DISK if identity.on_disk is None:
            given = offers.certificates or offers.bootstrap
            return "no leaf in the files" if given else f"not read: {UNLOCK_CERTIFICATES}"
        case CornerPlace.IN_USE if not identity.own_in_use:
            return "gRPC shows it only at the other end: o attaches one it talks to"
        case CornerPlace.EXPECTED if not seen:
            return "the app's config was not seen"
        case _:
            return ""


def _clock(offset: timedelta | None, width: int) -> Iterator[IdentityEntry]:
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return
    side = "ahead of" if offset > timedelta(0) else "behind"
    text = f"! the pod's clock is {span_words(abs(offset))} {side} this machine's: its validity is judged by that clock"
    yield from text_entries(text, width, Role.NOTE, indent=2)
