"""The split's test, simulated: false alarms under peeking after every answer, and how many answers a drift takes.

Run: ``python -m bench.split_simulation`` (about a minute). The figures are in docs/split.md.

The e-value is updated answer by answer with the predictive probability of each Dirichlet of the real prior, which
equals the closed form that the program computes from counts; ``check`` compares both on every hundredth path.

False alarms are found twice. Counted: healthy runs that alarm, with the noise of counting. Weighted: runs are drawn
from the mixture itself, where nearly all alarm, and each counts with the likelihood ratio 1/e at its alarm; that
estimates the same probability with hardly any noise.
"""

from __future__ import annotations

import random
import statistics
import time
from math import exp, log

from meshtui.model.split.evidence import log_evidence, prior
from meshtui.model.split.forecast import answers_needed
from meshtui.model.split.interval import intervals

ALPHA = 0.01
MARGIN = 0.10
HORIZON = 2_000
"""Answers after which a healthy split has been peeked at often enough; false alarms come early."""

FALSE_ALARM_PATHS = 2_000
WEIGHTED_PATHS = 2_000
POWER_PATHS = 800
LONGEST = 4_000
"""Answers after which a drift counts as not found."""

Shares = tuple[float, ...]

HEALTHY: tuple[Shares, ...] = ((0.2, 0.8), (0.5, 0.5), (0.1, 0.9), (0.01, 0.99), (0.7, 0.2, 0.1))

DRIFTS: tuple[tuple[str, Shares, Shares, int | None], ...] = (
    ("10 → 20 %", (0.1, 0.9), (0.2, 0.8), 130),
    ("10 → 15 %", (0.1, 0.9), (0.15, 0.85), None),
    ("20 → 30 %", (0.2, 0.8), (0.3, 0.7), 200),
    ("50 → 60 %", (0.5, 0.5), (0.6, 0.4), 300),
    ("5 → 10 %", (0.05, 0.95), (0.1, 0.9), None),
    ("20 → 50 % (weights not applied)", (0.2, 0.8), (0.5, 0.5), None),
    ("10 → 0 % (canary gets nothing)", (0.1, 0.9), (0.0, 1.0), None),
    ("20/80 → 80/20 (swapped)", (0.2, 0.8), (0.8, 0.2), None),
    ("70/20/10 → 60/30/10", (0.7, 0.2, 0.1), (0.6, 0.3, 0.1), None),
)


def first_alarm(chance: random.Random, configured: Shares, true: Shares, longest: int) -> tuple[int, float] | None:
    """When the e-value first reaches 1/α, looking after each answer, and its value then; ``None`` when it does not."""
    mixture = prior(configured, MARGIN)
    values = [component.weight for component in mixture]
    alphas = [component.alphas for component in mixture]
    sums = [sum(each) for each in alphas]
    counts = [0] * len(configured)
    drawn = chance.choices(range(len(true)), true, k=longest)
    for seen, version in enumerate(drawn):
        count, share = counts[version], configured[version]
        for index, own in enumerate(alphas):
            values[index] *= (own[version] + count) / ((sums[index] + seen) * share)
        counts[version] = count + 1
        value = sum(values)
        if value >= 1 / ALPHA:
            return seen + 1, value
    if chance.random() < 0.01:
        check(configured, counts, sum(values))
    return None


def check(configured: Shares, counts: list[int], value: float) -> None:
    """The closed form of the program says the same as the answer-by-answer product."""
    closed = exp(log_evidence(configured, counts, MARGIN))
    if abs(closed - value) > 1e-6 * max(closed, value):
        raise AssertionError(f"closed form {closed} and product {value} differ at {counts}")


def counted_false_alarms(chance: random.Random, shares: Shares) -> float:
    """The part of healthy runs that are ever called a mismatch within the horizon."""
    alarms = sum(first_alarm(chance, shares, shares, HORIZON) is not None for _ in range(FALSE_ALARM_PATHS))
    return alarms / FALSE_ALARM_PATHS


def weighted_false_alarms(chance: random.Random, shares: Shares) -> float:
    """The same probability, from runs whose true shares are drawn from the prior."""
    mixture = prior(shares, MARGIN)
    total = 0.0
    for _ in range(WEIGHTED_PATHS):
        component = chance.choices(mixture, [each.weight for each in mixture])[0]
        parts = [chance.gammavariate(alpha, 1.0) for alpha in component.alphas]
        found = first_alarm(chance, shares, tuple(part / sum(parts) for part in parts), HORIZON)
        total += 1 / found[1] if found else 0.0
    return total / WEIGHTED_PATHS


