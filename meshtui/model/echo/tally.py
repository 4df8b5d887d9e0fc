"""What came back so far, in bounded memory however long a run goes on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from meshtui.model.echo.batch import BatchAccount, BatchFailure
from meshtui.model.echo.latency import Latency, LatencyHistogram
from meshtui.model.echo.series import Point, Series
from meshtui.model.echo.spec import Answer

MOST_KEYS = 64
"""Body keys that are counted; an answer of Istio's has about 20."""

MOST_VALUES = 50
"""Values of a key that are counted apart; later ones go to :data:`OTHER`. A request id has a new value each time."""

NEVER_ALIKE = frozenset({"Latency", "ActiveRequests", "Hostname"})
"""Keys that are not counted by value: measurements, and the host name, which has a count of its own."""

OTHER = "(other)"
"""Stands for all values beyond :data:`MOST_VALUES`."""

MOST_CAUSES = 50
"""Causes of failure that are counted apart; later ones go to :data:`OTHER`."""

LONGEST_SAMPLE = 2_048
"""Characters of an error text that are kept as the sample of its cause."""

LATEST = 50
"""Answers that are kept whole."""

Classify = Callable[[str], str]
"""Error text to the code of its cause: texts of one code are one line on the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCause:
    """Failures of one cause: how many requests ``failed``, of how many others in their batches nothing is known
    (``lost``).

    ``sample`` is the first text, untrusted; ``code`` is what the classifier made of it.
    """

    code: str
    sample: str
    failed: int
    lost: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoTally:
    """A look at the counts. ``sent`` = ``completed`` + ``failed`` + ``lost`` + ``abandoned``, always.

    ``completed`` were answered; ``unknown_version`` of them by a version that is not known. ``requested`` is ``None``
    for a continuous run. ``by_key`` counts the values of the answers' keys, measurements left out; of a key that an
    answer holds more than once, each value counts. ``surplus`` outputs were more than was asked for. ``recent`` and
    ``whole`` are by when things came back, ``course`` by when they were sent: a request that hangs comes back seconds
    after one that was answered, and a share of both is right only where they began together.
    """

    requested: int | None = None
    sent: int = 0
    completed: int = 0
    failed: int = 0
    lost: int = 0
    abandoned: int = 0
    unknown_version: int = 0
    surplus: int = 0
    by_version: Mapping[str, int] = field(default_factory=dict)
    by_hostname: Mapping[str, int] = field(default_factory=dict)
    by_key: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    causes: tuple[FailureCause, ...] = ()
    latency: Latency | None = None
    recent: tuple[Point, ...] = ()
    whole: tuple[Point, ...] = ()
    course: tuple[Point, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def trouble(self) -> int:
        """Requests that failed or of which nothing is known."""
        return self.failed + self.lost

    @property
    def came_back(self) -> int:
        """Requests whose fate is known: all but those that were given up when the run was stopped."""
        return self.sent - self.abandoned


class TallyCounter:
    """Counts; :meth:`look` gives an immutable picture. The one mutable thing of the model, since it counts for
    hours."""

    def __init__(self, requested: int | None, classify: Classify = lambda text: text) -> None:
        self._requested = requested
        self._classify = classify
        self._totals = {"sent": 0, "completed": 0, "failed": 0, "lost": 0, "abandoned": 0, "unknown_version": 0}
        self._surplus = 0
        self._versions: dict[str, int] = {}
        self._hostnames: dict[str, int] = {}
        self._keys: dict[str, dict[str, int]] = {}
        self._causes: dict[str, FailureCause] = {}
        self._latency = LatencyHistogram()
        self._recent, self._whole = Series.recent(), Series.whole()
        self._course = Series.course()
        self._answers: deque[Answer] = deque(maxlen=LATEST)

    def begin(self, count: int, at: datetime) -> None:
        """A batch of so many requests leaves at ``at``."""
        self._course.add(Point(at=at, seconds=0.0, waiting=count))

    def end(self, count: int, began: datetime) -> None:
        """The batch that left at ``began`` waits no more, however it went."""
        self._course.add(Point(at=began, seconds=0.0, waiting=-count))

    def add(self, result: BatchAccount, at: datetime, began: datetime | None = None) -> None:
        """Count a batch that came back at ``at`` and left at ``began``."""
        if not result.sent:
            return
        split = result.split
        self._surplus += result.surplus
        for name, number in (
            ("sent", result.sent),
            ("completed", len(result.answers) + result.unknown),
            ("failed", result.failed),
            ("lost", result.lost),
            ("abandoned", result.abandoned),
            ("unknown_version", split.unknown),
        ):
            self._totals[name] += number
        for version, count in split.by_version.items():
            _count(self._versions, version, count)
        self._add_answers(result.answers)
        for failure in result.failures:
            self._add_failure(failure, at)
        latencies = [answer.latency_s for answer in result.answers if answer.latency_s is not None]
        for latency in latencies:
            self._latency.add(latency)
        point = Point(
            at=at,
            seconds=0.0,
            by_version=dict(split.by_version),
            failed=split.failed,
            lost=split.lost,
            unknown=split.unknown,
            latency_sum=sum(latencies),
            latency_count=len(latencies),
            latency_max=max(latencies, default=0.0),
        )
        self._recent.add(point)
        self._whole.add(point)
        self._course.add(point if began is None else replace(point, at=began))

    def look(self) -> EchoTally:
        """The counts now."""
        by_key = {key: dict(values) for key, values in self._keys.items()}
        if self._hostnames:
            by_key["Hostname"] = dict(self._hostnames)
        causes = sorted(self._causes.values(), key=lambda cause: (-cause.failed - cause.lost, cause.code))
        return EchoTally(
            requested=self._requested,
            **self._totals,
            surplus=self._surplus,
            by_version=dict(sorted(self._versions.items())),
            by_hostname=dict(sorted(self._hostnames.items(), key=lambda item: (-item[1], item[0]))),
            by_key=by_key,
            causes=tuple(causes),
            latency=self._latency.look(),
            recent=self._recent.points(),
            whole=self._whole.points(),
            course=tuple(point for point in self._course.points() if point.total),
            answers=tuple(self._answers),
        )

    def _add_answers(self, answers: tuple[Answer, ...]) -> None:
        self._answers.extend(answers[-LATEST:])
        for hostname, number in Counter(answer.hostname for answer in answers).items():
            if hostname is not None:
                _count(self._hostnames, hostname, number)
        for (key, value), number in Counter(chain.from_iterable(answer.fields for answer in answers)).items():
            if key in NEVER_ALIKE:
                continue
            values = self._keys.get(key)
            if values is None:
                if len(self._keys) >= MOST_KEYS:
                    continue
                values = self._keys[key] = {}
            _count(values, value, number)

    def _add_failure(self, failure: BatchFailure, at: datetime) -> None:
        code = self._classify(failure.text)
        if code not in self._causes and len(self._causes) >= MOST_CAUSES:
            code = OTHER
        before = self._causes.get(code) or FailureCause(
            code=code, sample=failure.text[:LONGEST_SAMPLE], failed=0, lost=0, last=at
        )
        self._causes[code] = FailureCause(
            code=code,
            sample=before.sample,
            failed=before.failed + failure.failed,
            lost=before.lost + failure.lost,
            last=at,
        )


def _count(counts: dict[str, int], value: str, by: int = 1) -> None:
    """Count a value, under :data:`OTHER` when there are too many of them."""
    if value in counts:
        counts[value] += by
    else:
        name = value if len(counts) < MOST_VALUES else OTHER
        counts[name] = counts.get(name, 0) + by
