"""How much the counts speak against configured shares, at every moment: a Dirichlet-mixture e-process.

Method: M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022. Under the null (each
answer is an independent draw with the configured shares) the ratio

    e(n) = mixture of Dirichlet-multinomial likelihoods of the answers / likelihood under the configured shares

is a non-negative martingale that starts at 1, so by Ville's inequality it *ever* reaches 1/α with a probability of at
most α. That is what allows to look after every answer and stop when one likes.

Everything is a function of the counts alone: no state, no dependence on the order of answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, lgamma, log

DIFFUSE_CONCENTRATION = 10.0
"""Pseudo-answers of the broad part of the prior, spread like the configured shares. Small, so that great drifts, in any
number of versions at once, are seen within a few dozen answers (``bench/split_simulation.py``)."""

DIFFUSE_WEIGHT = 0.2
"""Prior weight of the broad part. The rest goes to drifts by the margin, which are the ones a reader asked about; 0.2
costs them 0.22 nats, about five answers of a hundred at 10 against 20 %."""

NARROWEST_STEP = 0.2
"""A drift towards 0 or 1 stops at this part of the way that was left, since a prior on a share of exactly 0 would bet
that the version never answers again and lose everything on one answer."""

UNEXPECTED = inf
"""Log evidence of an answer from a version that is configured to get none: the null gives it probability 0."""


@dataclass(frozen=True, slots=True)
class Component:
    """One Dirichlet of the mixture: its weight (they sum to 1) and its parameters, one a version."""

    weight: float
    alphas: tuple[float, ...]


def prior(shares: Sequence[float], margin: float) -> tuple[Component, ...]:
    """The mixture for these configured shares, each above 0 and summing to 1; ``margin`` (0 to 1) is the drift that
    matters.

    Beside the broad part there is one component for each version and direction: that version moved by the margin, the
    others keeping their proportions, concentrated so that its standard deviation is about 0.4 of the margin.
    """
    if len(shares) < 2:
        return ()
    concentration = 1.0 / (margin * margin)
    drifts = _drifts(shares, margin)
    broad = Component(DIFFUSE_WEIGHT, tuple(DIFFUSE_CONCENTRATION * share for share in shares))
    weight = (1.0 - DIFFUSE_WEIGHT) / len(drifts)
    return (broad, *(Component(weight, tuple(concentration * share for share in drift)) for drift in drifts))


def _drifts(shares: Sequence[float], margin: float) -> list[tuple[float, ...]]:
    """The shares after one version moved by the margin up or down. With two versions, each drift is there once."""
    moved = list(enumerate(shares))[:1] if len(shares) == 2 else list(enumerate(shares))
    drifts = []
    for index, share in moved:
        rest = 1.0 - share
        up = share + min(margin, rest * (1.0 - NARROWEST_STEP))
        down = share - min(margin, share * (1.0 - NARROWEST_STEP))
        for target in (up, down):
            scale = (1.0 - target) / rest
            drifts.append(tuple(target if other == index else each * scale for other, each in enumerate(shares)))
    return drifts


def log_sum_exp(terms: Sequence[float]) -> float:
    """log Σ exp(term), without overflow."""
    top = max(terms)
    if top in (inf, -inf):
        return top
    return top + log(sum(exp(term - top) for term in terms))


def log_marginal(component: Component, counts: Sequence[float]) -> float:
    """Log weight times the Dirichlet-multinomial probability of one sequence with these counts (real counts
    allowed)."""
    total = sum(component.alphas)
    value = log(component.weight) + lgamma(total) - lgamma(total + sum(counts))
    for alpha, count in zip(component.alphas, counts, strict=True):
        value += lgamma(alpha + count) - lgamma(alpha)
    return value


def log_null(shares: Sequence[float], counts: Sequence[float]) -> float:
    """Log probability of one sequence with these counts under the configured shares."""
    value = 0.0
    for share, count in zip(shares, counts, strict=True):
        if count:
            value += count * log(share) if share > 0 else -inf
    return value


def log_evidence(shares: Sequence[float], counts: Sequence[float], margin: float, missing: int = 0) -> float:
    """The natural logarithm of the e-value: 0 with no answers, at least log(1/α) for a mismatch.

    ``shares`` may hold zeros: an answer there gives :data:`UNEXPECTED`. ``missing`` requests were sent and their
    version is not known: the result is then a lower bound over every way they can have been spread, so that it stays
    valid whatever became of them.
    """
    if any(count and share <= 0 for share, count in zip(shares, counts, strict=True)):
        return UNEXPECTED
    kept = [(share, count) for share, count in zip(shares, counts, strict=True) if share > 0]
    if len(kept) < 2:
        return 0.0
    positive, seen = [share for share, _ in kept], [float(count) for _, count in kept]
    return log_sum_exp([_least(component, positive, seen, missing) for component in prior(positive, margin)])


def _least(component: Component, shares: Sequence[float], counts: Sequence[float], missing: int) -> float:
    """The component's least log likelihood ratio over all ways to spread ``missing`` further answers."""
    filled = pour(counts, component.alphas, shares, missing) if missing else counts
    return log_marginal(component, filled) - log_null(shares, filled)


def pour(counts: Sequence[float], alphas: Sequence[float], shares: Sequence[float], missing: int) -> list[float]:
    """The counts after ``missing`` further answers went, one by one, where they speak least against the shares.

    One more answer of version i changes the log likelihood ratio by log((αᵢ + nᵢ) / θᵢ), its *level*, and by a term
    common to all versions. The levels only rise, so taking the lowest each time is the best of all ways. Not to count
    thousands one by one, all but a few are poured like water up to one level; the last ones are then placed singly, and
    one that water put too high is taken back for a lower place.
    """
    base = [alpha + count for alpha, count in zip(alphas, counts, strict=True)]
    versions = range(len(counts))
    added = [int(depth) for depth in _water(base, shares, missing)]

    def level(version: int, answers: int) -> float:
        """Of the answer that follows ``answers`` added ones."""
        return (base[version] + answers) / shares[version]

    while sum(added) < missing:
        added[min(versions, key=lambda version: level(version, added[version]))] += 1
    while True:
        lowest = min(versions, key=lambda version: level(version, added[version]))
        highest = max(
            (version for version in versions if added[version]),
            key=lambda version: level(version, added[version] - 1),
            default=lowest,
        )
        if level(highest, added[highest] - 1) <= level(lowest, added[lowest]):
            return [count + more for count, more in zip(counts, added, strict=True)]
        added[highest] -= 1
        added[lowest] += 1


def _water(base: Sequence[float], shares: Sequence[float], missing: int) -> list[float]:
    """How deep ``missing`` stands over each version's base when poured, so that the lowest base / share are even."""
    order = sorted(range(len(base)), key=lambda version: base[version] / shares[version])
    height, width, level = float(missing), 0.0, 0.0
    for position, version in enumerate(order):
        height += base[version]
        width += shares[version]
        level = height / width
        following = order[position + 1] if position + 1 < len(order) else None
        if following is None or level <= base[following] / shares[following]:
            break
    return [max(0.0, level * share - start) for start, share in zip(base, shares, strict=True)]
