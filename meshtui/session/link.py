"""How the connection to a target moves from one state to the next; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Final

from meshtui.model.errors import MeshtuiError, NoAnswer, TargetUnreachable
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
    again_in = error.again_in if isinstance(error, TargetUnreachable) else None
    return Link(
        state,
        since,
        link.last_answer,
        problem=error.what,
        hint=error.hint,
        timed_out=isinstance(error, NoAnswer),
        retry_at=at + timedelta(seconds=again_in) if again_in and again_in < inf else None,
        only_by_hand=again_in == inf,
        is_final=isinstance(error, TargetUnreachable) and error.is_final,
    )


INTERVALS_MISSED: Final = 3
"""Looks that may fail to come before a link is no longer called live."""

LOOK_GRACE: Final = timedelta(seconds=10)
"""What one look may take beside: the deadlines of config and channels, one after the other."""


def aged(link: Link, interval: float, now: datetime) -> Link:
    """The link as of now: one whose last answer is too old is stale, whatever became of who looks."""
    if link.state is not LinkState.LIVE or link.last_answer is None:
        return link
    if now - link.last_answer <= INTERVALS_MISSED * timedelta(seconds=interval) + LOOK_GRACE:
        return link
    return replace(
        link,
        state=LinkState.STALE,
        since=link.last_answer,
        problem="No look at the target has come back since.",
        hint="press r to look now",
    )
