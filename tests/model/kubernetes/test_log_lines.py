"""Lines of istio-proxy's log as people quoted them (istio#29957, #27174, #30582, #29975, #33877), and any others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_lines import LONGEST_LINE, LogLine, StreamStep, Topic, parse_line
from meshtui.model.printable import is_printable

UNEXPECTED = (
    "upstream terminated with unexpected error rpc error: code = Internal desc = stream terminated by RST_STREAM with "
    "error code: NO_ERROR"
)


@pytest.mark.parametrize(
    ("written", "topic", "step", "trouble"),
    [
        (
            "info\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012",
            Topic.XDS,
            StreamStep.CONNECTED,
            False,
        ),
        (
            "info\txdsproxy\tconnected to delta upstream XDS server: istiod.istio-system.svc:15012\tid=3",
            Topic.XDS,
            StreamStep.CONNECTED,
            False,
        ),
        (
            "info\txdsproxy\tdisconnected from XDS server: istiod-latest.istio-system.svc:15012",
            Topic.XDS,
            StreamStep.ENDED,
            False,
        ),
        (f"warn\txdsproxy\t{UNEXPECTED}", Topic.XDS, StreamStep.FAILED, True),
        (
            "debug\txdsproxy\tupstream terminated with status rpc error: code = Unavailable desc = closing",
            Topic.XDS,
            StreamStep.ENDED,
            False,
        ),
        (
            "error\txdsproxy\tfailed to connect to upstream istiod.istio-system.svc:15012: context deadline exceeded",
            Topic.XDS,
            StreamStep.FAILED,
            True,
        ),
        (
            "warn\txdsproxy\tregistered overlapping stream; closing previous",
            Topic.XDS,
            StreamStep.EVICTED,
            True,
        ),
        (
            "warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 14, transport is closing",
            Topic.XDS,
            StreamStep.ENDED,
            True,
        ),
        (
            'info\txdsproxy\tInitializing with upstream address "istiod.istio-system:15012" and cluster "Kubernetes"',
            Topic.XDS,
            StreamStep.NONE,
            False,
        ),
        (
            "info\tcache\treturned workload certificate from cache\tttl=23h59m59.1s",
            Topic.CERTIFICATES,
            StreamStep.NONE,
            False,
        ),
        (
            "info\tCA Endpoint istiod.istio-system.svc:15012, provider Citadel",
            Topic.CERTIFICATES,
            StreamStep.NONE,
            False,
        ),
        ("info\tReadiness succeeded in 1.2s", Topic.READINESS, StreamStep.NONE, False),
        ("info\tEnvoy proxy is ready", Topic.READINESS, StreamStep.NONE, False),
        ('info\tFLAG: --concurrency="2"', Topic.OTHER, StreamStep.NONE, False),
    ],
)
def test_what_a_line_is_about(written: str, topic: Topic, step: StreamStep, trouble: bool) -> None:
    stamped = f"2026-11-28T18:44:59.848199512Z 2026-11-28T18:44:59.848182Z\t{written}\n"
    line = parse_line(stamped.encode())
    assert (line.topic, line.step, line.is_trouble) == (topic, step, trouble)
    assert line.level == written.partition("\t")[0]
    assert line.at == datetime(2026, 11, 28, 18, 44, 59, 848199, tzinfo=UTC)


def test_columns() -> None:
    line = parse_line(b"2021-01-11T18:05:53.451244Z\tinfo\txdsproxy\tconnected to upstream\tid=1", stamped=False)
    assert (line.scope, line.text) == ("xdsproxy", "connected to upstream  id=1")
    assert line.at == datetime(2021, 1, 11, 18, 5, 53, 451244, tzinfo=UTC)
    envoy = parse_line(b"2021-01-11T18:05:53.451244Z\twarning\tenvoy config\tsomething", stamped=False)
    assert (envoy.scope, envoy.text) == ("envoy config", "something")
    plain = parse_line(b"2021-01-11T18:05:53.451244Z\tinfo\tEnvoy proxy is ready", stamped=False)
    assert (plain.scope, plain.text) == ("", "Envoy proxy is ready")
    labelled = parse_line(b"2021-01-11T18:05:53.451244Z\tinfo\tOpening status port 15020\tport=15020", stamped=False)
    assert labelled.text == "Opening status port 15020  port=15020"


def test_json() -> None:
    written = (
        b'{"level":"warn","time":"2026-11-28T18:44:59.848182Z","scope":"xdsproxy",'
        b'"msg":"registered overlapping stream; closing previous","id":3}'
    )
    line = parse_line(written, stamped=False)
    assert (line.level, line.scope, line.step) == ("warn", "xdsproxy", StreamStep.EVICTED)
    assert line.text == "registered overlapping stream; closing previous  id=3"
    assert parse_line(b"{no json", stamped=False).text == "{no json"


def test_others_are_lines_too() -> None:
    assert parse_line(b"panic: runtime error\n").text == "panic: runtime error"
    assert parse_line(b"\x1b[31mred\x1b[0m\n").text == "␛[31mred␛[0m"
    long = parse_line(b"x" * (LONGEST_LINE + 1), stamped=False)
    assert (long.cut, len(long.text)) == (True, LONGEST_LINE)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode), st.booleans())
def test_whatever_a_program_writes_is_a_harmless_line(raw: bytes, stamped: bool) -> None:
    line = parse_line(raw, stamped=stamped)
    assert is_printable(line.whole)


def lines(count: int, text: str = "line") -> list[LogLine]:
    return [LogLine(text=f"{text} {number}") for number in range(count)]


def test_the_newest_are_kept() -> None:
    book = LogBook(most=3).add(lines(2)).add(lines(2, "later"))
    assert [line.text for line in book.lines] == ["line 1", "later 0", "later 1"]
    assert book.dropped == 1
    assert [line.text for line in book.tail(2)] == ["later 0", "later 1"]
    assert book.tail(0) == ()
    assert book.add([]) is book


def test_search_and_topics() -> None:
    book = LogBook().add(
        [
            LogLine(text="connected to upstream XDS server: istiod", scope="xdsproxy", topic=Topic.XDS),
            LogLine(text="Opening status port 15020"),
        ]
    )
    assert book.find("ISTIOD connected") == (0,)
    assert book.find("xdsproxy") == (0,)
    assert book.find("istiod port") == ()
    assert book.find(" ") == ()
    assert [line.scope for line in book.about(Topic.XDS, Topic.CERTIFICATES)] == ["xdsproxy"]


@given(st.lists(st.lists(st.text(max_size=30), max_size=6), max_size=8), st.integers(1, 6), st.integers(1, 60))
def test_the_book_is_bounded_and_loses_only_the_oldest(given_: list[list[str]], most: int, characters: int) -> None:
    book = LogBook(most=most, most_characters=characters)
    everything: list[LogLine] = []
    for texts in given_:
        new = [LogLine(text=text) for text in texts]
        everything += new
        book = book.add(new)
        assert len(book.lines) <= most
        assert sum(len(line.text) for line in book.lines[:-1]) <= characters
        assert list(book.lines) == everything[book.dropped :]
        assert replace(book) == book


def test_a_megabyte_without_an_end_is_looked_at_only_so_far() -> None:
    line = parse_line(b"\xff" * (1 << 20), stamped=False)
    assert (line.cut, len(line.text)) == (True, LONGEST_LINE)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("gRPC config for type.googleapis.com/envoy.config.cluster.v3.Cluster rejected: Error", StreamStep.REJECTED),
        ("sending NACK for ECDS resources [], err: no module", StreamStep.REJECTED),
        ("failed to create upstream grpc client: rpc error", StreamStep.FAILED),
        ("the offer was rejected: xds", StreamStep.NONE),
    ],
)
def test_what_became_of_what_came(text: str, step: StreamStep) -> None:
    line = parse_line(f"2021-01-11T18:05:53Z\tinfo\txdsproxy\t{text}".encode(), stamped=False)
    assert line.step is step
