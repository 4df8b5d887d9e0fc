"""View 1: is this client's mesh whole, and if not, what is wrong.

::

      ✗ The client refused the newest cluster echo:7070 subset v2      findings, the worst first and in full
        The version before it (41) stays in force …
        fix  change what the DestinationRule … asks for

      Control plane  ✓  connected                                      the ladder: a request's way, rung by rung
      Route          ✓  /proto.EchoTestServi…  changed 2 m ago
                        v1      80 %  ███████████████████████
      Cluster        ✗  2 clusters: v2, v1      v2: refused 44: …

      Last changes                                                     as many as there is room for
        now  ✗  CDS outbound|7070|v2|echo…   refused 44: …
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult

from meshtui.model.identity.workload import server_uris
from meshtui.present.ladder import Rung, control_plane_rung, last_seen, traffic_rung
from meshtui.present.ladder_config import config_rungs
from meshtui.present.ladder_identity import identity_rungs
from meshtui.session.state import Fact, LinkState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line
from meshtui.tui.views.overview.lines import OverviewEntry, overview_entries
from meshtui.tui.views.registry import View


class OverviewRows(Rows):
    """The entries; those that lead somewhere can be chosen.

    Until the cursor was moved the top is shown, whatever is found: a finding that comes up must not push its own
    first line out of sight because the cursor happened to be on what stands below.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._rungs: tuple[Rung, ...] = ()
        self._entries: tuple[OverviewEntry, ...] = ()
        self._placed = False

    def action_move(self, step: int) -> None:
        self._placed = True
        super().action_move(step)

    def action_page(self, pages: int) -> None:
        self._placed = True
        super().action_page(pages)

    def action_edge(self, side: int) -> None:
        self._placed = side > 0
        super().action_edge(side)

    def on_click(self, event: events.Click) -> None:
        self._placed = True
        super().on_click(event)

    def paint(self, frame: Frame, rungs: tuple[Rung, ...]) -> None:
        """Show a frame; a cursor that was moved stays with what it was on."""
        subject = self.entry.subject if self.entry and self._placed else None
        line = self.cursor
        self._frame, self._rungs = frame, rungs
        self._write()
        same = line < len(self._entries) and self._entries[line].subject == subject
        if not same or subject is None:
            places = [place for place, entry in enumerate(self._entries) if entry.subject is not None]
            self.cursor = next(
                (place for place in places if self._entries[place].subject == subject), places[0] if places else 0
            )
            if not self._placed and self.cursor != line:
                self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def redraw(self) -> None:
        self._write()

    def _write(self) -> None:
        if self._frame is not None and self.size.width:
            self._entries = overview_entries(self._frame, self._rungs, self.line_width, self.size.height)
        super().redraw()

    @property
    def entry(self) -> OverviewEntry | None:
        """What the cursor is on."""
        return self._entries[self.cursor] if 0 <= self.cursor < len(self._entries) else None

    def selectable(self, index: int) -> bool:
        return index < len(self._entries) and self._entries[index].subject is not None

    def count(self) -> int:
        return len(self._entries)

    def line(self, index: int, width: int) -> Line:
        return self._entries[index].line


class OverviewView(View):
    """Paints findings, ladder and last changes; ``enter`` leads to the resource."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = OverviewRows(id="overview-rows")

    def compose(self) -> ComposeResult:
        yield self._rows

    def enter(self) -> None:
        self.screen.set_focus(self._rows)

    def watch_frame(self) -> None:
        if self.frame is not None:
            self._rows.paint(self.frame, self._rungs(self.frame))

    def _rungs(self, frame: Frame) -> tuple[Rung, ...]:
        state = frame.state
        if state.snapshot is None:
            return ()
        rungs = (
            control_plane_rung(
                state.channels,
                server_uris(state.workload),
                agent_silent=any(fact.fact is Fact.AGENT for fact in state.missing),
                findings=state.findings,
            ),
            *config_rungs(state.snapshot, state.graph, frame.now),
            traffic_rung(state.channels, state.traffic),
        )
        if state.link.state is not LinkState.LIVE:
            rungs = tuple(last_seen(rung) for rung in rungs)
        return (*identity_rungs(state.workload, frame.now), *rungs)

    def on_rows_entered(self, message: Rows.Entered) -> None:
        message.stop()
        entry = self._rows.entry
        if entry is not None and entry.subject is not None:
            self.post_message(self.GoTo(entry.subject))

    def on_rows_moved(self, message: Rows.Moved) -> None:
        message.stop()
