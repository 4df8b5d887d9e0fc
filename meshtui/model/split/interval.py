"""Where each version's true share may lie, for all versions and all moments at once: a confidence sequence.

For one version, any share p is rejected once the mixture likelihood of "this version or another" exceeds K/α times the
likelihood under p; what is not rejected is the interval. It holds for all versions and at every moment together with
probability 1 − α, by Ville's inequality and a union bound over the K versions. With two versions the second interval is
the mirror of the first, so nothing is paid for the second. (Projecting the joint confidence sequence instead costs
(K − 2)/2 · log n and is wider from three versions on: ``bench/split_simulation.py``.)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from meshtui.model.split.evidence import Component, log_marginal, log_sum_exp, prior

PRECISION = 1e-5
"""How exactly an end of an interval is found, as a share: a tenth of the last digit that is shown."""

NEAR_EDGE = 0.005
"""A configured share of 0 or 1 counts as this far inside, only to place the prior of its interval; the interval stays
valid for any prior, and this one makes a clean 0 or 1 narrow fast."""


STAY_WEIGHT = 0.5
"""Prior weight, for intervals only, of shares near the configured ones. It makes a healthy split *consistent* after
about a fifth fewer answers than the prior of the test would, which bets on drifts alone."""


def intervals(
    shares: Sequence[float], counts: Sequence[float], alpha: float, margin: float, missing: int = 0
) -> tuple[tuple[float, float], ...]:
    """The simultaneous intervals (low, high) of the versions' true shares, as shares of 1.

    ``missing`` requests have no known version: the intervals then hold every way they can have been spread.
    """
    total = sum(counts) + missing
    if not total:
        return tuple((0.0, 1.0) for _ in shares)
    bound = log((len(shares) if len(shares) > 2 else 1) / alpha)
    result = []
    for share, count in zip(shares, counts, strict=True):
        mixture = _binary_prior(share, margin)
        low = _end(mixture, count, total, bound, upper=False)
        high = _end(mixture, count + missing, total, bound, upper=True)
        result.append((low, high))
    return tuple(result)


def _binary_prior(share: float, margin: float) -> tuple[Component, ...]:
    inside = min(max(share, NEAR_EDGE), 1.0 - NEAR_EDGE)
    pair = (inside, 1.0 - inside)
    drifts = (Component(part.weight * (1.0 - STAY_WEIGHT), part.alphas) for part in prior(pair, margin))
    concentration = 2.0 / (margin * margin)
    return (Component(STAY_WEIGHT, (concentration * pair[0], concentration * pair[1])), *drifts)


def _end(mixture: Sequence[Component], count: float, total: float, bound: float, *, upper: bool) -> float:
    """The share on one side of count/total where the evidence against it reaches ``bound``, rounded outwards.

    The log evidence against p is convex in p with its minimum at count/total, so bisection finds the one crossing.
    """
    if count == (total if upper else 0):
        return 1.0 if upper else 0.0
    against = log_sum_exp([log_marginal(component, (count, total - count)) for component in mixture])
    inside, outside = count / total, 1.0 if upper else 0.0
    while abs(outside - inside) > PRECISION:
        middle = (inside + outside) / 2
        null = (count * log(middle) if count else 0.0) + ((total - count) * log(1.0 - middle) if total > count else 0.0)
        if against - null < bound:
            inside = middle
        else:
            outside = middle
    return outside
