"""What became of requests, as far as a split goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """What became of requests, as far as the split goes.

    ``unknown`` were answered by a version that is not known, ``failed`` were not answered, of ``lost`` ones nothing is
    known. ``early`` answers are no draws and are judged by nobody: they came before their channel was seen to be
    connected to all localities it draws from (:func:`meshtui.model.echo.draws.draws`). Requests given up by the user do
    not belong here: stopping says nothing about a version.
    """

    by_version: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    failed: int = 0
    lost: int = 0
    early: Mapping[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Answers of known version."""
        return sum(self.by_version.values())

    @property
    def missing(self) -> int:
        """Requests that some version got, and nobody knows which."""
        return self.unknown + self.failed + self.lost

    @property
    def total(self) -> int:
        """All that are judged."""
        return self.answered + self.missing

    @property
    def came_back(self) -> int:
        """All of them, those that say nothing of the split too."""
        return self.total + sum(self.early.values())

    def __add__(self, other: SplitCounts) -> SplitCounts:
        return SplitCounts(
            _sum(self.by_version, other.by_version),
            self.unknown + other.unknown,
            self.failed + other.failed,
            self.lost + other.lost,
            _sum(self.early, other.early),
        )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return {version: one.get(version, 0) + other.get(version, 0) for version in (*one, *other)}
