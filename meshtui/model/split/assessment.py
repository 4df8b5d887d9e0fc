"""Is the observed split what the config asks for? Expected shares, counts, and the assessment that joins them.

The statistics are in :mod:`~meshtui.model.split.evidence` (the always-valid test), ``interval``, ``pvalue`` and
``forecast`` beside it; the words in ``words``; epochs in ``epochs``; what is typed in ``typed``.
``docs/split.md`` has the method and figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from math import ceil, exp, inf, isfinite, log
from typing import Final

from meshtui.model.errors import UsageError
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.evidence import log_evidence
from meshtui.model.split.forecast import answers_needed
from meshtui.model.split.interval import intervals
from meshtui.model.split.pvalue import PValue, p_value

ALPHA = 0.01
"""The probability of ever calling a correct split a mismatch, however often one looks, unless set otherwise."""

MARGIN = 0.10
"""How far a version's true share may be from the configured one to be called consistent, as a share of 1."""

LEAST_ALPHA = 1e-9
"""The least ``alpha`` that can be asked for: one more digit costs a run another twentieth of its requests."""

MOST_ALPHA = 0.5
"""The most: beyond it a toss of a coin would be the better test."""

LEAST_MARGIN = 0.0001
"""The least margin that can be asked for: a hundredth of a point takes some hundred million answers."""

LARGEST_E = 1e300
"""E-values are cut here, so that they are always a finite number in JSON; an impossible answer has this value."""


FORM: Final = "Write version=weight, as in v1=20,v2=80."
"""How expected shares are typed, as a hint."""


