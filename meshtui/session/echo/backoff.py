"""What to do while the echo server itself does not answer: try again, less and less often, and give up in the end."""

from __future__ import annotations

from typing import Final

from meshtui.model.echo.batch import BatchReply, ReplyKind
from meshtui.model.errors import MeshtuiError, ServiceMissing, TargetUnreachable

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.2, 2.0
"""Pauses between attempts, doubled each time: a restarted pod is found at once, a dead one not hammered."""

FIRST_CONTACT_S = 5.0
"""How long a server that has never answered is tried at most: its address is more likely wrong than its pod new."""

LAST_TRY_S: Final = 0.1
"""What an attempt gets to connect at least, be it the last: the least that ``--timeout`` takes."""


class Backoff:
    """Trouble with the server that sends, as against trouble with what it sends to. Times are of one monotonic clock.

    ``seconds`` is how long a server that has answered before is waited for, ``contact_s`` how long one that has not is
    given for a connection: it is given up when that, or :data:`FIRST_CONTACT_S`, is over. One that was reached and does
    not answer is tried for :data:`FIRST_CONTACT_S` from when the first batch came to nothing.
    """

    def __init__(self, seconds: float, contact_s: float = FIRST_CONTACT_S) -> None:
        self._seconds, self._contact_s = seconds, contact_s
        self._first: float | None = None
        self._since: float | None = None
        self._tries = 0
        self._met = self._reached = False
        self._backoff = FIRST_BACKOFF_S
        self.retry_at = 0.0
        self.error: MeshtuiError | None = None
        self.over = False

    @property
    def troubled(self) -> bool:
        """Whether the last batch found no echo server; one batch at a time is tried then."""
        return self._since is not None

    def attempt(self, clock: float) -> float:
        """A batch leaves now: the seconds that it may take to connect."""
        self._first = clock if self._first is None else self._first
        if not self._tries:
            return self._contact_s
        return min(self._contact_s, max(self._ends(clock) - clock, LAST_TRY_S))

    def note(self, reply: BatchReply, clock: float) -> None:
        """Learn from a reply. ``over`` is set when nothing more should be tried; ``error`` says why."""
        if reply.kind is ReplyKind.STOPPED:
            return
        if reply.kind in (ReplyKind.OUTPUTS, ReplyKind.REFUSED):
            self._since, self._tries, self._backoff, self.error, self._met = None, 0, FIRST_BACKOFF_S, None, True
            return
        if reply.kind is ReplyKind.MISSING:
            self.error, self.over = ServiceMissing(reply.error, reply.hint), True
            return
        self._since = clock if self._since is None else self._since
        self._reached = self._reached or reply.kind is not ReplyKind.UNREACHED
        self._tries += 1
        ends = self._ends(clock)
        self.over = clock >= ends
        self.retry_at, self._backoff = min(clock + self._backoff, ends), min(self._backoff * 2, LONGEST_BACKOFF_S)
        tried = clock - (self._since if self._met or self._first is None else self._first)
        words = f" It was tried for {tried:.1f} s." if self.over and self._tries > 1 else ""
        self.error = TargetUnreachable(f"{reply.error}{words}", reply.hint)

    def _ends(self, clock: float) -> float:
        """When the present trouble is given up."""
        if self._met or self._reached:
            seconds = self._seconds if self._met else min(self._seconds, FIRST_CONTACT_S)
            return (clock if self._since is None else self._since) + seconds
        return (clock if self._first is None else self._first) + min(self._seconds, self._contact_s, FIRST_CONTACT_S)
