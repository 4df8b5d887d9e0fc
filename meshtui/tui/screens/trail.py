"""The way back on the main screen: the views, and the targets, that one came from."""

from __future__ import annotations

from typing import Final, NamedTuple

LONGEST_TRAIL: Final = 100
"""Steps one can go back."""


class Place(NamedTuple):
    """What was in front: a view, and its target where the step led to another one."""

    view: str
    target: str | None = None


class Trail:
    """Places one came from, the newest last."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def __bool__(self) -> bool:
        return bool(self._places)

    def leave(self, place: Place) -> None:
        """Go on from there."""
        self._places.append(place)
        del self._places[:-LONGEST_TRAIL]

    def back(self) -> Place | None:
        """Where one came from last."""
        return self._places.pop() if self._places else None

    def forget(self) -> None:
        """There is no way back to any of them."""
        self._places.clear()
