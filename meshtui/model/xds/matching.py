"""Where gRPC's languages match hosts and routes otherwise than one another: each difference was seen in a real client.

The random tables of ``tests/peers`` are held against C-core, grpc-go and grpc-java; docs/matching.md says how.
What they agree on stands in :mod:`meshtui.model.xds.routing` and :mod:`meshtui.model.xds.virtual_hosts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from meshtui.model.xds.clients import Client, Language, client_of
from meshtui.model.xds.config import MatchKind, Route, RouteMatch, StringMatch
from meshtui.model.xds.snapshot import NodeIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How a language matches. What is said here by default is gRFC A27's and A28's word."""

    domains_in_any_case: bool = True
    """grpc-go alone compares them as written: ``matcher.go`` (``domain == host``)."""

    star_is_a_character: bool = True
    """Whether ``*`` in a domain stands for one character at least; in grpc-go it may stand for none."""

    longest_domain_first: bool = False
    """Whether of the domains with a ``*`` the longest wins, at its end or at its beginning: grpc-java
    ``RoutingUtils.findVirtualHostForHostName``. Elsewhere one that begins with ``*`` goes before."""

    star_inside_finds_none: bool = False
    """grpc-go takes a resource with a domain such as ``a*b``, and finds no virtual host at all in it
    (``FindBestMatchingVirtualHost``); the others never match it, or refuse the resource."""

    leaves_out_odd_paths: bool = False
    """Whether a route whose path or prefix fits no ``/service/method`` is left out, and its clusters not asked for:
    C-core ``RoutePathMatchParse``. No call matches it elsewhere either."""

    names_in_any_case: bool = False
    """Whether a header's name in a route is taken in lower case (grpc-java, whose ``Metadata.Key`` does it). A name
    with a capital letter never fits elsewhere: on the wire they are lower case."""

    paths_in_any_case: bool = False
    """Whether a path or prefix that says nothing of case fits in any: grpc-java reads an absent ``case_sensitive`` as
    false, ``XdsRouteConfigureResource.parsePathMatcher`` (``proto.getCaseSensitive().getValue()``)."""

    content_type: str | None = "application/grpc"
    """What ``content-type`` is for a route. grpc-go has none: ``stream.go`` selects the config before it adds it."""

    reads_binary_headers: bool = False
    """Whether ``-bin`` headers match: in grpc-go, which takes them out only where it added a content type."""

    reads_path_header: bool = False
    """Whether a route's header ``:path`` is the method's path: C-core ``XdsRouting::GetHeaderValue`` asks its metadata,
    which has it by then."""

    reads_timeout_header: bool = False
    """Whether ``grpc-timeout`` is there for calls with a deadline (C-core, for the same reason)."""

    empty_is_absent: bool = False
    """Whether a header with an empty value is not *present*: grpc-go ``HeaderPresentMatcher.Match``."""

    range_has_its_end: bool = False
    """Whether a range has its end in it: grpc-java ``Matchers.HeaderMatcher`` (``numValue <= range().end()``)."""

    spaces_around_numbers: bool = False
    """Whether a number may have spaces around it: C-core, by ``absl::SimpleAtoi``."""

    share_without_value_is_all: bool = False
    """Whether a ``runtime_fraction`` without a default value takes all requests (C-core ``RouteRuntimeFractionParse``),
    and not none."""


MATCHING: Final = MappingProxyType(
    {
        Language.CORE: Matching(
            leaves_out_odd_paths=True,
            reads_path_header=True,
            reads_timeout_header=True,
            spaces_around_numbers=True,
            share_without_value_is_all=True,
        ),
        Language.GO: Matching(
            domains_in_any_case=False,
            star_is_a_character=False,
            star_inside_finds_none=True,
            content_type=None,
            reads_binary_headers=True,
            empty_is_absent=True,
        ),
        Language.JAVA: Matching(
            longest_domain_first=True,
            names_in_any_case=True,
            paths_in_any_case=True,
            range_has_its_end=True,
        ),
        Language.NODE: Matching(),
        Language.OTHER: Matching(),
    }
)
"""By language: grpcio 1.85.3, grpc-go 1.82.0 and grpc-java 1.85.1 as run; grpc-js, which was not, and a client that
does not say what it is, by the gRFCs."""

BY_THE_BOOK: Final = MATCHING[Language.OTHER]
"""What the gRFCs say, for a client that is not known."""


def matching_of(node: NodeIdentity) -> Matching:
    """How the client behind a node matches."""
    return MATCHING[client_of(node).language]


def path_read(match: RouteMatch, matching: Matching) -> StringMatch:
    """The pattern of a path as a language reads it."""
    if match.case_unsaid and matching.paths_in_any_case and match.path.kind is not MatchKind.REGEX:
        return match.path._replace(ignore_case=True)
    return match.path


def as_read(match: RouteMatch, client: Client) -> RouteMatch:
    """When a route applies as a client reads it, to be said in words."""
    matching = MATCHING[client.language]
    return match._replace(path=path_read(match, matching)) if matching.paths_in_any_case else match


def why_left_out(route: Route, client: Client) -> str:
    """What a client leaves a route out for, in words; empty for one it takes."""
    if route.left_out or not MATCHING[client.language].leaves_out_odd_paths:
        return route.left_out
    return "its path is that of no call" if _odd(route.match.path) else ""


def _odd(path: StringMatch) -> bool:
    """Whether a path is not of the form ``/service/method``, or a prefix not the beginning of one."""
    if path.kind not in (MatchKind.EXACT, MatchKind.PREFIX):
        return False
    slash, parts = path.value[:1], path.value[1:].split("/", 2)
    if path.kind is MatchKind.EXACT:
        return slash != "/" or len(parts) != 2 or "" in parts
    return bool(slash) and (slash != "/" or len(parts) > 2 or (len(parts) == 2 and not parts[0]))
