"""What is said when there is nothing to show: which fact is missing, why, and the line that unlocks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.model.phrases import span_words
from meshtui.present.register import REGISTER
from meshtui.session.state import Link, LinkState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.paragraphs import hanging, labelled, paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import span

SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
"""One cell; a step each tick of the pump."""


def needs_notice(frame: Frame) -> bool:
    """Whether there is nothing to show but the reason."""
    return frame.state.snapshot is None


def notice_lines(frame: Frame, tick: int, width: int) -> Iterator[Line]:
    """The reason, in the place of the view."""
    link = frame.state.link
    yield EMPTY
    if link.state is LinkState.CONNECTING:
        yield (Span(f"  {SPINNER[tick % len(SPINNER)]} ", Role.ACCENT), span(f"Connecting to {frame.state.target} …"))
        waited = (frame.now - link.since).total_seconds()
        if waited >= SLOW:
            yield (Span(f"    {span_words(waited)} so far", Role.DIM),)
        return
    yield from _problem(link, frame, width)
    if link.state is LinkState.MISSING:
        yield from _register(width)
    else:
        yield EMPTY
        spinner = " " if link.only_by_hand else SPINNER[tick % len(SPINNER)]
        yield (Span(f"  {spinner} ", Role.ACCENT), Span(_goes_on(link, frame), Role.DIM))
    yield EMPTY
    if link.retry_at is not None or link.only_by_hand:
        yield (Span("    r ", Role.KEY), Span("try now", Role.DIM))
    yield (Span("    o ", Role.KEY), Span("choose another target", Role.DIM))
    if frame.log is not None:
        yield (Span("    8 ", Role.KEY), Span("read what the mesh's agent in the pod writes", Role.DIM))


def _goes_on(link: Link, frame: Frame) -> str:
    """How it goes on, as a sentence."""
    if link.only_by_hand:
        return "Tried again only when you press r; it takes the terminal then."
    return f"{_next_try(link, frame)}; {_comes_up(link)}."


def _next_try(link: Link, frame: Frame) -> str:
    """When the try comes that may do better."""
    if link.retry_at is None:
        return "Tried again every 2 s"
    left = (link.retry_at - frame.now).total_seconds()
    return f"Tried again in {span_words(left)}" if left >= 1 else "Being tried again"


def _comes_up(link: Link) -> str:
    """What a try can bring."""
    return "only another one of its name can come up" if link.is_final else "it comes up here by itself"


SLOW: Final = 2
"""Seconds after which a person wants to know how long it has been."""


def _problem(link: Link, frame: Frame, width: int) -> Iterator[Line]:
    title = {
        LinkState.DOWN: f"No config from {frame.state.target}",
        LinkState.MISSING: f"{frame.state.target} answers, but serves no CSDS",
    }.get(link.state, f"{frame.state.target} is {link.state.value}")
    mark = "∅" if link.state is LinkState.MISSING else "✗"
    yield from hanging((Span(f"  {mark} ", Role.ALARM),), title, max(width - 6, 8), Role.ALARM)
    yield EMPTY
    yield from paragraph(link.problem, width, Role.TEXT)
    if link.hint:
        yield from labelled("try", link.hint, width)


def _register(width: int) -> Iterator[Line]:
    yield EMPTY
    yield from labelled("Istio's echo app", "set EXPOSE_GRPC_ADMIN=true in its environment", width)
    yield EMPTY
    why = "Any other app has to register the gRPC admin services (CSDS and channelz). One line at start-up does it:"
    yield from paragraph(why, width, Role.TEXT)
    for language, lines in REGISTER:
        yield EMPTY
        for number, text in enumerate(lines):
            lead = f"    {language if not number else '':<8}"
            yield (Span(lead, Role.TITLE), span(text, Role.DIM if not number else Role.STRONG))
