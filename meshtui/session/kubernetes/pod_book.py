"""What is known of the pods of one namespace, and what each piece of news makes of it. Pure: no clock, no tasks.

::

    WAITING ──page──► LISTING ──last page──► LIVE ◄──┐
       │                 │                    │      │ listed again, or one more change
       └──── failed ─────┴────── failed ──────┴──► BROKEN (tried again by itself) · REFUSED (only when asked)

Pods that were seen stay while a list is under way or fails, so nothing jumps; what a whole new list does not have is
taken out with its last page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod_row import PodRow

PodKey: TypeAlias = tuple[str, str]
"""Namespace and name: at any moment one pod has them."""


class Phase(Enum):
    """How it stands with the list."""

    WAITING = "waiting"
    LISTING = "listing"
    LIVE = "live"
    BROKEN = "broken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be had, as one sentence, and what to try, or empty."""

    what: str
    hint: str = ""

    @classmethod
    def of(cls, error: MeshtuiError) -> Problem:
        """The words of an error."""
        return cls(error.what, error.hint)


# news


@dataclass(frozen=True, slots=True)
class Waits:
    """Something else is waited for now, such as a login plugin: ``what`` goes on after "Waiting for"."""

    what: str


@dataclass(frozen=True, slots=True)
class PodPage:
    """Some pods of a list. ``first`` begins the list, ``last`` ends it; ``remaining`` is how many are still to come,
    ``None`` where the API server does not say."""

    pods: tuple[PodRow, ...]
    first: bool
    last: bool
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class PodChanged:
    """A pod is there, new or other than before."""

    pod: PodRow


@dataclass(frozen=True, slots=True)
class PodGone:
    """A pod was deleted. ``uid`` tells it from one that has taken its name; empty when it is not known."""

    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class StillThere:
    """The API server answered, and nothing changed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It does not go on. It is tried again in ``retry_s`` seconds, or, with ``None``, only when a person asks."""

    problem: Problem
    retry_s: float | None


News: TypeAlias = Waits | PodPage | PodChanged | PodGone | StillThere | Failed
"""All that can happen to a list of pods."""

NO_PODS: Final[Mapping[PodKey, PodRow]] = MappingProxyType({})
NO_KEYS: Final[frozenset[PodKey]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodBook:
    """The pods of one namespace (or of all) as far as they are known. Immutable: each news makes another one.

    ``since`` is when the phase began, ``answered_at`` when the API server last said something. ``whole`` says that a
    list was read to its end at least once: only then is "no pods" a fact.
    """

    since: datetime
    phase: Phase = Phase.WAITING
    pods: Mapping[PodKey, PodRow] = field(default_factory=lambda: NO_PODS)
    whole: bool = False
    waits_for: str = ""
    remaining: int | None = None
    problem: Problem | None = None
    retry_s: float | None = None
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
            case PodChanged():
                return self._live(at, MappingProxyType({**self.pods, news.pod.key: news.pod}))
            case PodGone():
                return self._live(at, _without(self.pods, news))
            case StillThere():
                return self._live(at, self.pods)
            case Failed():
                phase = Phase.REFUSED if news.retry_s is None else Phase.BROKEN
                return replace(
                    self._in(phase, at), problem=news.problem, retry_s=news.retry_s, listed=NO_KEYS, remaining=None
                )

    def _in(self, phase: Phase, at: datetime, *, waits_for: str = "") -> PodBook:
        same = phase is self.phase and waits_for == self.waits_for
        since = self.since if same else at
        return replace(self, phase=phase, since=since, waits_for=waits_for, problem=None, retry_s=None)

    def _live(self, at: datetime, pods: Mapping[PodKey, PodRow]) -> PodBook:
        return replace(self._in(Phase.LIVE, at), pods=pods, answered_at=at)

    def _turned(self, page: PodPage, at: datetime) -> PodBook:
        """With one more page of the list."""
        come = {pod.key: pod for pod in page.pods}
        listed = frozenset(come) if page.first else self.listed | come.keys()
        pods = {**self.pods, **come}
        if page.last:
            pods = {key: pod for key, pod in pods.items() if key in listed}
        return replace(
            self._in(Phase.LIVE if page.last else Phase.LISTING, at),
            pods=MappingProxyType(pods),
            whole=self.whole or page.last,
            listed=NO_KEYS if page.last else listed,
            remaining=None if page.last else page.remaining,
            answered_at=at,
        )


def _without(pods: Mapping[PodKey, PodRow], gone: PodGone) -> Mapping[PodKey, PodRow]:
    known = pods.get((gone.namespace, gone.name))
    if known is None or (gone.uid and known.uid and gone.uid != known.uid):
        return pods
    return MappingProxyType({key: pod for key, pod in pods.items() if pod is not known})
