"""Which virtual host a channel uses: the one whose domains fit its authority best, and only that one (gRFC A27).

istiod puts the virtual hosts of every service on a port into one route configuration. gRPC picks its own when the
resource comes and asks for the clusters of no other: C-core ``src/core/xds/grpc/xds_routing.cc``
(``FindVirtualHostForDomain``), grpc-go ``internal/xds/xdsclient/xdsresource/matcher.go``
(``FindBestMatchingVirtualHost``), grpc-java ``RoutingUtils.findVirtualHostForHostName``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from meshtui.model.xds.config import Listener, RouteConfiguration, VirtualHost
from meshtui.model.xds.matching import BY_THE_BOOK, Matching, matching_of
from meshtui.model.xds.names import last_part, listener_name
from meshtui.model.xds.resource import LDS, ResourceKey
from meshtui.model.xds.snapshot import Snapshot

_WILDCARD: Final = "*"


class HostIndex:
    """The virtual hosts of a route configuration by their domains, so that a look costs no walk over all of them."""

    def __init__(self, hosts: Iterable[VirtualHost], matching: Matching = BY_THE_BOOK) -> None:
        self._matching = matching
        self._exact: dict[str, VirtualHost] = {}
        self._patterns: dict[str, VirtualHost] = {}
        self._none = False
        for host in hosts:
            for domain in map(self._folded, host.domains):
                if _WILDCARD in domain:
                    self._take_pattern(domain, host)
                else:
                    self._exact.setdefault(domain, host)

    def _take_pattern(self, domain: str, host: VirtualHost) -> None:
        inside = not domain.startswith(_WILDCARD) and not domain.endswith(_WILDCARD)
        self._none |= inside and self._matching.star_inside_finds_none
        if self._matching.longest_domain_first and domain.startswith(_WILDCARD):
            self._patterns[domain] = host
        else:
            self._patterns.setdefault(domain, host)

    def _folded(self, name: str) -> str:
        return name.lower() if self._matching.domains_in_any_case else name

    def find(self, authority: str) -> VirtualHost | None:
        """The host whose domain fits best: exact, ``*.suffix``, ``prefix.*``, then ``*``; of a kind the longest.

        The wildcard stands for one character at least. Where a language does otherwise, as it does.
        """
        if self._none:
            return None
        name = self._folded(authority)
        exact = self._exact.get(name)
        if exact is not None or not self._patterns:
            return exact
        end, start = self._longest(name, ends=True), self._longest(name, ends=False)
        if self._matching.longest_domain_first and start and (not end or len(start) > len(end)):
            end = start
        return self._patterns.get(end or start or _WILDCARD)

    def _longest(self, name: str, *, ends: bool) -> str:
        """The longest pattern for the end of a name, or for its beginning, other than the wildcard alone; or empty."""
        size = len(name)
        most = size - 1 if self._matching.star_is_a_character else size
        lengths = (length for length in self._lengths[0 if ends else 1] if length <= most)
        patterns = (_WILDCARD + name[size - length :] if ends else name[:length] + _WILDCARD for length in lengths)
        return next((pattern for pattern in patterns if pattern in self._patterns), "")

    @cached_property
    def _lengths(self) -> tuple[list[int], list[int]]:
        """How long the patterns of a suffix are without their wildcard, and those of a prefix, the longest first."""
        ends = {len(pattern) - 1 for pattern in self._patterns if pattern.startswith(_WILDCARD)}
        starts = {len(pattern) - 1 for pattern in self._patterns if pattern.endswith(_WILDCARD)}
        return sorted(ends - {0}, reverse=True), sorted(starts - {0}, reverse=True)


def authority_of(listener: ResourceKey) -> str:
    """What the calls of a channel have as authority, unless the app overrides it: the path of its target.

    The scope *is* the target since gRPC 1.66; before that the listener has the target's name, or ends in it.
    """
    return listener_name(listener.scope) or last_part(listener.name)


def in_use(snapshot: Snapshot, key: ResourceKey, routes: RouteConfiguration) -> RouteConfiguration:
    """The routes with the virtual hosts alone that channels of this client use; all where no channel is known."""
    authorities = tuple(_authorities(snapshot, key))
    if not authorities:
        return routes
    index = HostIndex(routes.virtual_hosts, matching_of(snapshot.node))
    wanted = {id(host) for host in map(index.find, authorities) if host is not None}
    return routes._replace(virtual_hosts=tuple(host for host in routes.virtual_hosts if id(host) in wanted))


def _authorities(snapshot: Snapshot, key: ResourceKey) -> Iterator[str]:
    """Of the channels whose listener is, or names, this resource."""
    for other, resource in snapshot.resources.items():
        if other.type != LDS or other.scope != key.scope or not isinstance(resource.body, Listener):
            continue
        if not resource.body.inbound and (other == key or resource.body.route_name == key.name):
            yield authority_of(other)
