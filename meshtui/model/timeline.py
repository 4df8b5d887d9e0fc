"""The bounded history of a target."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from meshtui.model.resource import Health, ResourceKey

TIMELINE_LENGTH: Final = 2_000
"""Events kept: an hour of a busy rollout, and under a megabyte."""


class EventKind(Enum):
    """What an event is about."""

    CONFIG = "config"
    LINK = "link"
    CONTROL_PLANE = "control plane"
    IDENTITY = "identity"
    ECHO = "echo"
    MESH = "mesh"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``subject`` is what to, ``text`` what, as a phrase; ``health`` how bad it is."""

    at: datetime
    kind: EventKind
    subject: str
    text: str
    health: Health = Health.OK
    key: ResourceKey | None = None


class Timeline:
    """The newest :data:`TIMELINE_LENGTH` events; older ones are counted and let go."""

    def __init__(self, length: int = TIMELINE_LENGTH) -> None:
        self._events: deque[Event] = deque(maxlen=length)
        self._total = 0

    def add(self, *events: Event) -> None:
        """Append events in the order they happened."""
        self._events.extend(events)
        self._total += len(events)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events kept, oldest first."""
        return tuple(self._events)

    @property
    def dropped(self) -> int:
        """How many older events were let go."""
        return self._total - len(self._events)

    def latest(self, count: int) -> tuple[Event, ...]:
        """The newest events, newest first."""
        newest = list(self._events)[-count:] if count > 0 else []
        return tuple(reversed(newest))
