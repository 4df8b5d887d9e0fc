"""What is between the tabs and the keys: one view, or the reason why there is nothing to show."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.widgets import Input

from meshtui.tui.frame import Frame
from meshtui.tui.kit.backdrop import Column
from meshtui.tui.kit.page import Page
from meshtui.tui.screens.notice import needs_notice, notice_lines
from meshtui.tui.views.registry import VIEWS, View


class Body(Column):
    """Holds the views that were opened, and gives frames to the one in front. A view is made when first asked for."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._tick = 0
        self._notice = Page(id="notice")
        self.chosen = VIEWS[0].id
        """The view in front, or behind the notice."""

    def compose(self) -> ComposeResult:
        yield self._notice

    def paint(self, frame: Frame) -> None:
        """Show this frame."""
        self._frame = frame
        self._paint()

    def beat(self) -> None:
        """Turn the spinner of the notice."""
        if self._notice.display and self._frame is not None:
            self._tick += 1
            self._show_notice(self._frame)

    def show_view(self, id_: str) -> View:
        """Bring a view to the front."""
        view = self._open(id_)
        self.chosen = id_
        self._paint()
        if self._frame is not None and not _is_empty(view, self._frame):
            if view.is_mounted:
                view.enter()
            else:
                self.call_after_refresh(view.enter)
        return view

    def enter(self) -> None:
        """Put the focus where reading begins."""
        view = self._view(self.chosen)
        if view is not None and view.display:
            view.enter()
        else:
            self.screen.set_focus(self._notice)

    def _paint(self) -> None:
        frame = self._frame
        if frame is None:
            return
        view = self._view(self.chosen)
        empty = _is_empty(view, frame)
        self._notice.display = empty
        for other in self.query(View):
            other.display = other is view and not empty
        focused = self.screen.focused
        if empty:
            self._show_notice(frame)
            if not isinstance(focused, Input):  # what is being typed goes on, whatever the target does
                self.screen.set_focus(self._notice)
            return
        if view is None:
            self._open(self.chosen)
            return
        view.frame = frame
        if focused is None or focused is self._notice:
            view.enter()

    def _show_notice(self, frame: Frame) -> None:
        tick = self._tick
        self._notice.show(lambda width: list(notice_lines(frame, tick, width)))

    def _view(self, id_: str) -> View | None:
        try:
            return self.query_one(f"#{id_}", View)
        except NoMatches:
            return None

    def _open(self, id_: str) -> View:
        view = self._view(id_)
        if view is None:
            spec = next(spec for spec in VIEWS if spec.id == id_)
            view = spec.load()
            self.mount(view)
            self.call_after_refresh(self._paint)
        return view


def _is_empty(view: View | None, frame: Frame) -> bool:
    """Whether there is only a reason to show: a view that needs no config shows itself once something else is known,
    one that sends once there is something to send through, and one that speaks for itself at once."""
    if view is not None and view.speaks:
        return False
    workload = frame.state.workload
    knows = view is not None and not view.needs_config and workload is not None and workload.read_at is not None
    sends = view is not None and view.sends and frame.controller is not None
    return needs_notice(frame) and not knows and not sends
