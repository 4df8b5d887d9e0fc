"""The first lines: which cluster and namespace, how many pods, how fresh that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.model.phrases import plural, span_words
from meshtui.present.pods import Standing, counted
from meshtui.session.kubernetes.pod_book import Phase
from meshtui.session.kubernetes.state import PickerState
from meshtui.session.state import LinkState
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.marks import LINK_GLYPHS, LINK_ROLES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, span, spread, width_of
from meshtui.tui.screens.pods.notice import retry_words

LINKS = {
    Phase.WAITING: LinkState.CONNECTING,
    Phase.LISTING: LinkState.CONNECTING,
    Phase.LIVE: LinkState.LIVE,
    Phase.POLLED: LinkState.LIVE,
    Phase.TROUBLED: LinkState.DOWN,
    Phase.FAILED: LinkState.DOWN,
}
"""The mark of each phase, the same as of a target's link."""


class PodsHead(Bar):
    """Paints one state of the picker."""

    state: PickerState | None = None
    now: datetime | None = None
    rows: Sequence[PodRow] = ()
    shown: int | None = None
    _counted: tuple[object, str] = (None, "")

    def paint(self, state: PickerState, rows: Sequence[PodRow], now: datetime, *, shown: int | None = None) -> None:
        """Show a state; ``rows`` are all its pods, of which a filter shows so many."""
        self.state, self.rows, self.now, self.shown = state, rows, now, shown
        self.refresh()

    def line(self, width: int) -> Line:
        if self.state is None or self.now is None:
            return (Span(" meshtui", Role.BRAND),)
        state, now = self.state, self.now
        right: Line = (Span("  "), span(self._counts(), Role.DIM), Span("   "), *freshness(state, now), Span(" "))
        brand: Line = (Span(" meshtui", Role.BRAND), Span("   "))
        room = max(width - width_of(right) - width_of(brand) - 2, 8)
        return spread((*brand, *place(state, room)), right, width)

    def _counts(self) -> str:
        """``14 pods, 4 proxyless``, ``3 of 14 pods`` with a filter; counted anew only when the pods differ."""
        if self._counted[0] is not self.rows:
            found = counted(self.rows)
            proxyless = found[Standing.OFFERED] + found[Standing.UNREACHABLE]
            words = f"{plural(len(self.rows), 'pod')}, {proxyless} proxyless" if self.rows else ""
            self._counted = (self.rows, words)
        if self.shown is not None and self.rows:
            return f"{self.shown} of {plural(len(self.rows), 'pod')}"
        return self._counted[1]


def place(state: PickerState, room: int) -> Line:
    """``echo-grpc · rig``: the namespace, which is what differs most often, and the context."""
    if state.namespace is None:
        return (span(cut(state.context_name or "kubeconfig", room), Role.STRONG),)
    namespace = "all namespaces" if state.every_namespace else state.namespace
    named = cut(namespace, max(room * 3 // 5, 8))
    context = f" · {state.context_name}" if state.context_name else ""
    server = state.chosen.server if state.chosen is not None else ""
    line: list[Span] = [span(named, Role.STRONG)]
    left = room - width_of(tuple(line))
    if left > 4:
        line.append(span(cut(context, left), Role.DIM))
    left = room - width_of(tuple(line))
    if server and left >= len(server) + 3:
        line.append(span(f"   {server}", Role.DIM))
    return tuple(line)


def freshness(state: PickerState, now: datetime) -> Line:
    """``● live``, ``◌ listing, 1200 to come``, ``◌ connecting 3 s``, ``✗ tried again in 3 s``."""
    book = state.book
    link = LINKS[book.phase]
    match book.phase:
        case Phase.WAITING:
            words = f"connecting {span_words(now - book.since)}"
        case Phase.LISTING:
            words = "listing" if book.remaining is None else f"listing, {book.remaining} to come"
        case Phase.LIVE:
            words = "live"
        case Phase.POLLED:
            words = "polled, no watch"
        case Phase.TROUBLED:
            words = retry_words(book, now)
        case Phase.FAILED:
            words = "failed"
    return (Span(f"{LINK_GLYPHS[link]} {words}", LINK_ROLES[link]),)
