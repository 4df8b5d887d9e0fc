"""Where gRPC's languages match otherwise than one another, each as it was seen in a real client (docs/matching.md)."""

from __future__ import annotations

import pytest

from meshtui.model.xds.clients import Client, Language
from meshtui.model.xds.config import HeaderMatch, MatchKind, Route, RouteMatch, StringMatch, VirtualHost
from meshtui.model.xds.matching import MATCHING, as_read, why_left_out
from meshtui.model.xds.routing import Candidate, Request, candidates, header_matches
from meshtui.model.xds.virtual_hosts import HostIndex
from meshtui.model.xds.words import match_words
from tests.world.config import EVERYTHING, weighted

ANY, REGEX, RANGE = (StringMatch(kind, ".*") for kind in (MatchKind.PRESENT, MatchKind.REGEX, MatchKind.RANGE))
CORE, GO, JAVA = Language.CORE, Language.GO, Language.JAVA


@pytest.mark.parametrize(
    ("header", "headers", "by"),
    [
        (HeaderMatch("X-A", ANY), {"x-a": "v"}, {JAVA}),
        (HeaderMatch("x-a", ANY), {"x-a": ""}, {CORE, JAVA}),
        (HeaderMatch("x-a", ANY, invert=True), {"x-a": ""}, {GO}),
        (HeaderMatch("x-a", REGEX), {"x-a": ""}, {CORE, GO, JAVA}),
        (HeaderMatch("content-type", REGEX), {}, {CORE, JAVA}),
        (HeaderMatch("x-a-bin", REGEX), {"x-a-bin": "v"}, {GO}),
        (HeaderMatch(":path", StringMatch(MatchKind.EXACT, "/a.B/C")), {}, {CORE}),
        (HeaderMatch("n", RANGE, low=0, high=5), {"n": "4"}, {CORE, GO, JAVA}),
        (HeaderMatch("n", RANGE, low=0, high=5), {"n": "5"}, {JAVA}),
        (HeaderMatch("n", RANGE, low=0, high=5), {"n": " 4 "}, {CORE}),
        (HeaderMatch("n", RANGE, low=0, high=5), {"n": "+4"}, {CORE, GO, JAVA}),
        (HeaderMatch("n", RANGE, low=0, high=50), {"n": "1_0"}, set()),
        (HeaderMatch("n", RANGE, low=0, high=50), {"n": "٥"}, set()),
        (HeaderMatch("n", RANGE, low=0, high=2**63 - 1), {"n": str(2**64)}, set()),
        (HeaderMatch("n", RANGE, low=0, high=5, invert=True), {"n": "x"}, {CORE, GO, JAVA}),
        (HeaderMatch("n", RANGE, low=0, high=5, invert=True), {}, set()),
    ],
)
def test_headers(header: HeaderMatch, headers: dict[str, str], by: set[Language]) -> None:
    request = Request("echo", "/a.B/C", headers)
    assert {language for language in (CORE, GO, JAVA) if header_matches(header, request, MATCHING[language])} == by


@pytest.mark.parametrize(
    ("domains", "authority", "found"),
    [
        (("Echo",), "echo", {CORE: "Echo", JAVA: "Echo"}),
        (("*echo", "echo*"), "echo", {GO: "*echo"}),
        (("*.b", "x.a*"), "x.a.b", {CORE: "*.b", GO: "*.b", JAVA: "x.a*"}),
        (("*.b", "x*"), "x.b", dict.fromkeys((CORE, GO, JAVA), "*.b")),
        (("e*o", "echo"), "echo", {CORE: "echo", JAVA: "echo"}),
        (("echo.",), "echo", {}),
    ],
)
def test_domains(domains: tuple[str, ...], authority: str, found: dict[Language, str]) -> None:
    hosts = [VirtualHost(domain, (domain,), ()) for domain in domains]
    told = {language: HostIndex(hosts, MATCHING[language]).find(authority) for language in (CORE, GO, JAVA)}
    assert {language: host.name for language, host in told.items() if host} == found


def read_by(match: RouteMatch, headers: dict[str, str] | None = None) -> dict[Language, list[Candidate]]:
    """What each language makes of a request to ``/a.b/c`` with one route."""
    request = Request("echo", "/a.b/c", headers or {})
    route = Route("r", match, weighted({"v1": 1}))
    return {language: list(candidates([route], request, MATCHING[language])) for language in (CORE, GO, JAVA)}


def test_a_path_that_says_nothing_of_case() -> None:
    capitals = StringMatch(MatchKind.EXACT, "/A.B/C")
    assert {language for language, told in read_by(RouteMatch(capitals, case_unsaid=True)).items() if told} == {JAVA}
    assert not any(read_by(RouteMatch(capitals)).values())


def test_a_path_is_said_as_its_client_reads_it() -> None:
    """grpc-java ``XdsRouteConfigureResource.parsePathMatcher``: an absent ``case_sensitive`` is false to it alone."""
    unsaid = RouteMatch(StringMatch(MatchKind.PREFIX, "/a.B/"), case_unsaid=True)
    said = RouteMatch(StringMatch(MatchKind.PREFIX, "/a.B/"))
    regex = RouteMatch(StringMatch(MatchKind.REGEX, "/a.*"), case_unsaid=True)
    told = {
        language: [match_words(as_read(match, Client(language))) for match in (unsaid, said, regex)]
        for language in (CORE, GO, JAVA)
    }
    plain = ["/a.B/*", "/a.B/*", "~ /a.*"]
    assert told == {CORE: plain, GO: plain, JAVA: ["/a.B/* (any case)", *plain[1:]]}


def test_a_share_without_a_value() -> None:
    told = read_by(EVERYTHING._replace(fraction=0.0, fraction_unsaid=True))
    assert {language for language, found in told.items() if found} == {CORE}
    assert not any(read_by(EVERYTHING._replace(fraction=0.0)).values())


def test_whether_a_call_has_a_deadline_is_not_known() -> None:
    told = read_by(EVERYTHING._replace(headers=(HeaderMatch("grpc-timeout", ANY),)))
    assert [candidate.doubt for candidate in told[CORE]] == [
        "a route before it asks for grpc-timeout, which is there for calls with a deadline"
    ]
    assert not told[GO]
    assert not told[JAVA]


@pytest.mark.parametrize(
    ("kind", "value", "left_out"),
    [
        (MatchKind.PREFIX, "", False),
        (MatchKind.PREFIX, "/", False),
        (MatchKind.PREFIX, "/a.B/", False),
        (MatchKind.PREFIX, "a.B", True),
        (MatchKind.PREFIX, "//", True),
        (MatchKind.PREFIX, "/a/b/", True),
        (MatchKind.EXACT, "/a.B/C", False),
        (MatchKind.EXACT, "", True),
        (MatchKind.EXACT, "/a.B", True),
        (MatchKind.EXACT, "/a.B/", True),
        (MatchKind.EXACT, "//C", True),
        (MatchKind.EXACT, "/a/b/c", True),
        (MatchKind.REGEX, "a", False),
    ],
)
def test_a_path_of_no_call_is_left_out_by_c_core(kind: MatchKind, value: str, left_out: bool) -> None:
    route = Route("r", RouteMatch(StringMatch(kind, value)), weighted({"v1": 1}))
    assert bool(why_left_out(route, Client(CORE))) is left_out
    assert not why_left_out(route, Client(GO))
    assert not why_left_out(route, Client(JAVA))
