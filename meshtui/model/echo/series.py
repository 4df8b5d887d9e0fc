"""Shares over time for a strip chart: a bounded number of points, each the sum of a span of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

RECENT_POINTS = 600
"""One-second points that are kept: ten minutes, more than a strip chart is wide."""

WHOLE_POINTS = 512
"""Points of the whole run at most; when there are more, pairs are joined and each stands for twice the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What came back within ``seconds`` from ``at``. ``unknown`` are answers of unknown version, of ``lost`` requests
    nothing is known; the latency is given as sum, number and maximum, in seconds, so that points can be joined. Where
    points stand for when requests were sent, ``waiting`` of them are not back.
    """

    at: datetime
    seconds: float
    by_version: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    lost: int = 0
    unknown: int = 0
    latency_sum: float = 0.0
    latency_count: int = 0
    latency_max: float = 0.0
    waiting: int = 0

    @property
    def answered(self) -> int:
        """Answers of known version."""
        return sum(self.by_version.values())

    @property
    def total(self) -> int:
        """All requests that came back."""
        return self.answered + self.unknown + self.failed + self.lost

    @property
    def latency_mean(self) -> float | None:
        """The mean latency in seconds, or ``None``."""
        return self.latency_sum / self.latency_count if self.latency_count else None

    def joined(self, other: Point) -> Point:
        """Both together; the time is that of this one."""
        merged = dict(self.by_version)
        for version, count in other.by_version.items():
            merged[version] = merged.get(version, 0) + count
        return Point(
            at=self.at,
            seconds=self.seconds,
            by_version=merged,
            failed=self.failed + other.failed,
            lost=self.lost + other.lost,
            unknown=self.unknown + other.unknown,
            latency_sum=self.latency_sum + other.latency_sum,
            latency_count=self.latency_count + other.latency_count,
            latency_max=max(self.latency_max, other.latency_max),
            waiting=self.waiting + other.waiting,
        )


class Series:
    """Points of equal width on one grid of time; spans without an answer have no point."""

    def __init__(self, most: int, *, widens: bool) -> None:
        self._most, self._widens = most, widens
        self._width = 1.0
        self._points: dict[int, Point] = {}

    @classmethod
    def recent(cls) -> Series:
        """The last :data:`RECENT_POINTS` seconds that had answers, one point each."""
        return cls(RECENT_POINTS, widens=False)

    @classmethod
    def whole(cls) -> Series:
        """The whole run in at most :data:`WHOLE_POINTS` points."""
        return cls(WHOLE_POINTS, widens=True)

    @classmethod
    def course(cls) -> Series:
        """The whole run for a chart, exact to the second for :data:`RECENT_POINTS` seconds."""
        return cls(RECENT_POINTS, widens=True)

    def add(self, point: Point) -> None:
        """Put what came back at ``point.at`` into its span."""
        self._put(point)
        while len(self._points) > self._most:
            if self._widens:
                self._widen()
            else:
                del self._points[min(self._points)]

    def points(self) -> tuple[Point, ...]:
        """The points in the order of time."""
        return tuple(self._points[slot] for slot in sorted(self._points))

    def _put(self, point: Point) -> None:
        slot = int(point.at.timestamp() // self._width)
        before = self._points.get(slot)
        if before is None:
            start = point.at - timedelta(seconds=point.at.timestamp() % self._width)
            before = Point(at=start, seconds=self._width)
        self._points[slot] = before.joined(point)

    def _widen(self) -> None:
        points = self.points()
        self._width *= 2
        self._points = {}
        for point in points:
            self._put(point)
