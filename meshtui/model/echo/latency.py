"""Percentiles of latencies over any number of answers in bounded memory: a histogram with buckets of equal ratio."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, floor, log

RATIO = 1.01
"""Upper over lower end of a bucket: a percentile is off by at most half a per cent."""

SHORTEST, LONGEST = 1e-7, 1e5
"""Seconds between which latencies are told apart: 2 800 buckets at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles in seconds, within half a per cent; ``most`` is exact."""

    p50: float
    p90: float
    p99: float
    most: float


class LatencyHistogram:
    """Counts latencies in seconds."""

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0
        self._least, self._most = float("inf"), 0.0

    def add(self, seconds: float) -> None:
        """Count one; a negative one (a clock set back) counts as 0."""
        seconds = max(0.0, seconds)
        inside = min(max(seconds, SHORTEST), LONGEST)
        bucket = floor(log(inside) / log(RATIO))
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self._count += 1
        self._least, self._most = min(self._least, seconds), max(self._most, seconds)

    def look(self) -> Latency | None:
        """The percentiles now (nearest rank), or ``None`` before the first."""
        if not self._count:
            return None
        p50, p90, p99 = (self._percentile(part) for part in (0.5, 0.9, 0.99))
        return Latency(p50=p50, p90=p90, p99=p99, most=self._most)

    def _percentile(self, part: float) -> float:
        rank, seen = ceil(part * self._count), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(max(exp((bucket + 0.5) * log(RATIO)), self._least), self._most)
        return self._most