def answers_to_find(chance: random.Random, configured: Shares, true: Shares) -> tuple[int, int, float]:
    """Median and 90th percentile of the answers until a mismatch is called, and the part found at all."""
    found = [first_alarm(chance, configured, true, LONGEST) for _ in range(POWER_PATHS)]
    times = sorted(LONGEST + 1 if alarm is None else alarm[0] for alarm in found)
    return (
        round(statistics.median(times)),
        times[int(0.9 * len(times))],
        sum(each <= LONGEST for each in times) / len(times),
    )


def ten_of_a_hundred(chance: random.Random, configured: Shares, true: Shares, paths: int = 4_000) -> float:
    """How often Istio's own rule (each version within ±10 of 100 answers) fails the run."""
    failed = 0
    for _ in range(paths):
        drawn = chance.choices(range(len(true)), true, k=100)
        failed += any(abs(drawn.count(version) - 100 * share) > 10 for version, share in enumerate(configured))
    return failed / paths


def joint_projection_width(counts: tuple[int, ...], alpha: float) -> float:
    """Width of the first version's interval when the joint confidence sequence is projected, same prior for both."""
    total = sum(counts)
    shares = tuple(count / total for count in counts)
    best = log_evidence(shares, counts, MARGIN) + sum(count * log(count / total) for count in counts)
    low = high = counts[0] / total
    for sign in (-1, 1):
        inside, outside = counts[0] / total, 0.0 if sign < 0 else 1.0
        for _ in range(40):
            middle = (inside + outside) / 2
            rest = (1 - middle) / (total - counts[0])
            null = counts[0] * log(middle) + sum(count * log(count * rest) for count in counts[1:])
            inside, outside = (middle, outside) if best - null < log(1 / alpha) else (inside, middle)
        low, high = (outside, high) if sign < 0 else (low, outside)
    return high - low


def main() -> None:
    """Print the tables of docs/split.md; fails when a figure breaks its promise."""
    chance = random.Random(20260801)
    began = time.perf_counter()
    broken: list[str] = []
    print(f"False alarms, peeking after each of {HORIZON} answers, α {ALPHA:g}, {FALSE_ALARM_PATHS} runs")
    for shares in HEALTHY:
        counted, weighted = counted_false_alarms(chance, shares), weighted_false_alarms(chance, shares)
        rule = ten_of_a_hundred(chance, shares, shares)
        print(
            f"  {label(shares):12} counted {counted:6.2%}   weighted {weighted:7.3%}    ±10 of 100, once: {rule:6.2%}"
        )
        noise = 4 * (ALPHA * (1 - ALPHA) / FALSE_ALARM_PATHS) ** 0.5
        if weighted >= ALPHA or counted >= ALPHA + noise:
            broken.append(f"false alarms {weighted:.3%} ({counted:.2%} counted) at {label(shares)}")
    print(f"\nAnswers until a drift is called a mismatch, {POWER_PATHS} runs")
    for name, configured, true, target in DRIFTS:
        median, most, found = answers_to_find(chance, configured, true)
        rule = ten_of_a_hundred(chance, configured, true)
        print(f"  {name:34} median {median:5}  p90 {most:5}  found {found:4.0%}   ±10 of 100 finds {rule:6.1%}")
        if target is not None and median > target:
            broken.append(f"{name} takes {median}, not {target}")
    print("\nAnswers until a healthy split is consistent within 10 points (forecast from none)")
    for shares in (*HEALTHY, (1.0,)):
        print(f"  {label(shares):12} {answers_needed(shares, [0] * len(shares), 0, ALPHA, MARGIN)}")
    print("\nWidth of an interval at 500 answers: union bound over versions, and projected joint sequence")
    for counts in ((350, 100, 50), (200, 100, 100, 100)):
        shares = tuple(count / sum(counts) for count in counts)
        low, high = intervals(shares, counts, ALPHA, MARGIN)[0]
        projected = joint_projection_width(counts, ALPHA)
        print(f"  {label(shares):12} {high - low:.3f}   {projected:.3f}")
    print(f"\n{time.perf_counter() - began:.0f} s")
    if broken:
        raise SystemExit("broken promises: " + "; ".join(broken))


def label(shares: Shares) -> str:
    """``20/80``."""
    return "/".join(f"{share * 100:g}" for share in shares)


if __name__ == "__main__":
    main()
