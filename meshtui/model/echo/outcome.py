"""How a run went as a whole: did what was sent get an answer? The verdict on the split comes after that.

A split can look right while half of the requests fail, so no reader may see the verdict without this, and shares are
parts of all requests that came back: a version that answered a quarter of them has 25 %, whoever else answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meshtui.model.echo.tally import EchoTally
from meshtui.model.split.assessment import Assessment, VersionShare
from meshtui.model.split.counts import SplitCounts


class Outcome(StrEnum):
    """What became of a run's requests; the first that fits."""

    FAILED = "failed"
    """Requests failed or were lost, more than was allowed."""
    BROKEN_OFF = "broken_off"
    """What was sent was answered, but the echo server was not reached to the end: the rest was never sent."""
    NOTHING = "nothing"
    """Nothing has come back."""
    TOLERATED = "tolerated"
    """Requests failed or were lost, no more than was allowed."""
    ANSWERED = "answered"
    """Every request that came back was answered."""


def outcome_of(tally: EchoTally, broke_off: bool, allowed: float = 0.0) -> Outcome:
    """The outcome so far. ``allowed`` is the part of all requests (0 to 1) that may fail; ``broke_off`` says that the
    run ended because the echo server could not be reached any longer."""
    if tally.trouble > allowed * tally.sent:
        return Outcome.FAILED
    if broke_off:
        return Outcome.BROKEN_OFF
    if tally.came_back == 0:
        return Outcome.NOTHING
    return Outcome.TOLERATED if tally.trouble else Outcome.ANSWERED


@dataclass(frozen=True, slots=True)
class Histogram:
    """What the bars show: a share for each version, and the counts with all that is in no version's share.

    ``elsewhere`` are failed and lost requests of the run that are not among ``counts``: they came back under other
    weights, while the weights changed, or wait for a look at the config.
    """

    shares: tuple[VersionShare, ...]
    counts: SplitCounts
    elsewhere: int = 0


def histogram_of(assessment: Assessment, tally: EchoTally, ended: bool) -> Histogram:
    """The counts that are judged; where nothing was and nothing is about to be, all that was counted."""
    counts, shares = assessment.counts, assessment.shares
    if (ended or counts.early) and not counts.total and tally.came_back:
        counts = SplitCounts(tally.by_version, tally.unknown_version, tally.failed, tally.lost)
        wanted = {share.version: share.expected for share in shares}
        names = [*wanted, *(version for version in tally.by_version if version not in wanted)]
        shares = tuple(_counted(name, counts, wanted.get(name)) for name in names)
    return Histogram(shares, counts, tally.trouble - counts.failed - counts.lost)


def _counted(version: str, counts: SplitCounts, expected: float | None) -> VersionShare:
    count = counts.by_version.get(version, 0)
    return VersionShare(
        version,
        answered=count,
        observed=count / max(1, counts.answered),
        expected=expected,
        of_all=count / max(1, counts.total),
    )
