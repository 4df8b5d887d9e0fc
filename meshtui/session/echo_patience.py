"""What to do while the echo server itself does not answer: try again, less and less often, and give up in the end."""

from __future__ import annotations

from meshtui.model.echo_account import BatchReply, ReplyKind
from meshtui.model.errors import MeshtuiError, ServiceMissing, TargetUnreachable

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.2, 2.0
"""Pauses between attempts, doubled each time: a restarted pod is found at once, a dead one not hammered."""

FIRST_CONTACT_S = 5.0
"""How long a server that has never answered is tried at most: its address is more likely wrong than its pod new."""


class Patience:
    """Trouble with the server that sends, as against trouble with what it sends to. Times are of one monotonic clock.

    ``seconds`` is how long a server that has answered before is waited for.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self._met = False
        self._backoff = FIRST_BACKOFF_S
        self.retry_at = 0.0
        self.error: MeshtuiError | None = None
        self.over = False

    @property
    def troubled(self) -> bool:
        """Whether the last set found no echo server; one set at a time is tried then."""
        return self._since is not None

    def note(self, reply: BatchReply, clock: float) -> None:
        """Learn from a reply. ``over`` is set when nothing more should be tried; ``error`` says why."""
        if reply.kind is ReplyKind.STOPPED:
            return
        if reply.kind in (ReplyKind.OUTPUTS, ReplyKind.REFUSED):
            self._since, self._backoff, self.error, self._met = None, FIRST_BACKOFF_S, None, True
            return
        if reply.kind is ReplyKind.MISSING:
            self.error, self.over = ServiceMissing(reply.error, reply.hint), True
            return
        self._since = clock if self._since is None else self._since
        self.retry_at, self._backoff = clock + self._backoff, min(self._backoff * 2, LONGEST_BACKOFF_S)
        self.error = TargetUnreachable(reply.error, reply.hint)
        patience = self._seconds if self._met else min(self._seconds, FIRST_CONTACT_S)
        self.over = clock - self._since >= patience
