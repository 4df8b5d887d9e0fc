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
from meshtui.model.xds.names import last_part, listener_name
from meshtui.model.xds.resource import LDS, ResourceKey
from meshtui.model.xds.snapshot import Snapshot

_WILDCARD: Final = "*"


class HostIndex:
    """The virtual hosts of a route configuration by their domains, so that a look costs no walk over all of them."""

    def __init__(self, hosts: Iterable[VirtualHost]) -> None:
        self._exact: dict[str, VirtualHost] = {}
        self._patterns: dict[str, VirtualHost] = {}
        for host in hosts:
            for domain in host.domains:
                side = self._patterns if _WILDCARD in domain else self._exact
                side.setdefault(domain.lower(), host)

    def find(self, authority: str) -> VirtualHost | None:
        """The host whose domain fits best: exact, ``*.suffix``, ``prefix.*``, then ``*``; of a kind the longest.

        The wildcard stands for one character at least.
        """
        name = authority.lower()
        exact = self._exact.get(name)
        if exact is not None or not self._patterns:
            return exact
        size = len(name)
        ends = (self._patterns.get(_WILDCARD + name[size - length :]) for length in self._lengths[0] if length < size)
        starts = (self._patterns.get(name[:length] + _WILDCARD) for length in self._lengths[1] if length < size)
        return _first(ends) or _first(starts) or self._patterns.get(_WILDCARD)

    @cached_property
    def _lengths(self) -> tuple[list[int], list[int]]:
        """How long the patterns of a suffix are without their wildcard, and those of a prefix, the longest first."""
        ends = {len(pattern) - 1 for pattern in self._patterns if pattern.startswith(_WILDCARD)}
        starts = {len(pattern) - 1 for pattern in self._patterns if pattern.endswith(_WILDCARD)}
        return sorted(ends - {0}, reverse=True), sorted(starts - {0}, reverse=True)


def _first(hosts: Iterator[VirtualHost | None]) -> VirtualHost | None:
    return next((host for host in hosts if host is not None), None)


def authority_of(listener: ResourceKey) -> str:
    """What the calls of a channel have as authority, unless the app overrides it: the path of its target.

    The scope *is* the target since gRPC 1.66; before that the listener has the target's name, or ends in it.
    """
    return listener_name(listener.scope) or last_part(listener.name)


def in_use(snapshot: Snapshot, key: ResourceKey, routes: RouteConfiguration) -> RouteConfiguration:
    """The routes with the virtual hosts alone that channels of this client use; all where no channel is known."""
    index = HostIndex(routes.virtual_hosts)
    used = [host for host in map(index.find, _authorities(snapshot, key)) if host is not None]
    if not used:
        return routes
    wanted = {id(host) for host in used}
    return routes._replace(virtual_hosts=tuple(host for host in routes.virtual_hosts if id(host) in wanted))


def _authorities(snapshot: Snapshot, key: ResourceKey) -> Iterator[str]:
    """Of the channels whose listener is, or names, this resource."""
    for other, resource in snapshot.resources.items():
        if other.type != LDS or other.scope != key.scope or not isinstance(resource.body, Listener):
            continue
        if not resource.body.inbound and (other == key or resource.body.route_name == key.name):
            yield authority_of(other)
