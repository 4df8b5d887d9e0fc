"""Rules over what config does to calls by itself, and over what of it the client does not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.kinds import asked as kinds
from meshtui.doctor.rules.config_words import WAYS_SHOWN
from meshtui.doctor.rules.effects import Effect, failing
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.phrases import plural
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds import feature_table as table
from meshtui.model.xds import unread
from meshtui.model.xds.channel_routes import ChannelRoutes, channel_routes
from meshtui.model.xds.clients import Client, client_of
from meshtui.model.xds.config import (
    Cluster,
    ClusterLoadAssignment,
    Listener,
    Route,
    RouteConfiguration,
)
from meshtui.model.xds.features import Feature, Reads, ignores, reads, since_words, support_of
from meshtui.model.xds.filters import SESSION_FILTER, HttpFilter
from meshtui.model.xds.injected import Injected, injected
from meshtui.model.xds.names import is_inbound, short_host
from meshtui.model.xds.resource import CDS, EDS, LDS, ResourceKey
from meshtui.model.xds.unread import Asked
from meshtui.model.xds.virtual_hosts import authority_of
from meshtui.model.xds.words import match_words

# faults


class _Met(NamedTuple):
    """What faults the calls of a route meet."""

    route: Route
    by: Injected


def asked_of_calls(seen: ConfigEvidence) -> Iterator[Finding]:
    """What the routes of each channel do to its calls beside sending them somewhere, and what is not read of them."""
    client = client_of(seen.snapshot.node)
    channels = tuple(channel_routes(seen.snapshot, _Asks(ignores(table.RETRIES, client))))
    if not ignores(table.FAULTS, client):
        yield from _faults_injected(channels, off_is_read=not ignores(table.FILTERS_OFF, client))
    yield from _not_read(seen, channels, client)


def _faults_injected(channels: tuple[ChannelRoutes, ...], *, off_is_read: bool) -> Iterator[Finding]:
    """A share of calls that the client delays or aborts, as its listener, its route or a destination of it says."""
    hosts: dict[tuple[ResourceKey, str], list[tuple[ChannelRoutes, list[_Met]]]] = {}
    for channel in channels:
        routes = [route for route in channel.host.routes if not route.left_out]
        met = [_Met(route, injected(channel.listener.filters, route, off_is_read=off_is_read)) for route in routes]
        if any(one.by.words for one in met):
            hosts.setdefault((channel.table, channel.host.name), []).append((channel, met))
    for (key, _), faulty in hosts.items():
        yield _fault_finding(key, faulty)


class _Asks:
    """A quick look at a listener and its table, since most ask for nothing that this module is about.

    With ``limits`` every table does: timeouts and retries are then news to the client.
    """

    def __init__(self, limits: bool) -> None:
        self._limits = limits
        self._tables: dict[int, bool] = {}
        """By identity: many channels share a table."""

    def __call__(self, listener: Listener, routes: RouteConfiguration) -> bool:
        for filter_ in listener.filters:
            if filter_.summary or filter_.off or filter_.kind == SESSION_FILTER:
                return True
        known = self._tables.get(id(routes))
        if known is None:
            known = self._tables[id(routes)] = self._limits or bool(routes.overrides) or _any_asks(routes)
        return known


def _any_asks(routes: RouteConfiguration) -> bool:
    for host in routes.virtual_hosts:
        for route in host.routes:
            for to in route.action.clusters:
                if to.overrides:
                    return True
            if not unread.is_plain(route) and (route.faults or any(unread.of_route(route))):
                return True
    return False


def _fault_finding(key: ResourceKey, channels: list[tuple[ChannelRoutes, list[_Met]]]) -> Finding:
    channel, met = channels[0]
    faulty = [one for one in met if one.by.words]
    lost = tuple(_effect(seen, routes, one.route, one.by.aborted) for seen, routes in channels for one in routes)
    late = tuple(_effect(seen, routes, one.route, one.by.delayed) for seen, routes in channels for one in routes)
    aborts = failing(tuple(effect for effect in lost if effect.share), "are aborted by config")
    said = [f"{match_words(one.route.match)}: {', '.join(one.by.words)}" for one in faulty]
    more = f"; {plural(len(said) - WAYS_SHOWN, 'more route')}" if len(said) > WAYS_SHOWN else ""
    return kinds.FAULTS_INJECTED.finding(
        ResourceSubject(key),
        severity=Severity.ERROR if all(one.by.aborted >= 1 for one in met) else None,
        title=aborts or failing(tuple(effect for effect in late if effect.share), "are delayed by config"),
        host=short_host(authority_of(channel.key)),
        what="; ".join(said[:WAYS_SHOWN]) + more,
        origin=", ".join(dict.fromkeys(one.route.origin for one in faulty if one.route.origin)) or "its origin",
        evidence=said,
    )


def _effect(channel: ChannelRoutes, routes: list[_Met], route: Route, share: float) -> Effect:
    label = match_words(route.match) if len(routes) > 1 else ""
    return Effect(short_host(authority_of(channel.key)), share, channel.table.name, label, len(routes))


# what the client does not read


def _not_read(seen: ConfigEvidence, channels: tuple[ChannelRoutes, ...], client: Client) -> Iterator[Finding]:
    """What the config asks for and this client, by its language and release, does not read; each thing once."""
    ignored = {feature for feature in table.FEATURES if ignores(feature, client)}
    if not ignored:
        return
    found: dict[Feature, list[tuple[ResourceKey, str]]] = {}
    for key, asked in _asked(seen, channels, client):
        if asked.feature in ignored:
            found.setdefault(asked.feature, []).append((key, asked.what))
    for feature, places in found.items():
        yield _unread(feature, places, client)


def _unread(feature: Feature, places: list[tuple[ResourceKey, str]], client: Client) -> Finding:
    names = dict.fromkeys(f"{key.type} {key.name}" for key, _ in places)
    more = f" and {plural(len(names) - 1, 'more resource')}" if len(names) > 1 else ""
    return kinds.NOT_READ.finding(
        ResourceSubject(places[0][0]),
        client=client.words,
        language=client.language.value,
        name=feature.name,
        place=f"{next(iter(names))}{more}",
        what=places[0][1],
        where=feature.where,
        grfc=feature.grfc,
        since=since_words(feature, client),
        instead=feature.instead,
        how=_remedy(feature, client),
        evidence=tuple(f"{key.type} {key.name}: {what}" for key, what in places[:WAYS_SHOWN]),
    )


def _remedy(feature: Feature, client: Client) -> str:
    support = support_of(feature, client.language)
    if support is not None and reads(feature, client) is Reads.BY_VARIABLE:
        return f"start the app with {support.variable}=true, if it has not been already"
    if support is not None and support.since is None and support.variable:
        newer = f"{client.language.value} {support.variable_since} or newer"
        return f"update the app to {newer}, and start it with {support.variable}=true"
    if support is not None and support.since is not None:
        return f"update the app to {client.language.value} {support.since} or newer"
    return "nothing to mend, if it was written for Envoy's clients; a gRPC client needs another way to the same end"


def _asked(
    seen: ConfigEvidence, channels: tuple[ChannelRoutes, ...], client: Client
) -> Iterator[tuple[ResourceKey, Asked]]:
    tables: set[tuple[ResourceKey, str]] = set()
    for channel in channels:
        for asked in _of_filters(channel.listener.filters):
            yield channel.key, asked
        if (channel.table, channel.host.name) not in tables:
            tables.add((channel.table, channel.host.name))
            for asked in _of_routes(channel, client):
                yield channel.table, asked
    several, no_tls = ignores(table.DUAL_STACK, client), ignores(table.TLS, client)
    for key, resource in seen.snapshot.resources.items():
        if key.type == LDS and is_inbound(key) and isinstance(body := resource.body, Listener):
            for asked in _of_server(body):
                yield key, asked
        elif key.type == CDS and isinstance(body := resource.body, Cluster):
            for asked in _of_cluster(body, client, no_tls=no_tls):
                yield key, asked
        elif several and key.type == EDS and isinstance(body := resource.body, ClusterLoadAssignment):
            for asked in unread.of_assignment(body):
                yield key, asked


def _of_routes(channel: ChannelRoutes, client: Client) -> Iterator[Asked]:
    limits = ignores(table.RETRIES, client)
    yield from unread.of_table(channel.routes)
    for route in channel.host.routes:
        yield from unread.of_route(route)
        yield from unread.of_limits(route) if limits else ()
        for overrides in (route.faults, *[to.overrides for to in route.action.clusters]):
            yield from _of_filters(overrides)


def _of_server(listener: Listener) -> Iterator[Asked]:
    for chain in listener.chains:
        yield from _of_filters(chain.filters)
        for host in chain.inline_routes.virtual_hosts if chain.inline_routes is not None else ():
            for route in host.routes:
                yield from _of_filters(route.faults)


def _of_filters(filters: tuple[HttpFilter, ...]) -> Iterator[Asked]:
    for filter_ in filters:
        if filter_.summary or filter_.kind == SESSION_FILTER:
            yield from unread.of_filter(filter_)
        if filter_.off:
            yield Asked(table.FILTERS_OFF, f"{filter_.name} asked to be off")


def _of_cluster(cluster: Cluster, client: Client, *, no_tls: bool) -> tuple[Asked, ...]:
    """``no_tls`` says that the client has none, so that TLS is worth a look."""
    asked = unread.of_cluster(cluster, client)
    if no_tls:
        asked = (*unread.of_tls(cluster.tls), *asked)
    count = len(cluster.policies)
    if count:
        asked = (*asked, Asked(table.POLICY_LISTS, f"{plural(count, 'policy', 'policies')} to choose from"))
    return asked


RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (asked_of_calls,)
"""The rules of this module. They need the config and nothing else."""
