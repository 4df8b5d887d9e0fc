"""The bounded history of a target."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from meshtui.model.xds.resource import Health, ResourceKey

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
    """Something that happened: ``subject`` is what to, ``text`` what, as a phrase.

    ``health`` is how good or bad that is: OK only for what was seen to be well, ``None`` for what is neither.
    """

    at: datetime
    kind: EventKind
    subject: str
    text: str
    health: Health | None = None
    key: ResourceKey | None = None


LONGEST_TEXT: Final = 400
"""Characters of an event's text: more than a line of the widest screen; a refusal can be 15 kB."""


LONGEST_NAME: Final = 4_096
"""Characters of a resource's name in an event's subject and key: many times what control planes send. An event about a
longer one leads nowhere, and does not keep the name."""


def _bounded(event: Event) -> Event:
    if len(event.text) > LONGEST_TEXT:
        event = replace(event, text=event.text[: LONGEST_TEXT - 1] + "…")
    if len(event.subject) > LONGEST_NAME:
        event = replace(event, subject=event.subject[: LONGEST_NAME - 1] + "…", key=None)
    return event


class Timeline:
    """The newest :data:`TIMELINE_LENGTH` events; older ones are counted and let go."""

    def __init__(self, length: int = TIMELINE_LENGTH) -> None:
        self._events: deque[Event] = deque(maxlen=length)
        self._total = 0

    def add(self, *events: Event) -> None:
        """Append events in the order they happened."""
        self._events.extend(_bounded(event) for event in events)
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
