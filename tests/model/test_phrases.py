"""How things are said everywhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.model.phrases import age_words, ago_words, plural, share_words, size_words, span_words
from meshtui.model.xds.config import HeaderMatch, MatchKind, RouteMatch, StringMatch, TlsContext, TlsMode
from meshtui.model.xds.words import header_words, inbound_tls_words, is_catch_all, match_words, tls_words


def match(kind: MatchKind, value: str = "v", *, ignore_case: bool = False) -> StringMatch:
    return StringMatch(kind, value, ignore_case)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HeaderMatch("h", match(MatchKind.EXACT)), "h=v"),
        (HeaderMatch("h", match(MatchKind.PREFIX)), "h=v*"),
        (HeaderMatch("h", match(MatchKind.SUFFIX)), "h=*v"),
        (HeaderMatch("h", match(MatchKind.CONTAINS)), "h=*v*"),
        (HeaderMatch("h", match(MatchKind.REGEX)), "h ~ v"),
        (HeaderMatch("h", match(MatchKind.PRESENT, "")), "h present"),
        (HeaderMatch("h", match(MatchKind.PRESENT, ""), invert=True), "not h present"),
        (HeaderMatch("h", match(MatchKind.RANGE, ""), low=0, high=10), "h in [0, 10)"),
        (HeaderMatch("h", match(MatchKind.EXACT, ignore_case=True)), "h=v (any case)"),
    ],
)
def test_headers(header: HeaderMatch, words: str) -> None:
    assert header_words(header) == words


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (RouteMatch(match(MatchKind.PREFIX, "/")), "(everything else)"),
        (RouteMatch(match(MatchKind.PREFIX, "")), "(everything else)"),
        (RouteMatch(match(MatchKind.EXACT, "/a.B/C")), "/a.B/C"),
        (RouteMatch(match(MatchKind.EXACT, "/a.B/C", ignore_case=True)), "/a.B/C (any case)"),
        (RouteMatch(match(MatchKind.PREFIX, "/a.B/", ignore_case=True)), "/a.B/* (any case)"),
        (RouteMatch(match(MatchKind.REGEX, "/x+")), "~ /x+"),
        (RouteMatch(match(MatchKind.PREFIX, "/"), fraction=0.25), "25 % of requests"),
        (RouteMatch(match(MatchKind.PREFIX, "/"), (HeaderMatch("h", match(MatchKind.EXACT)),)), "header h=v"),
        (
            RouteMatch(match(MatchKind.PREFIX, "/a"), unsupported="query parameters"),
            "/a*  (query parameters: gRPC leaves this route out)",
        ),
    ],
)
def test_matches(route: RouteMatch, words: str) -> None:
    assert match_words(route) == words
    assert is_catch_all(route) == (words == "(everything else)")


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (1, "100 %"), (0.2, "20 %"), (1 / 3, "33.3 %"), (0.0005, "0.05 %"), (0.999, "99.9 %")],
)
def test_shares(share: float, words: str) -> None:
    assert share_words(share) == words


def test_a_share_short_of_all_is_not_called_all() -> None:
    assert [share_words(share) for share in (0.9999, 0.99999)] == ["99.99 %", "> 99.99 %"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1m"),
        (252, "4m 12s"),
        (7_500, "2h 5m"),
        (86_400 * 3, "3d"),
        (31_536_000 * 9 + 86_400 * 364, "9y 364d"),
        (-90, "-1m 30s"),
        (timedelta(minutes=1, seconds=1), "1m 1s"),
    ],
)
def test_spans(span: timedelta | float, words: str) -> None:
    assert span_words(span) == words


@pytest.mark.parametrize(
    ("span", "words"), [(0.4, "now"), (3, "3 s"), (240, "4 m"), (7_200, "2 h"), (432_000, "5 d"), (-5, "now")]
)
def test_ages(span: float, words: str) -> None:
    assert age_words(span) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (1023, "1023 B"), (4_300, "4.2 KiB"), (6_400_000, "6.1 MiB"), (2**31, "2.0 GiB")]
)
def test_sizes(size: int, words: str) -> None:
    assert size_words(size) == words


def test_tls() -> None:
    assert [tls_words(TlsContext(mode)) for mode in TlsMode] == ["plaintext", "TLS", "mTLS", "TLS that cannot be read"]
    assert inbound_tls_words(TlsContext(TlsMode.PLAINTEXT)) == "plaintext"
    assert inbound_tls_words(TlsContext(TlsMode.MTLS, require_client_certificate=True)) == "STRICT mTLS"
    assert inbound_tls_words(TlsContext(TlsMode.TLS)) == "TLS, client certificate optional"
    assert inbound_tls_words(TlsContext(TlsMode.UNREADABLE)) == "TLS that cannot be read"


def test_plurals() -> None:
    assert [plural(count, "cluster") for count in (0, 1, 2)] == ["0 clusters", "1 cluster", "2 clusters"]
    assert plural(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("seconds", "words"), [(-1, "just now"), (0, "just now"), (0.9, "just now"), (1, "1 s ago"), (200, "3 m ago")]
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago_words(timedelta(seconds=seconds)) == words
