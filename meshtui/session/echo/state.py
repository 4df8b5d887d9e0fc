"""What an echo run shows of itself: one immutable state after another."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import StrEnum

from meshtui.doctor.explain.echo_run import outcome_sentence
from meshtui.model.echo.outcome import Histogram, Outcome, histogram_of, outcome_of
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import EchoTally
from meshtui.model.errors import MeshtuiError
from meshtui.model.split.assessment import ALPHA, MARGIN, Assessment, Verdict
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.epochs import Epoch
from meshtui.model.split.words import VerdictWords, caveat_sentence, verdict_words
from meshtui.model.target import DEFAULT_TIMEOUT


class Phase(StrEnum):
    """Where a run stands."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    """The echo server is not reached; it is tried again until it is given up."""
    SETTLING = "settling"
    """Everything is in; the last answers wait for one more look at the config."""
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (Phase.DONE, Phase.CANCELLED, Phase.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoSettings:
    """How a run is judged and when it ends, beside the count.

    ``duration_s`` ends it after that time; ``until_decided`` with the first verdict of consistent or mismatch.
    ``awaits_confirmation`` promises that the run learns of every look at the config (:meth:`EchoRun.confirm` or
    :meth:`EchoRun.set_expectation`), and answers are judged only once such a look came after them.
    ``give_up_after_s`` is how long an echo server that does not answer is waited for, ``contact_s`` how long a
    connection to it may take to come about.
    """

    alpha: float = ALPHA
    margin: float = MARGIN
    duration_s: float | None = None
    until_decided: bool = False
    awaits_confirmation: bool = False
    give_up_after_s: float = 15.0
    contact_s: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """One batch that came back, for a line of ``-o ndjson``. The counts add up to ``sent``."""

    number: int
    started: datetime
    ended: datetime
    sent: int
    split: SplitCounts
    abandoned: int = 0
    errors: tuple[str, ...] = ()


NOT_JUDGED = Assessment(verdict=Verdict.NONE, alpha=ALPHA, margin=MARGIN, counts=SplitCounts())
"""The assessment before there is anything to judge."""


@dataclass(frozen=True, slots=True)
class EchoState:
    """A run at a moment. ``rate`` is requests that came back per second, lately.

    ``held_back`` requests wait for the next look at the config before they are judged. ``unconfirmed`` says that at
    the end no such look came, so the last answers were judged without. ``error`` is why the run failed, or what it
    waits for.
    """

    spec: EchoRequestSpec
    _: KW_ONLY
    settings: EchoSettings = field(default_factory=EchoSettings)
    probe: str = ""
    phase: Phase = Phase.READY
    tally: EchoTally = field(default_factory=EchoTally)
    assessment: Assessment = NOT_JUDGED
    epochs: tuple[Epoch, ...] = ()
    held_back: int = 0
    unconfirmed: bool = False
    rate: float = 0.0
    started: datetime | None = None
    ended: datetime | None = None
    error: MeshtuiError | None = None
    revision: int = 0

    @property
    def outcome(self) -> Outcome:
        """Whether what was sent got an answer; to be said before the verdict."""
        return outcome_of(self.tally, self.phase is Phase.FAILED)

    @property
    def outcome_sentence(self) -> str:
        """The outcome in a sentence: how many failed, of how many, and why."""
        why = self.error.what if self.phase is Phase.FAILED and self.error is not None else ""
        return outcome_sentence(self.outcome, self.tally, self.phase.ended, why)

    @property
    def histogram(self) -> Histogram:
        """What the bars show."""
        return histogram_of(self.assessment, self.tally, self.phase.ended)

    @property
    def verdict_words(self) -> VerdictWords:
        """The verdict in words."""
        return verdict_words(self.assessment)

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        return self.verdict_words.sentence

    @property
    def caveat(self) -> str:
        """What can no longer be known, or empty."""
        return caveat_sentence(self.assessment)
