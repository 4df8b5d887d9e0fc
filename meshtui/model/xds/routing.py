"""Which route and weighted clusters a request gets, by gRPC's matching rules (gRFC A27, A28, A63).

Everything is computed from the accepted config of one client scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
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
    VirtualHost,
)
from meshtui.model.xds.matching import BY_THE_BOOK, Matching, matching_of, path_read
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that may take a request; ``doubt`` is why it may not, and empty where it surely does."""

    route: Route
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a request goes. ``problem`` is a sentence when it goes nowhere; ``candidates`` as of :func:`candidates`."""

    listener: Resource | None = None
    routes: Resource | None = None
    host: VirtualHost | None = None
    candidates: tuple[Candidate, ...] = ()
    problem: str = ""

    @property
    def route(self) -> Route | None:
        """The first route that surely takes it."""
        return next((candidate.route for candidate in self.candidates if not candidate.doubt), None)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What cannot be foreseen of the routes before it."""
        return tuple(candidate.doubt for candidate in self.candidates if candidate.doubt)


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
    request = Request(lowered.pop("host", name), path, lowered)
    matching = matching_of(snapshot.node)
    host = HostIndex(config.virtual_hosts, matching).find(request.authority)
    if host is None:
        return Decision(
            listener=listener,
            routes=routes,
            problem=f"No virtual host of {config.name or name} is for {request.authority}.",
        )
    found = tuple(candidates(host.routes, request, matching))
    lost = not found or bool(found[-1].doubt)
    problem = f"No route of virtual host {host.name} matches {path}." if lost else ""
    return Decision(listener=listener, routes=routes, host=host, candidates=found, problem=problem)


def _routes_of(snapshot: Snapshot, resource: Resource, listener: Listener) -> tuple[Resource | None, str]:
    if listener.inline_routes is not None:
        return resource, ""
    name = listener.route_name
    routes = snapshot.resources.get(ResourceKey(resource.key.scope, RDS, name))
    if routes is None or not isinstance(routes.body, RouteConfiguration):
        return None, f"The client holds no accepted route configuration {name or '(the listener names none)'}."
    return routes, ""


# routes


def candidates(routes: Iterable[Route], request: Request, matching: Matching = BY_THE_BOOK) -> Iterator[Candidate]:
    """The routes that may take a request, in their order; the last of them surely does, if one does.

    A share of requests cannot be foreseen, nor whether a call has a deadline. A route with a regular expression that
    RE2 does not take stands in no config that a client accepted; if it is there, it may match.
    """
    for route in routes:
        match = route.match
        if route.left_out:
            continue
        refused = _refused_pattern(match)
        if refused:
            yield Candidate(
                route, f"a route before it has a regular expression that gRPC's engine RE2 refuses ({refused})"
            )
        elif string_matches(path_read(match, matching), request.path):
            doubt = _doubt(match, request, matching)
            if doubt is not None:
                yield Candidate(route, doubt)
                if not doubt:
                    return


def _doubt(match: RouteMatch, request: Request, matching: Matching) -> str | None:
    """Why a route whose path fits may not take a request; empty where it does, ``None`` where it does not."""
    timed = [header for header in match.headers if _asks_for_the_deadline(header, request, matching)]
    if not all(header_matches(header, request, matching) for header in match.headers if header not in timed):
        return None
    share = 1.0 if match.fraction is None or _takes_all(match, matching) else match.fraction
    if share <= 0:
        return None
    if share < 1:
        return f"a route before it takes {share:.2%} of these requests at random"
    return "a route before it asks for grpc-timeout, which is there for calls with a deadline" if timed else ""


def _takes_all(match: RouteMatch, matching: Matching) -> bool:
    return match.fraction_unsaid and matching.share_without_value_is_all


def _asks_for_the_deadline(header: HeaderMatch, request: Request, matching: Matching) -> bool:
    return matching.reads_timeout_header and header.name == _TIMEOUT and _TIMEOUT not in request.headers


_TIMEOUT: Final = "grpc-timeout"


def _refused_pattern(match: RouteMatch) -> str:
    """Why RE2 does not take one of the patterns of a route; empty when it takes all."""
    patterns = (
        matcher.value for matcher in (match.path, *(header.match for header in match.headers)) if _is_regex(matcher)
    )
    return next((reason for pattern in patterns if (reason := refusal(pattern))), "")


def _is_regex(match: StringMatch) -> bool:
    return match.kind is MatchKind.REGEX


def header_matches(header: HeaderMatch, request: Request, matching: Matching = BY_THE_BOOK) -> bool:
    """Whether one header condition holds. A missing header fails every condition but "not present", inverted or not.

    gRFC A28; ``treat_missing_header_as_empty`` is read by none: grpc-go ``internal/xds/matcher/matcher_header.go``
    and its test, C-core ``src/core/util/matchers.cc``, grpc-java ``Matchers.HeaderMatcher``.
    """
    value = _value_of(header.name.lower() if matching.names_in_any_case else header.name, request, matching)
    if header.match.kind is MatchKind.PRESENT:
        present = value is not None and not (matching.empty_is_absent and not value)
        return present != header.invert
    if value is None:
        return False
    if header.match.kind is MatchKind.RANGE:
        return _in_range(value, header, matching) != header.invert
    return string_matches(header.match, value) != header.invert


def _value_of(name: str, request: Request, matching: Matching) -> str | None:
    """What a route sees of a header: gRPC keeps ``-bin`` headers out, and says itself what the content type is."""
    if name.endswith("-bin") and not matching.reads_binary_headers:
        return None
    if name == "content-type":
        return matching.content_type
    if name == ":path" and matching.reads_path_header:
        return request.path
    return request.headers.get(name)


def _in_range(value: str, header: HeaderMatch, matching: Matching) -> bool:
    """Whether a value is a whole number of 64 bits within the bounds."""
    digits = value.strip(" \t\n\v\f\r") if matching.spaces_around_numbers else value
    if not _NUMBER.fullmatch(digits):
        return False
    number = int(digits)
    last = header.high if matching.range_has_its_end else header.high - 1
    return header.low <= number <= last and -(2**63) <= number < 2**63


_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,100}")


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
