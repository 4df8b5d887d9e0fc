"""The bounded history of a target."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
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
    IDENTITY = "identity"
    ECHO = "echo"
    MESH = "mesh"
    POD = "pod"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``subject`` is what to, ``text`` what, as a phrase.

    ``health`` is how good or bad that is: OK only for what was seen to be well, ``None`` for what is neither.
    """

    at: datetime
    kind: EventKind
    subject: str
    text: str
    _: KW_ONLY
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


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest ``length`` events, oldest first; ``dropped`` older ones were let go. Immutable: :meth:`add` makes
    another."""

    events: tuple[Event, ...] = ()
    dropped: int = 0
    length: int = TIMELINE_LENGTH

    def add(self, *events: Event) -> Timeline:
        """With these events after the others, in the order they happened."""
        if not events:
            return self
        kept = (*self.events, *(_bounded(event) for event in events[-self.length :]))[-self.length :]
        dropped = self.dropped + len(self.events) + len(events) - len(kept)
        return Timeline(kept, dropped, self.length)

    def latest(self, count: int) -> tuple[Event, ...]:
        """The newest events, newest first."""
        return self.events[: -count - 1 : -1]
