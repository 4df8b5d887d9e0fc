"""Collects what is changed or dropped on the way from a manifest to a gRPC client."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.origin import Note, Origin


class Notes:
    """The notes about one object, in the order they were found."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._notes: list[Note] = []

    @property
    def found(self) -> tuple[Note, ...]:
        """What was noted so far."""
        return tuple(self._notes)

    def add(self, kind: str, line: int, reason: str) -> None:
        """Note one change; ``kind`` as in Note."""
        self._notes.append(Note(kind, self._origin.file, line, str(self._origin), reason))

    def drop_if_set(self, parent: Block, keys: Iterable[str], reason: str) -> None:
        """Note each of the keys that is written as dropped."""
        for key in keys:
            if parent.get(key) is not None:
                self.add("dropped", parent.line_of(key), f"{key} is dropped: {reason}")
