"""Between the tabs and the view: what has become of the attached pod, and the pod to look at next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from textual import events
from textual.reactive import reactive

from meshtui.tui.frame import Frame
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.marks import ROLES, glyph
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut_end, span, width_of

FOLLOW_KEY: Final = "f"
"""The key that goes to the pod that is offered."""

TITLE_MOST: Final = 2
"""Lines of a title: a short screen is for the view."""

NARROW: Final = 16
"""Cells that a text is given at least."""


class PodBanner(Bar):
    """Paints what one frame says of its pod; it takes no line while that is well, or the target is no pod."""

    DEFAULT_CSS = """
    PodBanner { display: none; }
    """

    frame: reactive[Frame | None] = reactive(None, init=False)

    def watch_frame(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def lines(self, width: int) -> Sequence[Line]:
        frame = self.frame
        if frame is None or frame.state.fate is None:
            return ()
        return tuple(banner_lines(frame, width))

    def on_click(self, event: events.Click) -> None:
        """A click on the offered pod goes there."""
        if self.frame is not None and event.y == len(self.lines(self.size.width)) - 1:
            event.stop()
            self.post_message(self.Pressed(self, FOLLOW_KEY))

    def _fit(self) -> None:
        lines = self.lines(self.size.width or self.screen.size.width)
        self.display = bool(lines)
        self.styles.height = max(len(lines), 1)
        self.refresh()


def banner_lines(frame: Frame, width: int) -> Iterator[Line]:
    """What is wrong with the pod, what of it is live, what the cluster warns of, and the way on."""
    from meshtui.present.pod_fate import next_pod, pod_notices, warning_words, why_no_next_pod

    state, now = frame.state, frame.now
    notices = pod_notices(state, now)
    if not notices:
        return
    room = max(width - 4, NARROW)
    for notice in notices:
        lead = (Span(" "), glyph(notice.health), Span(" "))
        yield from _begun(lead, notice.title, room, ROLES[notice.health])
        yield (Span("   "), span(cut_end(notice.text, room), Role.TEXT))
    if warning := warning_words(state, now):
        yield (Span("   "), span(cut_end(warning, room), Role.DIM))
    if why := why_no_next_pod(state, now):
        yield from _begun((Span("   "),), why, room, Role.DIM)
    if (offer := next_pod(state, now)) is not None:
        lead = (Span(f" {FOLLOW_KEY} ", Role.KEY), span(offer.title, Role.STRONG), Span("  "))
        yield (*lead, span(cut_end(offer.words, max(width - width_of(lead) - 1, 0)), Role.DIM))


def _begun(lead: Line, text: str, cells: int, role: Role) -> Iterator[Line]:
    """The text in some lines; where it goes on beyond them, the last one says so."""
    lines = list(hanging(lead, text, cells, role))
    if len(lines) > TITLE_MOST:
        rest = " ".join(line[-1].text for line in lines[TITLE_MOST - 1 :])
        before, _ = lines[TITLE_MOST - 1]
        lines[TITLE_MOST - 1 :] = [(before, Span(cut_end(rest, cells), role))]
    yield from lines
