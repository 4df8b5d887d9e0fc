"""From seconds of answers to the columns of a chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from meshtui.model.echo.series import Point

ENOUGH: Final = 100
"""Requests a column is drawn from at least, where there were as many: of fewer, chance makes a saw."""

MOST_JOINED: Final = 8
"""Columns that are merged for that at most; never across a change of the config."""


def columns_of(points: Iterable[tuple[int, Point]], columns: int, borders: set[int]) -> list[Point | None]:
    """One point a column, from points with their column, merged with those before until there are enough requests.

    ``borders`` are the columns where another config begins; ``None`` is a column without an answer.
    """
    parts: list[list[Point]] = [[] for _ in range(columns)]
    for index, point in points:
        if 0 <= index < columns:
            parts[index].append(point)
    return [_enough(parts, index, borders) for index in range(columns)]


def _enough(parts: Sequence[list[Point]], index: int, borders: set[int]) -> Point | None:
    if not parts[index]:
        return None
    taken = list(parts[index])
    total = sum(point.total for point in taken)
    for earlier in range(index - 1, max(index - MOST_JOINED, -1), -1):
        if total >= ENOUGH or earlier + 1 in borders:
            break
        taken += parts[earlier]
        total += sum(point.total for point in parts[earlier])
    return merged(taken)


def merged(points: Sequence[Point]) -> Point:
    """All of them as one, in one pass; at least one."""
    first = points[0]
    by_version: dict[str, int] = {}
    for point in points:
        for version, count in point.by_version.items():
            by_version[version] = by_version.get(version, 0) + count
    return Point(
        at=first.at,
        seconds=sum(point.seconds for point in points),
        by_version=by_version,
        failed=sum(point.failed for point in points),
        lost=sum(point.lost for point in points),
        unknown=sum(point.unknown for point in points),
        waiting=sum(point.waiting for point in points),
    )
