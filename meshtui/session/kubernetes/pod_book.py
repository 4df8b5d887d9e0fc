"""What is known of the pods of one namespace, and what each event makes of it. Pure: no clock, no tasks.

::

    WAITING ──page──► LISTING ──live──► LIVE or POLLED
       │                 │                   │
       └──── troubled ───┴──── troubled ─────┴──► TROUBLED (tried again by itself) · FAILED (only when asked)

Pods that were seen stay while a list is under way or in trouble, so nothing jumps; what a whole new list does not have
is taken out with its last page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import Final, TypeAlias

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod_events import PodChanged, PodEvent, PodGone, PodPage, PodsLive, PodsTroubled
from meshtui.model.kubernetes.pod_row import PodRow

PodKey: TypeAlias = tuple[str, str]
"""Namespace and name: at any moment one pod has them."""


class Phase(Enum):
    """How it stands with the list. The value is the word for it."""

    WAITING = "waiting"
    LISTING = "listing"
    LIVE = "live"
    POLLED = "listed again and again"
    """Watching is not allowed, so what is seen is some seconds old."""
    TROUBLED = "tried again"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be had, as one sentence, and what to try, or empty."""

    what: str
    hint: str = ""

    @classmethod
    def of(cls, error: MeshtuiError) -> Problem:
        """The words of an error."""
        return cls(error.what, error.hint)


@dataclass(frozen=True, slots=True)
class Waits:
    """Something else is waited for now; ``what`` goes on after "Waiting for"."""

    what: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It does not go on, and is tried again only when a person asks."""

    problem: Problem


News: TypeAlias = Waits | Failed | PodEvent
"""All that can happen to a list of pods."""

NO_PODS: Final[Mapping[PodKey, PodRow]] = MappingProxyType({})
NO_KEYS: Final[frozenset[PodKey]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodBook:
    """The pods of one namespace (or of all) as far as they are known. Immutable: each event makes another one.

    ``since`` is when the phase began, ``answered_at`` when the API server last said something. ``whole`` says that a
    list was read to its end at least once: only then is "no pods" a fact. ``remaining`` is how many pods of the list
    under way are still to come, ``None`` if the server does not say; ``retry_at`` when trouble is tried again.
    ``polled_why`` is why watching is not allowed.
    """

    since: datetime
    phase: Phase = Phase.WAITING
    pods: Mapping[PodKey, PodRow] = field(default_factory=lambda: NO_PODS)
    whole: bool = False
    waits_for: str = ""
    remaining: int | None = None
    problem: Problem | None = None
    retry_at: datetime | None = None
    polled_why: str = ""
    answered_at: datetime | None = None
    listed: frozenset[PodKey] = NO_KEYS
    """Pods of the list under way."""

    def after(self, news: News, at: datetime) -> PodBook:
        """What is known once ``news`` came at ``at``."""
        match news:
            case Waits():
                return self._in(Phase.WAITING, at, waits_for=news.what)
            case PodPage():
                return self._turned(news, at)
            case PodsLive():
                phase = Phase.POLLED if news.polled else Phase.LIVE
                return replace(self._in(phase, at), polled_why=news.why, answered_at=at)
            case PodChanged():
                return replace(self, pods=MappingProxyType({**self.pods, news.row.key: news.row}), answered_at=at)
            case PodGone():
                return replace(self, pods=_without(self.pods, news.row), answered_at=at)
            case PodsTroubled(again_in=seconds) if seconds == inf:
                return self._stopped(Phase.FAILED, at, Problem.of(news.error), None)
            case PodsTroubled():
                return self._stopped(Phase.TROUBLED, at, Problem.of(news.error), at + timedelta(seconds=news.again_in))
            case Failed():
                return self._stopped(Phase.FAILED, at, news.problem, None)

    def _in(self, phase: Phase, at: datetime, *, waits_for: str = "") -> PodBook:
        same = phase is self.phase and waits_for == self.waits_for
        return replace(
            self,
            phase=phase,
            since=self.since if same else at,
            waits_for=waits_for,
            problem=None,
            retry_at=None,
            polled_why="",
        )

    def _stopped(self, phase: Phase, at: datetime, problem: Problem, retry_at: datetime | None) -> PodBook:
        book = self._in(phase, at)
        return replace(book, problem=problem, retry_at=retry_at, listed=NO_KEYS, remaining=None)

    def _turned(self, page: PodPage, at: datetime) -> PodBook:
        """With one more page of the list. One told again and again stays in its phase: it is no news to a person."""
        come = {row.key: row for row in page.rows}
        listed = frozenset(come) if page.starts else self.listed | come.keys()
        pods = {**self.pods, **come}
        if page.complete:
            pods = {key: row for key, row in pods.items() if key in listed}
        book = self if self.phase is Phase.POLLED else self._in(Phase.LISTING, at)
        return replace(
            book,
            pods=MappingProxyType(pods),
            whole=self.whole or page.complete,
            listed=NO_KEYS if page.complete else listed,
            remaining=None if page.complete else page.remaining,
            answered_at=at,
        )


def _without(pods: Mapping[PodKey, PodRow], gone: PodRow) -> Mapping[PodKey, PodRow]:
    """The pods without that one; another pod that has taken its name stays."""
    known = pods.get(gone.key)
    if known is None or (gone.uid and known.uid and gone.uid != known.uid):
        return pods
    return MappingProxyType({key: row for key, row in pods.items() if key != gone.key})
