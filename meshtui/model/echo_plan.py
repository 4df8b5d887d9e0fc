"""Which set of requests to ask for next: small enough to be live and to lose little, large enough to cost little.

A pure state machine. What it knows of Istio's server: one failed request takes the words of its whole set with it, so
while errors last sets shrink, down to single requests, and lose few answers; a throttled set of n at q a second sends
its i-th request i ticks after it began, so sets that begin n/q apart follow each other at exactly the asked rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshtui.model.echo import SERVER_CONCURRENCY, SETS_AT_ONCE, EchoRequestSpec
from meshtui.model.echo_account import Batch, Landing

SET_SECONDS = 0.4
"""How long one set should take: progress is shown with 5 frames a second, and a stop loses at most this much."""

FIRST_SET = 10
"""Requests of the first set, before anything is known of the errors and of the rate."""

LARGEST_SET = 99
"""Requests of one set at most: one failure swallows no hundred answers."""

LOSS_BUDGET = 0.04
"""The part of all requests whose words may be lost to failed sets. After an error a set is at most this part of the
requests that went well since. If each request fails with probability p, 1/p go well between errors, so one error costs
about 0.04/p words of every 1/p, whatever p is; and nothing need be remembered of how things were before."""

MOST_SETS = 20
"""Sets in flight at most, when each is a single request; never more requests than the server would have in flight
itself."""


@dataclass(frozen=True, slots=True)
class Planner:
    """The state between sets. Times are seconds of one monotonic clock.

    ``sent`` are requests handed to the server, ``accounted`` those whose fate is told; ``flying`` the sets in between.
    ``not_before`` is when the next set may begin at the asked rate. ``rate`` is the measured number of requests a
    second.
    """

    spec: EchoRequestSpec
    sent: int = 0
    accounted: int = 0
    flying: tuple[Batch, ...] = ()
    size: int = FIRST_SET
    not_before: float = 0.0
    rate: float = 0.0
    numbered: int = 0
    well: int | None = None

    @property
    def remaining(self) -> int | None:
        """Requests that are still to be sent; ``None`` for a continuous run."""
        return None if self.spec.count is None else self.spec.count - self.sent

    @property
    def finished(self) -> bool:
        """Whether everything that was asked for is sent and accounted for."""
        return self.remaining == 0 and not self.flying

    def next_size(self) -> int:
        """Requests of the next set; 0 when all are sent."""
        size = min(self.size, LARGEST_SET)
        if self.spec.qps:
            size = min(size, max(1, round(self.spec.qps * SET_SECONDS)))
        return size if self.remaining is None else min(size, self.remaining)

    def may_begin(self, now: float) -> bool:
        """Whether a set may begin now: at the asked rate, and with little enough in flight.

        With qps two overlap, so that one begins on time although the tail of the one before is not in; more do as long
        as all requests in flight together are no more than one set would have. Without, two overlap when they are of
        full size, so that the server dials the channel of one while it answers the other; smaller ones follow each
        other, since at the start little is to be lost. After an error as many overlap as with qps: each loses only its
        own, and one after the other 100 requests that hang for 5 s each would take eight minutes.
        """
        size = self.next_size()
        if not size or now < self.not_before:
            return False
        if len(self.flying) < (SETS_AT_ONCE if self.spec.qps or self.size >= LARGEST_SET else 1):
            return True
        waiting = sum(batch.count for batch in self.flying)
        together = bool(self.spec.qps) or self.well is not None
        return together and len(self.flying) < MOST_SETS and waiting + size <= SERVER_CONCURRENCY

    def begin(self, now: float) -> tuple[Planner, Batch]:
        """The next set. Ask :meth:`may_begin` first; time that was missed is not made up for by going faster."""
        size, qps = self.next_size(), self.spec.qps
        throttled = (size + 1) / qps if qps else 0.0
        batch = Batch(self.numbered + 1, size, qps, self.spec.timeout_s + throttled)
        planner = replace(
            self,
            sent=self.sent + size,
            flying=(*self.flying, batch),
            numbered=self.numbered + 1,
            not_before=now + (size / qps if qps else 0.0),
        )
        return planner, batch

    def end(self, batch: Batch, result: Landing, seconds: float) -> Planner:
        """A set came back after ``seconds``. One that never left (``result.sent`` 0) is given back to be sent later."""
        flying = tuple(other for other in self.flying if other is not batch)
        if not result.sent:
            return replace(self, flying=flying, sent=self.sent - batch.count)
        planner = replace(
            self,
            flying=flying,
            accounted=self.accounted + result.sent,
            rate=batch.count / seconds if seconds > 0 else self.rate,
        )
        if result.errors:
            return planner.careful()
        well = None if self.well is None else self.well + result.sent
        return replace(planner, size=planner._grown(well), well=well)

    def careful(self) -> Planner:
        """After an error: single requests, until enough have gone well."""
        return replace(self, size=1, well=0)

    def _grown(self, well: int | None) -> int:
        """The size after a clean set, with ``well`` requests gone well since the last error."""
        size = LARGEST_SET if well is None else 1 + int(LOSS_BUDGET * well)
        if not self.spec.qps and self.rate:
            size = min(size, max(FIRST_SET, int(self.rate * SET_SECONDS)))
        return min(size, LARGEST_SET)
