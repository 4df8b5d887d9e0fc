"""Which batch of requests to ask for next: small enough to be live and to lose little, large enough to cost little.

A pure state machine. What it knows of Istio's server: one failed request takes the words of its whole batch with it, so
while errors last batches shrink, down to single requests, and lose few answers; a throttled batch of n at q a second
sends its i-th request i ticks after it began, so batches that begin n/q apart follow each other at exactly the asked
rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshtui.model.echo.batch import Batch, BatchAccount
from meshtui.model.echo.spec import BATCHES_AT_ONCE, SERVER_CONCURRENCY, EchoRequestSpec

BATCH_SECONDS = 0.4
"""How long one batch should take: progress is shown with 5 frames a second, and a stop loses at most this much."""

FIRST_BATCH = 10
"""Requests of the first batch, before anything is known of the errors and of the rate."""

LARGEST_BATCH = 99
"""Requests of one batch at most: one failure swallows no hundred answers."""

LONG_SET = 20
"""Requests of a throttled batch at least, where its first answers say nothing of the split; without a throttle it has
:data:`LARGEST_BATCH` then, since more are begun before the first is answered."""

LONG_SET = 20
"""Requests of a throttled batch at least, where its first answers say nothing of the split; without a throttle it has
:data:`LARGEST_BATCH` then, since more are begun before the first is answered."""

LOSS_BUDGET = 0.04
"""The part of all requests whose words may be lost to failed batches. After an error a batch is at most this part of
the requests that went well since. If each request fails with probability p, 1/p go well between errors, so one error
costs about 0.04/p words of every 1/p, whatever p is; and nothing need be remembered of how things were before."""

MOST_BATCHES = 20
"""Batches in flight at most, when each is a single request; never more requests than the server would have in flight
itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """The state between batches. Times are seconds of one monotonic clock.

    ``sent`` are requests handed to the server; ``in_flight`` the batches whose fate is not known. ``not_before`` is
    when the next batch may begin at the asked rate. ``rate`` is the measured number of requests a second.
    ``long_sets`` asks for batches of which most is more than their beginning, as long as none fails.
    """

    spec: EchoRequestSpec
    sent: int = 0
    in_flight: tuple[Batch, ...] = ()
    size: int = FIRST_BATCH
    not_before: float = 0.0
    rate: float = 0.0
    numbered: int = 0
    well: int | None = None
    long_sets: bool = False

    @property
    def remaining(self) -> int | None:
        """Requests that are still to be sent; ``None`` for a continuous run."""
        return None if self.spec.count is None else self.spec.count - self.sent

    def next_size(self) -> int:
        """Requests of the next batch; 0 when all are sent."""
        size = min(self.size, LARGEST_BATCH)
        if self.spec.qps:
            size = min(size, max(1, round(self.spec.qps * BATCH_SECONDS)))
        if self.long_sets and self.well is None:
            size = max(size, LONG_SET if self.spec.qps else LARGEST_BATCH)
        return size if self.remaining is None else min(size, self.remaining)

    def may_begin(self, now: float) -> bool:
        """Whether a batch may begin now: at the asked rate, and with little enough in flight.

        With qps two overlap, so that one begins on time although the tail of the one before is not in; more do as long
        as all requests in flight together are no more than one batch would have. Without, two overlap when they are of
        full size, so that the server dials the channel of one while it answers the other; smaller ones follow each
        other, since at the start little is to be lost. After an error as many overlap as with qps: each loses only its
        own, and one after the other 100 requests that hang for 5 s each would take eight minutes.
        """
        size = self.next_size()
        if not size or now < self.not_before:
            return False
        if len(self.in_flight) < (BATCHES_AT_ONCE if self.spec.qps or self.size >= LARGEST_BATCH else 1):
            return True
        waiting = sum(batch.count for batch in self.in_flight)
        together = bool(self.spec.qps) or self.well is not None
        return together and len(self.in_flight) < MOST_BATCHES and waiting + size <= SERVER_CONCURRENCY

    def begin(self, now: float) -> tuple[Planner, Batch]:
        """The next batch. Ask :meth:`may_begin` first; time that was missed is not made up for by going faster."""
        size, qps = self.next_size(), self.spec.qps
        throttled = (size + 1) / qps if qps else 0.0
        batch = Batch(number=self.numbered + 1, count=size, qps=qps, timeout_s=self.spec.timeout_s + throttled)
        planner = replace(
            self,
            sent=self.sent + size,
            in_flight=(*self.in_flight, batch),
            numbered=self.numbered + 1,
            not_before=now + (size / qps if qps else 0.0),
        )
        return planner, batch

    def end(self, batch: Batch, result: BatchAccount, seconds: float) -> Planner:
        """It came back after ``seconds``. One that never left (``result.sent`` 0) is given back to be sent later."""
        in_flight = tuple(other for other in self.in_flight if other.number != batch.number)
        if not result.sent:
            return replace(self, in_flight=in_flight, sent=self.sent - batch.count)
        planner = replace(
            self,
            in_flight=in_flight,
            rate=batch.count / seconds if seconds > 0 else self.rate,
        )
        if result.failed or result.lost:  # single requests, until enough have gone well
            return replace(planner, size=1, well=0)
        well = None if self.well is None else self.well + result.sent
        return replace(planner, size=planner._grown(well), well=well)

    def _grown(self, well: int | None) -> int:
        """The size after a clean batch, with ``well`` requests gone well since the last error."""
        size = LARGEST_BATCH if well is None else 1 + int(LOSS_BUDGET * well)
        if not self.spec.qps and self.rate:
            size = min(size, max(FIRST_BATCH, int(self.rate * BATCH_SECONDS)))
        return min(size, LARGEST_BATCH)
