"""Which route and weighted clusters a request gets, by gRPC's matching rules (gRFC A27, A28, A63).

Everything is computed from the accepted config of one client scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from meshtui.model.regex import PatternRefusedError, full_match, refusal
from meshtui.model.xds.config import (
    HeaderMatch,
    Listener,
    MatchKind,
    Route,
    RouteConfiguration,
    RouteMatch,
    StringMatch,
)
from meshtui.model.xds.names import listener_name, split_target
from meshtui.model.xds.resource import LDS, RDS, Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.virtual_hosts import HostIndex


@dataclass(frozen=True, slots=True)
class Request:
    """A call as the router sees it: ``path`` is ``/package.Service/Method``; header names are lower case.

    ``authority`` picks the virtual host; for an ``xds:`` channel it is the listener's name unless overridden.
    """

    authority: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a request goes. ``problem`` is a sentence when it goes nowhere; ``caveats`` what cannot be foreseen."""

    listener: Resource | None = None
    routes: Resource | None = None
    route: Route | None = None
    problem: str = ""
    caveats: tuple[str, ...] = ()


def find_listener(snapshot: Snapshot, url: str) -> Resource | None:
    """The listener of a channel to an ``xds:`` URL, as well as it can be told from outside.

    Its name comes from a template of the bootstrap (gRFC A47), which CSDS does not show; the scope is the channel's own
    target since gRPC 1.66. Before that the name is the URL's, or ends in it.
    """
    wanted = split_target(url)
    best, found = 0, None
    for key, resource in snapshot.resources.items():
        rank = _fit(key, wanted) if key.type == LDS and resource.value else 0
        if rank > best:
            best, found = rank, resource
    return found


def _fit(listener: ResourceKey, wanted: tuple[str, str]) -> int:
    """How surely a listener is that of a channel to this target; 0 for one that is not."""
    authority, name = wanted
    if split_target(listener.scope) == wanted:
        return 3
    if not authority and listener.name == name:
        return 2
    return 1 if not listener.scope and unquote(listener.name).endswith(f"/{name}") else 0


def decide(snapshot: Snapshot, url: str, path: str, headers: Mapping[str, str]) -> Decision:
    """Where a call to an ``xds:`` URL goes. A ``host`` header overrides the authority, as Istio's echo does it."""
    name = listener_name(url)
    if not name:
        return Decision(problem=f"{url} is no xds: URL, so no route decides where it goes.")
    listener = find_listener(snapshot, url)
    if listener is None or not isinstance(listener.body, Listener):
        return Decision(problem=f"The client holds no accepted listener {name}.")
    routes, problem = _routes_of(snapshot, listener, listener.body)
    lowered = {key.lower(): value for key, value in headers.items()}
    if routes is None:
        return Decision(listener=listener, problem=problem)
    config = listener.body.inline_routes or (
        routes.body if isinstance(routes.body, RouteConfiguration) else RouteConfiguration("", ())
    )
    request = Request(lowered.get("host", name), path, lowered)
    host = HostIndex(config.virtual_hosts).find(request.authority)
    if host is None:
        return Decision(
            listener=listener,
            routes=routes,
            problem=f"No virtual host of {config.name or name} is for {request.authority}.",
        )
    route, caveats = match_route(host.routes, request)
    if route is None:
        missing = f"No route of virtual host {host.name} matches {path}."
        return Decision(listener=listener, routes=routes, problem=missing, caveats=caveats)
    return Decision(listener=listener, routes=routes, route=route, caveats=caveats)


def _routes_of(snapshot: Snapshot, resource: Resource, listener: Listener) -> tuple[Resource | None, str]:
    if listener.inline_routes is not None:
        return resource, ""
    name = listener.route_name
    routes = snapshot.resources.get(ResourceKey(resource.key.scope, RDS, name))
    if routes is None or not isinstance(routes.body, RouteConfiguration):
        return None, f"The client holds no accepted route configuration {name or '(the listener names none)'}."
    return routes, ""


# routes


def match_route(routes: Iterable[Route], request: Request) -> tuple[Route | None, tuple[str, ...]]:
    """The first route that matches. A route for a share of requests cannot be foreseen, nor one with a regular
    expression that RE2 does not take: it is passed over and said.
    """
    caveats: list[str] = []
    for route in routes:
        match = route.match
        if route.left_out:
            continue
        refused = _refused_pattern(match)
        if refused:
            caveats.append(f"a route before it has a regular expression that gRPC's engine RE2 refuses ({refused})")
            continue
        if not _path_matches(match.path, request.path):
            continue
        if not all(header_matches(header, request.headers) for header in match.headers):
            continue
        if match.fraction is not None and match.fraction < 1:
            caveats.append(f"a route before it takes {match.fraction:.2%} of these requests at random")
            continue
        return route, tuple(caveats)
    return None, tuple(caveats)


def _refused_pattern(match: RouteMatch) -> str:
    """Why RE2 does not take one of the patterns of a route; empty when it takes all."""
    patterns = (
        matcher.value for matcher in (match.path, *(header.match for header in match.headers)) if _is_regex(matcher)
    )
    return next((reason for pattern in patterns if (reason := refusal(pattern))), "")


def _is_regex(match: StringMatch) -> bool:
    return match.kind is MatchKind.REGEX


def header_matches(header: HeaderMatch, headers: Mapping[str, str]) -> bool:
    """Whether one header condition holds. A missing header fails every condition but "not present", inverted or not.

    gRFC A28; ``treat_missing_header_as_empty`` is read by none: grpc-go ``internal/xds/matcher/matcher_header.go``
    and its test, C-core ``src/core/util/matchers.cc``, grpc-java ``Matchers.HeaderMatcher``.

    gRPC keeps ``-bin`` headers out of matching, and takes ``content-type`` to be ``application/grpc``.
    """
    name = header.name.lower()
    value = "application/grpc" if name == "content-type" else headers.get(name)
    if name.endswith("-bin"):
        value = None
    if header.match.kind is MatchKind.PRESENT:
        wanted = header.match.value != "false"
        return ((value is not None) == wanted) != header.invert
    if value is None:
        return False
    if header.match.kind is MatchKind.RANGE:
        return _in_range(value, header.low, header.high) != header.invert
    return string_matches(header.match, value) != header.invert


def _in_range(value: str, low: int, high: int) -> bool:
    try:
        return low <= int(value) < high
    except ValueError:
        return False


def _path_matches(pattern: StringMatch, path: str) -> bool:
    if pattern.kind is MatchKind.PREFIX and pattern.value in ("", "/"):
        return True
    return string_matches(pattern, path)


def string_matches(match: StringMatch, value: str) -> bool:
    """Whether a pattern fits a value; regular expressions must fit the whole of it, as RE2's full match does."""
    wanted = match.value
    if match.ignore_case and match.kind is not MatchKind.REGEX:
        wanted, value = wanted.lower(), value.lower()
    match match.kind:
        case MatchKind.EXACT:
            return value == wanted
        case MatchKind.PREFIX:
            return value.startswith(wanted)
        case MatchKind.SUFFIX:
            return value.endswith(wanted)
        case MatchKind.CONTAINS:
            return wanted in value
        case MatchKind.REGEX:
            return _regex_matches(wanted, value)
        case _:
            return True


def _regex_matches(pattern: str, value: str) -> bool:
    try:
        return full_match(pattern, value)
    except PatternRefusedError:
        return False
