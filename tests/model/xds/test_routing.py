"""Route decisions, held against gRPC's matching rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.xds.config import HeaderMatch, MatchKind, Route, RouteMatch, StringMatch, VirtualHost
from meshtui.model.xds.names import listener_name
from meshtui.model.xds.resource import LDS, RDS
from meshtui.model.xds.routing import (
    Candidate,
    Request,
    candidates,
    decide,
    header_matches,
    string_matches,
)
from meshtui.model.xds.virtual_hosts import HostIndex
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    header_equals,
    key,
    resource,
    routes,
    weighted,
    with_resource,
    without,
)

URL = f"xds:///{LISTENER}"
PATH = "/proto.EchoTestService/Echo"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("xds:///echo:7070", "echo:7070"),
        ("xds:echo:7070", "echo:7070"),
        ("xds:/echo:7070", "echo:7070"),
        ("XDS:///echo:7070", "echo:7070"),
        ("xds://authority.example/echo:7070", "echo:7070"),
        ("xds:///echo%3A7070", "echo:7070"),
        ("xds:///echo:7070?x=1", "echo:7070"),
        ("grpc://echo:7070", ""),
        ("echo:7070", ""),
        ("", ""),
    ],
)
def test_listener_name(url: str, name: str) -> None:
    assert listener_name(url) == name


def hosts(*patterns: str) -> list[VirtualHost]:
    return [VirtualHost(pattern, (pattern,), ()) for pattern in patterns]


@pytest.mark.parametrize(
    ("patterns", "authority", "expected"),
    [
        (("*", "*.svc", "echo.*", "echo.svc"), "echo.svc", "echo.svc"),
        (("*", "echo.*", "*.svc"), "echo.svc", "*.svc"),
        (("*", "echo.*"), "echo.svc", "echo.*"),
        (("*",), "echo.svc", "*"),
        (("*.b", "*.a.b"), "x.a.b", "*.a.b"),
        (("ECHO.svc",), "echo.SVC", "ECHO.svc"),
        (("other",), "echo.svc", None),
        (("*.svc",), ".svc", None),
    ],
)
def test_virtual_host(patterns: tuple[str, ...], authority: str, expected: str | None) -> None:
    found = HostIndex(hosts(*patterns)).find(authority)
    assert (found.name if found else None) == expected


def test_first_matching_route_wins() -> None:
    canary_route = Route("canary", RouteMatch(EVERYTHING.path, (header_equals("x-canary", "1"),)), weighted({"v2": 1}))
    rest = Route("rest", EVERYTHING, weighted({"v1": 1}))
    request = Request(LISTENER, PATH, {"x-canary": "1"})
    assert list(candidates((canary_route, rest), request)) == [Candidate(canary_route)]
    assert list(candidates((canary_route, rest), Request(LISTENER, PATH, {}))) == [Candidate(rest)]
    assert list(candidates((rest, canary_route), request)) == [Candidate(rest)]


def test_a_route_gRPC_leaves_out_is_passed_over() -> None:
    odd = Route("odd", RouteMatch(EVERYTHING.path, unsupported="query parameters"), weighted({"v2": 1}))
    rest = Route("rest", EVERYTHING, weighted({"v1": 1}))
    assert list(candidates((odd, rest), Request(LISTENER, PATH, {}))) == [Candidate(rest)]


def test_a_share_of_requests_is_a_caveat() -> None:
    some = Route("some", RouteMatch(EVERYTHING.path, fraction=0.25), weighted({"v2": 1}))
    rest = Route("rest", EVERYTHING, weighted({"v1": 1}))
    assert list(candidates((some, rest), Request(LISTENER, PATH, {}))) == [
        Candidate(some, "a route before it takes 25.00% of these requests at random"),
        Candidate(rest),
    ]


@pytest.mark.parametrize(
    ("match", "value", "expected"),
    [
        (StringMatch(MatchKind.EXACT, "/a"), "/a", True),
        (StringMatch(MatchKind.EXACT, "/a"), "/A", False),
        (StringMatch(MatchKind.EXACT, "/a", ignore_case=True), "/A", True),
        (StringMatch(MatchKind.PREFIX, "/a"), "/ab", True),
        (StringMatch(MatchKind.SUFFIX, "b"), "/ab", True),
        (StringMatch(MatchKind.CONTAINS, "x"), "axb", True),
        (StringMatch(MatchKind.REGEX, "/a.*"), "/abc", True),
        (StringMatch(MatchKind.REGEX, "a"), "/abc", False),
        (StringMatch(MatchKind.REGEX, "(unclosed"), "(unclosed", False),
    ],
)
def test_string_matches(match: StringMatch, value: str, expected: bool) -> None:
    assert string_matches(match, value) is expected


@pytest.mark.parametrize(
    ("header", "headers", "expected"),
    [
        (header_equals("x-canary", "1"), {"x-canary": "1"}, True),
        (header_equals("X-Canary", "1"), {"x-canary": "1"}, False),
        (header_equals("x-canary", "1"), {}, False),
        (HeaderMatch("x", StringMatch(MatchKind.EXACT, "1"), invert=True), {}, False),
        (HeaderMatch("x", StringMatch(MatchKind.EXACT, "1"), invert=True), {"x": "2"}, True),
        (HeaderMatch("x", StringMatch(MatchKind.PRESENT, "")), {"x": ""}, True),
        (HeaderMatch("x", StringMatch(MatchKind.PRESENT, ""), invert=True), {}, True),
        (HeaderMatch("x", StringMatch(MatchKind.RANGE, ""), low=1, high=3), {"x": "2"}, True),
        (HeaderMatch("x", StringMatch(MatchKind.RANGE, ""), low=1, high=3), {"x": "3"}, False),
        (HeaderMatch("x", StringMatch(MatchKind.RANGE, ""), low=1, high=3), {"x": "two"}, False),
        (header_equals("content-type", "application/grpc"), {}, True),
        (header_equals("trace-bin", "x"), {"trace-bin": "x"}, False),
    ],
)
def test_header_matches(header: HeaderMatch, headers: dict[str, str], expected: bool) -> None:
    assert header_matches(header, Request(LISTENER, PATH, headers)) is expected


def test_decide_names_the_whole_way() -> None:
    decision = decide(canary(), URL, PATH, {})
    assert decision.problem == ""
    assert decision.listener is not None
    assert decision.listener.key.name == LISTENER
    assert decision.route is not None
    assert [item.weight for item in decision.route.action.clusters] == [20, 80]


def test_a_host_header_is_the_authority() -> None:
    strict = routes(Route("r", EVERYTHING, weighted({"v1": 1})), domains=("only.this",))
    seen = with_resource(canary(), resource(RDS, ROUTES, strict))
    assert "No virtual host" in decide(seen, URL, PATH, {}).problem
    assert decide(seen, URL, PATH, {"Host": "only.this"}).problem == ""


def test_decide_says_what_is_not_there() -> None:
    seen = canary()
    assert decide(seen, "grpc://echo:7070", PATH, {}).problem.startswith("grpc://echo:7070 is no xds: URL")
    assert "no accepted listener nowhere:1" in decide(seen, "xds:///nowhere:1", PATH, {}).problem
    assert "no accepted route configuration" in decide(without(seen, key(RDS, ROUTES)), URL, PATH, {}).problem
    assert "no accepted listener" in decide(without(seen, key(LDS, LISTENER)), URL, PATH, {}).problem


@given(url=st.text(), path=st.text(), headers=st.dictionaries(st.text(), st.text(), max_size=3))
def test_decide_never_raises(url: str, path: str, headers: dict[str, str]) -> None:
    decision = decide(canary(), url, path, headers)
    assert decision.problem or decision.route


@given(pattern=st.text(max_size=20), value=st.text(max_size=20), kind=st.sampled_from(MatchKind))
def test_string_matches_never_raises(pattern: str, value: str, kind: MatchKind) -> None:
    assert string_matches(StringMatch(kind, pattern), value) in (True, False)
