"""Counts, series and percentiles: complete, and bounded however long a run is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.latency import LatencyHistogram
from meshtui.model.echo.series import RECENT_POINTS, WHOLE_POINTS, Point, Series
from meshtui.model.echo.tally import LATEST, MOST_CAUSES, MOST_KEYS, MOST_VALUES, OTHER, TallyCounter

START = datetime(2026, 8, 1, 20, 0, 0, tzinfo=UTC)


def outputs(*versions: str) -> BatchReply:
    texts = (
        f"[{i}] Latency={i + 1}ms\n[{i} body] ServiceVersion={version}\n[{i} body] Hostname=pod-{version}\n"
        for i, version in enumerate(versions)
    )
    return BatchReply(ReplyKind.OUTPUTS, tuple(texts))


def test_everything_sent_is_in_one_count() -> None:
    counter = TallyCounter(100, classify=lambda text: text.split()[0])
    replies = [
        (4, outputs("v1", "v2", "v2", "")),
        (10, BatchReply(ReplyKind.REFUSED, error="3/10 requests had errors; first error: refused by a")),
        (10, BatchReply(ReplyKind.REFUSED, error="2/10 requests had errors; first error: refused by b")),
        (6, BatchReply(ReplyKind.SILENT, error="silent for 7 s")),
        (5, BatchReply(ReplyKind.STOPPED)),
        (3, outputs("v1", "v1", "v1", "v1", "v1")),
        (9, BatchReply(ReplyKind.UNREACHED, error="refused")),
    ]
    for count, reply in replies:
        counter.add(account(Batch(number=1, count=count, qps=0, timeout_s=5.0), reply), START)
    tally = counter.look()
    assert tally.sent == 38
    assert tally.completed + tally.failed + tally.lost + tally.abandoned == tally.sent
    assert (tally.completed, tally.failed, tally.lost, tally.abandoned) == (22, 5, 6, 5)
    assert tally.unknown_version == 1 + 7 + 8
    assert tally.by_version == {"v1": 4, "v2": 2}
    assert tally.by_hostname == {"pod-v1": 4, "pod-v2": 2, "pod-": 1}
    assert tally.by_key["Hostname"] == tally.by_hostname
    assert tally.by_key["ServiceVersion"] == {"v1": 4, "v2": 2, "": 1}
    assert "Latency" not in tally.by_key
    assert tally.surplus == 2
    assert [(cause.code, cause.failed, cause.lost) for cause in tally.causes] == [("silent", 0, 6), ("refused", 5, 0)]
    assert tally.latency is not None
    assert tally.latency.most == 0.004
    assert sum(point.total for point in tally.whole) == tally.sent - tally.abandoned


def test_memory_is_bounded() -> None:
    counter = TallyCounter(None, classify=lambda text: text)
    for number in range(3 * MOST_CAUSES):
        text = "".join(f"[0 body] key{key}={number}\n" for key in range(3 * MOST_KEYS))
        reply = BatchReply(ReplyKind.OUTPUTS, (f"[0 body] ServiceVersion=v{number}\n{text}",))
        counter.add(account(Batch(number=1, count=1, qps=0, timeout_s=5.0), reply), START + timedelta(seconds=number))
        counter.add(
            account(Batch(number=1, count=1, qps=0, timeout_s=5.0), BatchReply(ReplyKind.REFUSED, error=f"e{number}")),
            START,
        )
    tally = counter.look()
    assert len(tally.by_key) == MOST_KEYS
    assert len(tally.by_key["key1"]) == MOST_VALUES + 1
    assert sum(tally.by_key["key1"].values()) == 3 * MOST_CAUSES
    assert len(tally.by_version) == MOST_VALUES + 1
    assert sum(tally.by_version.values()) == 3 * MOST_CAUSES
    assert len(tally.causes) == MOST_CAUSES + 1
    assert tally.by_version[OTHER] == 3 * MOST_CAUSES - MOST_VALUES
    assert len(tally.answers) == LATEST


def test_a_look_does_not_change_afterwards() -> None:
    counter = TallyCounter(None)
    counter.add(account(Batch(number=1, count=1, qps=0, timeout_s=5.0), outputs("v1")), START)
    before = counter.look()
    counter.add(account(Batch(number=2, count=1, qps=0, timeout_s=5.0), outputs("v1")), START)
    assert (before.sent, before.by_version, len(before.answers)) == (1, {"v1": 1}, 1)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=400))
def test_series_are_bounded_and_the_whole_loses_nothing(seconds: list[int]) -> None:
    whole, recent = Series.whole(), Series.recent()
    for second in seconds:
        point = Point(
            at=START + timedelta(seconds=second),
            seconds=0.0,
            by_version={"v1": 1},
            failed=1,
            latency_count=1,
            latency_max=second,
        )
        whole.add(point)
        recent.add(point)
    points = whole.points()
    assert len(points) <= WHOLE_POINTS
    assert sum(point.total for point in points) == 2 * len(seconds)
    assert max(point.latency_max for point in points) == max(seconds)
    assert all(first.at < second.at for first, second in pairwise(points))
    assert len(recent.points()) <= RECENT_POINTS


def test_a_long_run_keeps_its_whole_history_in_wider_points() -> None:
    whole, recent = Series.whole(), Series.recent()
    for second in range(3 * WHOLE_POINTS):
        point = Point(
            at=START + timedelta(seconds=second), seconds=0.0, by_version={"v1" if second < WHOLE_POINTS else "v2": 1}
        )
        whole.add(point)
        recent.add(point)
    points = whole.points()
    assert points[0].seconds == 4.0
    assert points[0].by_version == {"v1": points[0].total}
    assert points[-1].by_version == {"v2": points[-1].total}
    assert len(recent.points()) == RECENT_POINTS
    assert recent.points()[-1].seconds == 1.0


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=300))
def test_percentiles_are_within_half_a_per_cent(latencies: list[float]) -> None:
    histogram = LatencyHistogram()
    for latency in latencies:
        histogram.add(latency)
    result = histogram.look()
    assert result is not None
    ordered = sorted(latencies)
    for part, value in ((0.5, result.p50), (0.9, result.p90), (0.99, result.p99)):
        exact = ordered[max(0, -int(-part * len(ordered) // 1) - 1)]
        assert value == pytest.approx(exact, rel=0.0051)
    assert result.most == ordered[-1]


def test_odd_latencies() -> None:
    histogram = LatencyHistogram()
    assert histogram.look() is None
    for latency in (0.0, -1.0, 1e9):
        histogram.add(latency)
    result = histogram.look()
    assert result is not None
    assert result.most == 1e9
    assert result.p50 < 1e-6
