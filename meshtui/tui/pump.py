"""The one bridge from sessions to widgets: a timer that looks whether something moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from meshtui.session.link import aged
from meshtui.tui.frame import Frame

if TYPE_CHECKING:
    from meshtui.session.session import Session
    from meshtui.session.state import SessionState
    from meshtui.session.workspace import Workspace

RATE: Final = 5
"""Looks a second: structural changes of a list coalesced to this cost little and still seem immediate."""

TICK: Final = timedelta(seconds=1)
"""How often ages are counted anew when nothing else moved."""


class Pump:
    """Makes a :class:`Frame` when the front session's revision moved, another session came to the front, or a second
    passed; otherwise none. Frozen, it repeats the last one, aging only the word "frozen"."""

    def __init__(self, workspace: Workspace, deliver: Callable[[Frame], None], now: Callable[[], datetime]) -> None:
        self._workspace = workspace
        self._deliver = deliver
        self._now = now
        self._seen: tuple[Session, int] | None = None
        self._ticked: datetime | None = None
        self._last: Frame | None = None
        self._frozen_at: datetime | None = None

    @property
    def frozen(self) -> bool:
        """Whether the screen stands still. The session goes on."""
        return self._frozen_at is not None

    def freeze(self, frozen: bool) -> None:
        """Hold the screen, or let it go on."""
        self._frozen_at = self._now() if frozen else None
        self._seen = None
        self.pump()

    def pump(self) -> None:
        """Deliver a frame if there is a new one."""
        session = self._workspace.front
        if session is None:
            return
        state, now = session.state, self._now()
        mark = (session, state.revision)
        switched = self._seen is None or self._seen[0] is not session
        ticked = self._ticked is None or now - self._ticked >= TICK
        if self._frozen_at is not None and self._last is not None and self._last.state.target == session.target:
            if ticked or switched:
                self._emit(mark, self._held(session, now), now)
            return
        if mark != self._seen or ticked:
            frozen_for = now - self._frozen_at if self._frozen_at else None
            self._emit(mark, self._seen_now(session, state, now, frozen_for), now)

    def _held(self, session: Session, now: datetime) -> Frame:
        assert self._last is not None
        assert self._frozen_at is not None
        return self._seen_now(session, self._last.state, self._last.now, now - self._frozen_at)

    def _seen_now(self, session: Session, state: SessionState, now: datetime, frozen_for: timedelta | None) -> Frame:
        if frozen_for is None:
            state = replace(state, link=aged(state.link, state.interval, now))
        others = self._workspace.state.others(session.target)
        return Frame(
            state,
            now,
            as_json=session.as_json,
            frozen_for=frozen_for,
            position=self._position(),
            controller=session.echo,
            log=session.log,
            others=others,
        )

    def _emit(self, mark: tuple[Session, int], frame: Frame, now: datetime) -> None:
        self._seen, self._ticked, self._last = mark, now, frame
        self._deliver(frame)

    def _position(self) -> tuple[int, int]:
        sessions = self._workspace.sessions
        front = self._workspace.front
        return (sessions.index(front) + 1 if front in sessions else 1, len(sessions))
