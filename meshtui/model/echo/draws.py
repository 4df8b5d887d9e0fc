"""Which answers of a set are independent draws by the weights: what a test of the split may count.

A weighted cluster is drawn for each call before any connection is looked at, and a call whose cluster is still
connecting waits for it (C-core ``src/core/resolver/xds/xds_resolver.cc``, ``XdsConfigSelector::GetCallConfig``;
grpc-go ``internal/xds/resolver/serviceconfig.go``, ``SelectConfig``): all answers are draws. Between the localities of
a cluster gRPC draws among those that are READY (C-core ``src/core/load_balancing/weighted_target/weighted_target.cc``,
``UpdateStateLocked``; grpc-go ``internal/balancer/weightedtarget/weightedaggregator/aggregator.go``, ``build``;
grpc-java ``WeightedTargetLoadBalancer.java``): a fresh channel gives all its first calls to the locality that it
reached first. Which one that is, the machine's load says and no weight.

So of such a set only what was begun after every locality had answered counts. The first moment of that is a stopping
time: it is known without looking at what comes after, and that is drawn by the weights, whatever came before.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor

from meshtui.model.echo.batch import BatchAccount
from meshtui.model.echo.spec import SERVER_CONCURRENCY, Answer
from meshtui.model.split.assessment import Expectation
from meshtui.model.split.counts import SplitCounts


def draws(result: BatchAccount, expectation: Expectation | None, qps: int) -> SplitCounts:
    """The counts that the split is judged by; ``qps`` is the set's own throttle.

    An answer from where none is drawn stays whenever it came: no order of connections explains it. So do requests of
    unknown version, each of which is taken in the way that speaks least against the split: to take more of them for
    draws than were only makes the test weaker.
    """
    counts = result.split
    if expectation is None or not expectation.by_locality:
        return counts
    shares = expectation.shares
    begins = _begins(result.answers, expectation.by_locality, qps)
    named = [(answer.index, answer.version) for answer in result.answers if answer.version is not None]
    late = [version for index, version in named if index >= begins or not shares.get(version)]
    early = [version for index, version in named if index < begins and shares.get(version)]
    return SplitCounts(_tally(late), counts.unknown, counts.failed, counts.lost, _tally(early))


def _begins(answers: Iterable[Answer], localities: Iterable[str], qps: int) -> float:
    """The index from which on requests were begun after each locality had answered; infinite if one never did.

    Answers are numbered as they were begun. Those begun beside the one that completes the localities may have been
    drawn before it, and so do not count.
    """
    awaited = set(localities)
    for answer in sorted(answers, key=lambda answer: answer.index):
        awaited.discard(answer.version or "")
        if not awaited:
            return answer.index + 1 + _beside(answer, qps)
    return float("inf")


def _beside(answer: Answer, qps: int) -> int:
    """How many requests can have been begun while this one was under way: by the throttle, and by the server's bound.

    A tick that came late is followed by the next one at once, hence the one more.
    """
    most = SERVER_CONCURRENCY - 1
    if not qps or answer.latency_s is None:
        return most
    return 1 + floor(min(max(answer.latency_s * qps, 0.0), most - 1))


def _tally(versions: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for version in versions:
        counted[version] = counted.get(version, 0) + 1
    return counted
