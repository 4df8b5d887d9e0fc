"""The targets attached at the same time, each its own session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # a command that opens no target needs no session
    from meshtui.session.echo.run import EchoRun
    from meshtui.session.session import Session
    from meshtui.session.state import SessionState

OpenSession: TypeAlias = "Callable[[str], Session]"
"""Makes a session for a target as typed. Raises ``UsageError`` for what is no target."""


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """The newest state of each attached target in the order they were attached, and which of them is in ``front``.

    Immutable: every method returns another one. No two targets have one name.
    """

    states: tuple[SessionState, ...] = ()
    front: int = 0

    @property
    def targets(self) -> tuple[str, ...]:
        """The attached targets as they were typed."""
        return tuple(state.target for state in self.states)

    def others(self, target: str) -> tuple[SessionState, ...]:
        """The states of all targets but one."""
        return tuple(state for state in self.states if state.target != target)

    def attached(self, state: SessionState) -> WorkspaceState:
        """With one more target, in front."""
        return WorkspaceState((*self.states, state), len(self.states))

    def seen(self, state: SessionState) -> WorkspaceState:
        """With a target's newer state."""
        return replace(self, states=tuple(state if known.target == state.target else known for known in self.states))

    def turned_to(self, target: str) -> WorkspaceState:
        """With this target in front."""
        return replace(self, front=self.targets.index(target))

    def turned(self, step: int) -> WorkspaceState:
        """With the next target (or, with -1, the one before) in front."""
        return replace(self, front=(self.front + step) % len(self.states)) if self.states else self


class Workspace:
    """Attached sessions in the order they were attached, one of them in front.

    It tells each session what the others show, whenever that moved; a session knows of no other.
    """

    def __init__(self, open_session: OpenSession) -> None:
        self._open_session = open_session
        self._sessions: dict[str, Session] = {}
        self._state = WorkspaceState()
        self._ending: set[asyncio.Task[None]] = set()
        """Sessions that were let go and are not done with that yet."""

    @property
    def state(self) -> WorkspaceState:
        """What is attached and known now; immutable."""
        return self._state

    @property
    def sessions(self) -> tuple[Session, ...]:
        """All attached sessions."""
        return tuple(self._sessions.values())

    @property
    def front(self) -> Session | None:
        """The session that is looked at, or ``None`` while nothing is attached."""
        return self.sessions[self._state.front] if self._sessions else None

    def attach(self, target: str) -> Session:
        """Bring the target to the front, attaching it first when it is not yet. Raises ``UsageError``."""
        if target in self._sessions:
            self._state = self._state.turned_to(target)
            return self._sessions[target]
        session = self._open_session(target)
        self._sessions[target] = session
        self._state = self._state.attached(session.state)
        self._begin(session)
        return session

    def attach_anew(self, target: str) -> Session:
        """Bring the target to the front with a new session in the place of the one it had, which ends: what is at
        that name now is something else. Raises ``UsageError``."""
        before = self._sessions.get(target)
        if before is None:
            return self.attach(target)
        session = self._open_session(target)
        self._sessions[target] = session
        self._state = self._state.seen(session.state).turned_to(target)
        ending = asyncio.create_task(before.stop(), name=f"end {target}")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        self._begin(session)
        return session

    def _begin(self, session: Session) -> None:
        session.subscribe(partial(self._seen, session))
        session.others_seen(self._state.others(session.target))
        session.start()

    @property
    def going(self) -> tuple[EchoRun, ...]:
        """The runs that are under way."""
        runs = (session.echo.run for session in self.sessions if session.echo is not None)
        return tuple(run for run in runs if run is not None and not run.state.phase.ended)

    def next(self, step: int = 1) -> Session | None:
        """Bring the next session (or, with -1, the one before) to the front."""
        self._state = self._state.turned(step)
        return self.front

    async def close(self) -> None:
        """Let all targets go."""
        sessions, self._sessions, self._state = self.sessions, {}, WorkspaceState()
        ends = (session.stop() for session in sessions)
        await asyncio.gather(*ends, *self._ending, return_exceptions=True)

    def _seen(self, session: Session, state: SessionState) -> None:
        if self._sessions.get(state.target) is not session:
            return  # another one has its place
        before = next((known for known in self._state.states if known.target == state.target), None)
        if before is None:
            return
        self._state = self._state.seen(state)
        if before.workload is not state.workload or before.snapshot is not state.snapshot:
            self._tell_sessions()

    def _tell_sessions(self) -> None:
        """Tell each session of the others; one whose own workload moved may need something else of them."""
        for target, session in tuple(self._sessions.items()):
            session.others_seen(self._state.others(target))
