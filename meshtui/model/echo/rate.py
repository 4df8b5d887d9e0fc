"""How fast answers come back, without the ripple of batches that come back twenty at a time."""

from __future__ import annotations

from collections.abc import Sequence


def rate_of(returns: Sequence[tuple[float, int]], now: float, window: float) -> float:
    """Requests a second over the last ``window`` seconds. ``returns`` are moments and how many came back then.

    Counted from one return to the next: what came back with the first was asked for before it. A run that comes to a
    stand falls towards 0 as time passes, one that goes on evenly shows exactly its rate.
    """
    seen = [(moment, count) for moment, count in returns if moment > now - window]
    if len(seen) < 2:
        return sum(count for _, count in seen) / window
    first, last = seen[0][0], seen[-1][0]
    gaps = len(seen) - 1
    span = max(last - first, (now - first) * gaps / (gaps + 1))
    return sum(count for _, count in seen[1:]) / span if span > 0 else 0.0
