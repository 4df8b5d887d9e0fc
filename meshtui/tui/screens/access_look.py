"""What the access dialog of an attached target looks at: the session's newest state, and the rights once they came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from meshtui.model.errors import LOOKS_AGAIN, MeshtuiError, unforeseen
from meshtui.model.kubernetes.access import AccessLadder
from meshtui.present.target_access import target_ladder

if TYPE_CHECKING:
    from meshtui.session.session import Session

AskAccess: TypeAlias = Callable[[str], Awaitable[AccessLadder | None]]
"""Asks what the user may do with a target; ``None`` for one that is in no cluster. Raises ``MeshtuiError``."""


class AccessLook:
    """Call it for the ladder as it is now."""

    def __init__(self, session: Session, ask: AskAccess | None) -> None:
        self._session, self._ask = session, ask
        self._rights: AccessLadder | MeshtuiError | None = None

    async def ask(self) -> None:
        """Ask for the rights; those before stay until the answer."""
        if self._ask is None:
            return
        try:
            self._rights = await self._ask(self._session.target)
        except Exception as error:  # the edge: nothing of it may end the screen
            self._rights = unforeseen(error, "Asking for rights", LOOKS_AGAIN)

    def __call__(self) -> AccessLadder:
        return target_ladder(self._session.state, self._rights)
