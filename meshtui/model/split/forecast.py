"""About how many more answers until the verdict falls, if traffic goes on as it has so far."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from meshtui.model.split.evidence import log_evidence
from meshtui.model.split.interval import intervals

PSEUDO_ANSWERS = 20.0
"""How many answers with the configured shares are added to the observed ones: the first few answers would otherwise
promise a quick mismatch half of the time."""

FARTHEST = 1_000_000
"""More answers than this are not forecast: it means that the verdict will not fall."""

ROUGHNESS = 0.03
"""The forecast is exact enough at this relative width; it is shown with two digits."""


def answers_needed(
    shares: Sequence[float], counts: Sequence[int], missing: int, alpha: float, margin: float
) -> int | None:
    """The number of further requests, rounded to two digits; ``None`` when no number up to :data:`FARTHEST` decides.

    Requests of unknown version are taken to stay as frequent as they are.
    """
    total = sum(counts) + missing
    lost = missing / (total + PSEUDO_ANSWERS)
    pull = sum(counts) + PSEUDO_ANSWERS
    going = [(count + PSEUDO_ANSWERS * share) / pull for share, count in zip(shares, counts, strict=True)]

    def decided(more: float) -> bool:
        future = [count + more * (1 - lost) * share for count, share in zip(counts, going, strict=True)]
        return _decides(shares, future, missing + round(more * lost), alpha, margin)

    least, most = 0.0, float(max(16, total // 8))
    while not decided(most):
        least, most = most, most * 2
        if most > FARTHEST:
            return None
    while most - least > max(1.0, most * ROUGHNESS):
        middle = (least + most) / 2
        least, most = (least, middle) if decided(middle) else (middle, most)
    return two_digits(most)


def _decides(shares: Sequence[float], counts: Sequence[float], missing: int, alpha: float, margin: float) -> bool:
    if log_evidence(shares, counts, margin, missing) >= log(1 / alpha):
        return True
    bounds = intervals(shares, counts, alpha, margin, missing)
    return all(
        share - margin <= low and high <= share + margin for share, (low, high) in zip(shares, bounds, strict=True)
    )


def two_digits(number: float) -> int:
    """Rounded up to two significant digits: 137.2 → 140, 12.1 → 13."""
    step = 1
    while number / step > 100:
        step *= 10
    return -int(-number // step) * step
