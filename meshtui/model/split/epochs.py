"""Counts by epoch: an epoch is the time during which the accepted config asked for one set of shares.

Config is looked at from time to time, so at the moment a batch ends it is not yet known under which config it ran. A
book that *awaits confirmation* therefore holds a batch back until a later look has found the config unchanged; when
the look finds it changed instead, what is held back belongs to the change-over and is judged by neither epoch. So a
canary step never makes a false mismatch, however fast the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from meshtui.model.split.assessment import ALPHA, MARGIN, Assessment, Expectation, assess, evidence_of
from meshtui.model.split.counts import SplitCounts

MOST_EPOCHS = 50
"""Epochs that are remembered; a canary has about ten steps. The oldest fall out."""

MOST_HELD = 200
"""Batches held back at most. Looks come each second and batches a few times a second; beyond this (the config source
has gone) the two oldest are merged."""


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """Counts that wait for the next look at the config."""

    counts: SplitCounts
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """The counts of one expectation. ``peak`` is the greatest log evidence so far; a mismatch once reached stays.

    ``changeover`` counts the requests sent while the config changed *into* this epoch; no epoch judges them. ``ended``
    is ``None`` for the present epoch.
    """

    number: int
    expectation: Expectation | None
    started: datetime
    ended: datetime | None = None
    counts: SplitCounts = field(default_factory=SplitCounts)
    peak: float = 0.0
    changeover: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitBook:
    """All epochs of a run, the present one last. Immutable: every method returns a new book."""

    epochs: tuple[Epoch, ...]
    margin: float = MARGIN
    alpha: float = ALPHA
    awaits_confirmation: bool = False
    held: tuple[HeldBatch, ...] = ()

    @classmethod
    def open(
        cls,
        expectation: Expectation | None,
        at: datetime,
        alpha: float = ALPHA,
        margin: float = MARGIN,
        awaits_confirmation: bool = False,
    ) -> SplitBook:
        """A book with one empty epoch. ``awaits_confirmation`` promises that :meth:`confirm` is called after each
        look."""
        first = Epoch(number=1, expectation=expectation, started=at)
        return cls(epochs=(first,), margin=margin, alpha=alpha, awaits_confirmation=awaits_confirmation)

    @property
    def present(self) -> Epoch:
        """The epoch that is counted into."""
        return self.epochs[-1]

    @property
    def held_back(self) -> int:
        """Requests that wait for the next look at the config."""
        return sum(batch.counts.came_back for batch in self.held)

    def record(self, counts: SplitCounts, ended: datetime) -> SplitBook:
        """Add a finished batch."""
        if not self.awaits_confirmation:
            return self._judge(counts)
        held = (*self.held, HeldBatch(counts, ended))
        if len(held) > MOST_HELD:
            held = (HeldBatch(held[0].counts + held[1].counts, held[1].ended), *held[2:])
        return replace(self, held=held)

    def confirm(self, at: datetime) -> SplitBook:
        """A look at ``at`` found the config unchanged: what ended before is judged, batch by batch."""
        book = replace(self, held=tuple(batch for batch in self.held if batch.ended > at))
        for batch in self.held:
            if batch.ended <= at:
                book = book._judge(batch.counts)
        return book

    def expect(self, expectation: Expectation | None, at: datetime) -> SplitBook:
        """A look at ``at`` found this expectation. When it asks for other shares a new epoch starts."""
        present = self.present
        if expectation == present.expectation:
            return self
        if expectation is not None and expectation.same_test(present.expectation):
            return self._with_present(replace(present, expectation=expectation))
        between = self.held_back
        if not present.counts.came_back and not between:
            fresh = replace(present, expectation=expectation, started=at)
            return self._with_present(fresh)
        closed = (*self.epochs[:-1], replace(present, ended=at))
        opened = Epoch(number=present.number + 1, expectation=expectation, started=at, changeover=between)
        return replace(self, epochs=(*closed, opened)[-MOST_EPOCHS:], held=())

    def changeover(self, requests: int) -> SplitBook:
        """Count requests that straddled the change into the present epoch: begun before it, ended after."""
        return self._with_present(replace(self.present, changeover=self.present.changeover + requests))

    def assess(self) -> Assessment:
        """The verdict on the present epoch."""
        present = self.present
        return assess(present.counts, present.expectation, self.alpha, self.margin, present.peak)

    def _judge(self, counts: SplitCounts) -> SplitBook:
        present = self.present
        merged = present.counts + counts
        peak = max(present.peak, evidence_of(merged, present.expectation, self.margin))
        return self._with_present(replace(present, counts=merged, peak=peak))

    def _with_present(self, epoch: Epoch) -> SplitBook:
        return replace(self, epochs=(*self.epochs[:-1], epoch))
