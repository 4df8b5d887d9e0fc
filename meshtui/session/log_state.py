"""What is known of a container's log; immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_pod import LogPod


class LogPhase(Enum):
    """How the reading stands."""

    ASKING = "asking"
    LIVE = "live"
    """Lines are shown as they come."""
    ENDED = "ended"
    """The container's process has ended, or has not begun; it is looked at again and again."""
    LOST = "lost"
    """What keeps it from being read is in ``trouble``; it is tried again at ``again_at``."""
    READ = "read"
    """The whole of what there is of the process before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """``container`` is empty until it is known which the agent's is, ``pod`` is ``None`` until then. ``begun`` counts
    the logs that were begun: lines of two of them are not of one book. ``since`` is when the phase began."""

    phase: LogPhase = LogPhase.ASKING
    since: datetime
    begun: int = 0
    pod: LogPod | None = None
    container: str = ""
    previous: bool = False
    book: LogBook = field(default_factory=LogBook)
    trouble: MeshtuiError | None = None
    again_at: datetime | None = None
