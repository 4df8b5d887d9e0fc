"""The routes that the calls of each channel of a client meet: those of its own virtual host alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from meshtui.model.xds.config import Listener, RouteConfiguration, VirtualHost
from meshtui.model.xds.matching import matching_of
from meshtui.model.xds.names import is_inbound
from meshtui.model.xds.resource import LDS, RDS, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.virtual_hosts import HostIndex, authority_of


class ChannelRoutes(NamedTuple):
    """A channel's listener, the table it names (the listener itself where they are inline), and its virtual host."""

    key: ResourceKey
    listener: Listener
    table: ResourceKey
    routes: RouteConfiguration
    host: VirtualHost


def channel_routes(
    snapshot: Snapshot, wanted: Callable[[Listener, RouteConfiguration], bool]
) -> Iterator[ChannelRoutes]:
    """Of each outbound listener that leads to routes, where both together are wanted; each table is searched by an
    index made once."""
    indexes: dict[ResourceKey, HostIndex] = {}
    matching = matching_of(snapshot.node)
    for key, resource in snapshot.resources.items():
        if key.type != LDS or is_inbound(key) or not isinstance(listener := resource.body, Listener):
            continue
        table = key if listener.inline_routes is not None else ResourceKey(key.scope, RDS, listener.route_name)
        held = snapshot.resources.get(table)
        routes = listener.inline_routes or (held.body if held is not None else None)
        if not isinstance(routes, RouteConfiguration) or not wanted(listener, routes):
            continue
        index = indexes.get(table)
        if index is None:
            index = indexes[table] = HostIndex(routes.virtual_hosts, matching)
        host = index.find(authority_of(key))
        if host is not None:
            yield ChannelRoutes(key, listener, table, routes, host)