class ExpectationSource(StrEnum):
    """Where the expected shares come from."""

    CONFIG = "config"
    TYPED = "typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The shares that answers should have, or why there is nothing to test.

    ``weights`` are pairs of version and weight as configured (any positive total; a weight of 0 means that no answer
    may come from there). ``testable`` is false where draws are not independent (round robin, ring hash in one cluster);
    ``reason`` then says why in a sentence. ``notes`` say what is not certain about the mapping from subsets to
    versions. ``arriving`` says that a part of the config is not there yet, which for a moment is as it should
    be. ``label`` names the config it was read from (a route or a VirtualService) or is empty. ``by_locality`` are
    versions that a locality each stands for, where gRPC draws among those it is connected to: only what a channel
    answers once each of them has answered are draws by the weights. ``fallbacks`` are versions that gRPC turns to while
    it reaches no endpoint of a priority before theirs.
    """

    weights: tuple[tuple[str, float], ...]
    source: ExpectationSource
    testable: bool = True
    reason: str = ""
    notes: tuple[str, ...] = ()
    label: str = ""
    arriving: bool = False
    by_locality: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        weights: Mapping[str, float] | Iterable[tuple[str, float]],
        source: ExpectationSource,
        notes: tuple[str, ...] = (),
        label: str = "",
        by_locality: tuple[str, ...] = (),
    ) -> Expectation:
        """An expectation to test. Weights of the same version are added up, since two clusters may lead to one version.

        Raises ``UsageError`` when a weight is negative or not finite, or all are 0.
        """
        summed: dict[str, float] = {}
        for version, weight in weights.items() if isinstance(weights, Mapping) else weights:
            if not isfinite(weight) or weight < 0:
                raise UsageError(f"The weight of {version} is {weight:g}; a weight is a number of at least 0.", FORM)
            summed[version] = summed.get(version, 0.0) + weight
        if not sum(summed.values()) > 0:
            raise UsageError("The expected weights add up to 0.", "Give at least one version a weight above 0.")
        return cls(weights=tuple(summed.items()), source=source, notes=notes, label=label, by_locality=by_locality)

    @classmethod
    def untestable(
        cls,
        reason: str,
        source: ExpectationSource = ExpectationSource.CONFIG,
        weights: Mapping[str, float] | None = None,
        notes: tuple[str, ...] = (),
        label: str = "",
    ) -> Expectation:
        """Nothing to test, and why (one sentence)."""
        configured = tuple((weights or {}).items())
        return cls(weights=configured, source=source, testable=False, reason=reason, notes=notes, label=label)

    @property
    def shares(self) -> dict[str, float]:
        """Version to share of 1, in the order of ``weights``."""
        total = sum(weight for _, weight in self.weights)
        return {version: weight / total for version, weight in self.weights} if total > 0 else {}

    def same_test(self, other: Expectation | None) -> bool:
        """Whether both ask for the same shares of the same answers, so that a test in progress goes on."""
        if other is None or self.by_locality != other.by_locality:
            return False
        return self.testable == other.testable and self.shares == other.shares


class Verdict(StrEnum):
    """What the answers say about the configured shares."""

    CONSISTENT = "consistent"
    MISMATCH = "mismatch"
    UNDECIDED = "undecided"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class VersionShare:
    """One line of the histogram. Shares are of 1; ``expected`` is ``None`` where nothing is configured to compare with.

    ``of_all`` is the share of all requests, failed, lost and unknown ones among them: what is shown. ``observed`` is
    the share among answers of known version. ``low`` and ``high`` bound the true share, for all
    versions and moments together, and hold every way the requests of unknown version can have gone; ``None`` where
    draws are not independent, since no such interval holds then.
    """

    version: str
    _: KW_ONLY
    answered: int
    observed: float
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    of_all: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The verdict with what it stands on.

    ``e_value`` is the greatest so far in this epoch, which is what the verdict goes by; ``e_now`` is that of the
    present counts. ``p_value`` is for a finished batch only: it does not hold for counts that were watched.
    ``needed_more`` is about how many more answers will decide, 0 when decided, ``None`` when no number would or there
    is nothing to test. ``unexpected`` are versions that answered although configured to get nothing.
    """

    verdict: Verdict
    alpha: float
    margin: float
    counts: SplitCounts
    shares: tuple[VersionShare, ...] = ()
    e_value: float = 1.0
    e_now: float = 1.0
    p_value: PValue | None = None
    needed_more: int | None = None
    unexpected: tuple[str, ...] = ()
    expectation: Expectation | None = None

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Version to (low, high), for the versions that have an interval."""
        return {
            share.version: (share.low, share.high)
            for share in self.shares
            if share.low is not None and share.high is not None
        }


def assess(
    counts: SplitCounts,
    expectation: Expectation | None,
    alpha: float = ALPHA,
    margin: float = MARGIN,
    peak: float = 0.0,
) -> Assessment:
    """Judge the counts. ``peak`` is the greatest log evidence seen before in this epoch (see :class:`SplitBook`)."""
    if expectation is None or not expectation.testable or not expectation.shares:
        shares = _untested_shares(counts, expectation)
        return Assessment(
            verdict=Verdict.NONE, alpha=alpha, margin=margin, counts=counts, shares=shares, expectation=expectation
        )
    configured = expectation.shares
    versions = [*configured, *sorted(set(counts.by_version) - set(configured))]
    expected = [configured.get(version, 0.0) for version in versions]
    seen = [counts.by_version.get(version, 0) for version in versions]
    now = log_evidence(expected, seen, margin, counts.missing)
    evidence = max(peak, now)
    bounds = intervals(expected, seen, alpha, margin, counts.missing)
    verdict = _verdict(evidence, expected, bounds, alpha, margin)
    more: int | None = 0
    if verdict is Verdict.UNDECIDED:
        more = _with_early(answers_needed(expected, seen, counts.missing, alpha, margin), counts)
    return Assessment(
        verdict=verdict,
        alpha=alpha,
        margin=margin,
        counts=counts,
        shares=tuple(_tested_share(counts, *line) for line in zip(versions, expected, bounds, strict=True)),
        e_value=_e_value(evidence),
        e_now=_e_value(now),
        p_value=p_value(expected, seen),
        needed_more=more,
        unexpected=tuple(
            version for version in versions if counts.by_version.get(version) and not configured.get(version)
        ),
        expectation=expectation,
    )


def _with_early(needed: int | None, counts: SplitCounts) -> int | None:
    """So many more answers that as many as needed are draws, at the rate so far."""
    if needed is None or not counts.early:
        return needed
    return ceil(needed * counts.came_back / counts.total) if counts.total else None


def _tested_share(counts: SplitCounts, version: str, expected: float, bounds: tuple[float, float]) -> VersionShare:
    answered = counts.by_version.get(version, 0)
    return VersionShare(
        version,
        answered=answered,
        observed=answered / max(1, counts.answered),
        expected=expected,
        low=bounds[0],
        high=bounds[1],
        of_all=answered / max(1, counts.total),
    )


def evidence_of(counts: SplitCounts, expectation: Expectation | None, margin: float = MARGIN) -> float:
    """The log evidence of these counts alone, to keep its peak; 0 where nothing is tested."""
    if expectation is None or not expectation.testable or not expectation.shares:
        return 0.0
    shares = expectation.shares
    versions = [*shares, *(version for version in counts.by_version if version not in shares)]
    seen = [counts.by_version.get(version, 0) for version in versions]
    return log_evidence([shares.get(version, 0.0) for version in versions], seen, margin, counts.missing)


def _verdict(
    evidence: float, expected: list[float], bounds: tuple[tuple[float, float], ...], alpha: float, margin: float
) -> Verdict:
    if evidence >= log(1 / alpha):
        return Verdict.MISMATCH
    within = all(
        share - margin <= low and high <= share + margin for share, (low, high) in zip(expected, bounds, strict=True)
    )
    return Verdict.CONSISTENT if within else Verdict.UNDECIDED


def _e_value(evidence: float) -> float:
    return LARGEST_E if evidence == inf or evidence > log(LARGEST_E) else exp(evidence)


def _untested_shares(counts: SplitCounts, expectation: Expectation | None) -> tuple[VersionShare, ...]:
    configured = expectation.shares if expectation else {}
    versions = [*configured, *sorted(set(counts.by_version) - set(configured))]
    return tuple(
        VersionShare(
            version,
            answered=counts.by_version.get(version, 0),
            observed=counts.by_version.get(version, 0) / max(1, counts.answered),
            expected=configured.get(version),
            of_all=counts.by_version.get(version, 0) / max(1, counts.total),
        )
        for version in versions
    )
