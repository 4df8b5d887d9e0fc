"""The fixed-sample test of a finished batch: exact multinomial while it can be enumerated, chi-square beyond.

A p-value is for counts looked at once, at a size fixed before. For counts watched while they grow, use the e-value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb, exp, inf, lgamma, log

MOST_OUTCOMES = 20_000
"""Outcomes that are enumerated at most: about 60 ms in CPython. Covers two versions up to 20 000 answers, three up to
198."""

TIE = 1e-9
"""Outcomes whose log probability is this close count as equally likely, as rounding differs in the last digits."""

SERIES_TERMS = 10_000
"""Bound on the terms of the incomplete gamma's series and fraction; they converge in about √x terms."""


@dataclass(frozen=True, slots=True)
class PValue:
    """The probability, under the configured shares, of counts at least as unlikely; ``method`` is exact or
    chi-square."""

    value: float
    method: str


def p_value(shares: Sequence[float], counts: Sequence[int]) -> PValue | None:
    """The fixed-sample p-value of these counts; ``None`` without answers. Answers where the share is 0 give 0."""
    if not sum(counts):
        return None
    if any(count and share <= 0 for share, count in zip(shares, counts, strict=True)):
        return PValue(0.0, "exact")
    kept = [(share, count) for share, count in zip(shares, counts, strict=True) if share > 0]
    positive, seen = [share for share, _ in kept], [count for _, count in kept]
    if comb(sum(seen) + len(seen) - 1, len(seen) - 1) <= MOST_OUTCOMES:
        return PValue(exact_multinomial(positive, seen), "exact")
    return PValue(chi_square(positive, seen), "chi-square")


def exact_multinomial(shares: Sequence[float], counts: Sequence[int]) -> float:
    """The sum of the probabilities of all outcomes that are at most as likely as the one seen."""
    total = sum(counts)
    logs = [log(share) for share in shares]
    factorials = [lgamma(number + 1) for number in range(total + 1)]

    def log_probability(outcome: Sequence[int]) -> float:
        parts = (count * each - factorials[count] for each, count in zip(logs, outcome, strict=True))
        return factorials[total] + sum(parts)

    seen = log_probability(counts)
    every = (log_probability(outcome) for outcome in _outcomes(total, len(counts)))
    return min(1.0, sum(exp(each) for each in every if each <= seen + TIE))


def _outcomes(total: int, versions: int) -> Iterator[tuple[int, ...]]:
    """Every way to spread ``total`` answers over the versions."""
    if versions == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _outcomes(total - first, versions - 1):
            yield (first, *rest)


def chi_square(shares: Sequence[float], counts: Sequence[int]) -> float:
    """Pearson's test: the upper tail of the chi-square distribution with one degree of freedom less than versions."""
    total = sum(counts)
    statistic = sum((count - total * share) ** 2 / (total * share) for share, count in zip(shares, counts, strict=True))
    return upper_gamma((len(counts) - 1) / 2, statistic / 2)


def upper_gamma(shape: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(shape, x): series below shape + 1, continued fraction above."""
    if x <= 0 or shape <= 0:
        return 1.0
    if x == inf:
        return 0.0
    scale = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        return max(0.0, 1.0 - scale * _series(shape, x))
    return min(1.0, scale * _fraction(shape, x))


def _series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, SERIES_TERMS):
        term *= x / (shape + step)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(shape: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction (DLMF 8.9.2)."""
    tiny = 1e-300
    b = x + 1.0 - shape
    c, d = 1.0 / tiny, 1.0 / b
    value = d
    for step in range(1, SERIES_TERMS):
        a = -step * (step - shape)
        b += 2.0
        d = 1.0 / ((a * d + b) or tiny)
        c = (b + a / c) or tiny
        change = d * c
        value *= change
        if abs(change - 1.0) < 1e-15:
            break
    return value
