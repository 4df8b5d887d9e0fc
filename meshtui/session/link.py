"""How the connection to a target moves from one state to the next; pure."""

from __future__ import annotations

from datetime import datetime

from meshtui.model.errors import MeshtuiError
from meshtui.session.state import Link, LinkState


def answered(link: Link, at: datetime) -> Link:
    """The link after an answer."""
    since = link.since if link.state is LinkState.LIVE else at
    return Link(LinkState.LIVE, since, at)


def failed(link: Link, error: MeshtuiError, at: datetime, *, missing: bool) -> Link:
    """The link after a failed poll. What was seen before stays, so a target that once answered is stale, not down."""
    never = LinkState.MISSING if missing else LinkState.DOWN
    state = never if link.last_answer is None else LinkState.STALE
    since = link.since if link.state is state else at
    return Link(state, since, link.last_answer, error.what, error.hint)
