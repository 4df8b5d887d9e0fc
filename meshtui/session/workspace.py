"""The targets attached at the same time, each its own session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from meshtui.session.echo.run import EchoRun
    from meshtui.session.session import Session

OpenSession: TypeAlias = "Callable[[str], Session]"
"""Makes a session for a target as typed. Raises ``UsageError`` for what is no target."""


class Workspace:
    """Attached sessions in the order they were attached, one of them in front."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open_session = open_session
        self._sessions: list[Session] = []
        self._front = 0

    @property
    def sessions(self) -> tuple[Session, ...]:
        """All attached sessions."""
        return tuple(self._sessions)

    @property
    def front(self) -> Session | None:
        """The session that is looked at, or ``None`` while nothing is attached."""
        return self._sessions[self._front] if self._sessions else None

    def attach(self, target: str) -> Session:
        """Bring the target to the front, attaching it first when it is not yet. Raises ``UsageError``."""
        for index, session in enumerate(self._sessions):
            if session.target == target:
                self._front = index
                return session
        session = self._open_session(target)
        self._sessions.append(session)
        self._front = len(self._sessions) - 1
        session.others = lambda: tuple(other.state for other in self._sessions if other is not session)
        session.start()
        return session

    @property
    def going(self) -> tuple[EchoRun, ...]:
        """The runs that are under way."""
        runs = (session.echo.run for session in self._sessions if session.echo is not None)
        return tuple(run for run in runs if run is not None and not run.state.phase.ended)

    def next(self, step: int = 1) -> Session | None:
        """Bring the next session (or, with -1, the one before) to the front."""
        if self._sessions:
            self._front = (self._front + step) % len(self._sessions)
        return self.front

    async def detach(self, session: Session) -> None:
        """Let one target go; the one before it comes to the front."""
        if session in self._sessions:
            index = self._sessions.index(session)
            self._sessions.remove(session)
            if self._front >= index:
                self._front = max(0, self._front - 1)
            await session.stop()

    async def close(self) -> None:
        """Let all targets go."""
        sessions, self._sessions = self._sessions, []
        self._front = 0
        await asyncio.gather(*(session.stop() for session in sessions), return_exceptions=True)
