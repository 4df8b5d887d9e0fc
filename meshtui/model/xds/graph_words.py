"""What the nodes of the graph are called, and what is good to know or wrong about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from meshtui.model.phrases import plural
from meshtui.model.xds import unread
from meshtui.model.xds.clients import Client
from meshtui.model.xds.config import (
    DEFAULT_MAX_REQUESTS,
    ROUND_ROBIN,
    ActionKind,
    Cluster,
    ClusterLoadAssignment,
    FilterChain,
    Listener,
    Policy,
    Route,
    RouteConfiguration,
    TlsMode,
    VirtualHost,
)
from meshtui.model.xds.feature_never import MISSING_AS_EMPTY
from meshtui.model.xds.feature_table import CIRCUIT_BREAKERS, FAULTS, FILTERS_OFF, TLS
from meshtui.model.xds.features import Reads, ignores, reads
from meshtui.model.xds.filters import FAULT_FILTER, SESSION_FILTER, HttpFilter
from meshtui.model.xds.injected import NOTHING, Injected, injected
from meshtui.model.xds.matching import as_read, why_left_out
from meshtui.model.xds.readings import READINGS
from meshtui.model.xds.resource import EDS, Health
from meshtui.model.xds.unread import Asked
from meshtui.model.xds.words import chain_match_words, is_catch_all, match_words, tls_words

GUARDED_SHOWN: Final = 3
"""Routes of a filter chain named with what they override; more are counted."""

ROUTINE_FILTERS: Final = frozenset({"Router", "HTTPFault", "RBAC"})
"""Filters Istio always sends; an idle one of these is not worth a word."""


def endpoints_problem(assignment: ClusterLoadAssignment) -> str:
    """Why no request can reach any endpoint, or an empty string."""
    for locality in assignment.localities:
        if locality.weight and any(endpoint.health.usable for endpoint in locality.endpoints):
            return ""
    endpoints = assignment.endpoints
    if not endpoints:
        return "no endpoints: every request to it fails"
    if not any(endpoint.health.usable for endpoint in endpoints):
        return f"none of its {plural(len(endpoints), 'endpoint')} is healthy"
    return "its healthy endpoints are in localities of weight 0, which gRPC ignores"


def cluster_facts(cluster: Cluster, policy: Policy, client: Client) -> tuple[str, ...]:
    """TLS mode; policy, discovery and limits where they are not the usual ones, and what the client ignores.

    An aggregate dials nothing: TLS is its members' (gRFC A37).
    """
    facts = [tls_words(cluster.tls)] if not cluster.children else []
    if facts and cluster.tls.mode is not TlsMode.PLAINTEXT and ignores(TLS, client):
        facts = [unread.words(Asked(TLS, tls_words(cluster.tls)), client)]
    if policy.name != ROUND_ROBIN.name:
        facts.append(policy.name)
    if cluster.discovery != EDS:
        facts.append(cluster.discovery)
    if cluster.max_requests not in (None, DEFAULT_MAX_REQUESTS):
        facts.append(unread.words(Asked(CIRCUIT_BREAKERS, f"at most {cluster.max_requests} requests"), client))
    facts += [unread.words(asked, client) for asked in unread.of_cluster(cluster, client)]
    return tuple(facts)


class Channel(NamedTuple):
    """What decides how a channel reads its routes: its authority, and of its listener the timeout in seconds where a
    route has none and the HTTP filters that routes may override."""

    authority: str
    timeout: float = 0.0
    filters: tuple[HttpFilter, ...] = ()


def route_facts(route: Route, client: Client, channel: Channel | None = None) -> tuple[str, ...]:
    """What a route does besides forwarding: timeout, retries, faults, hash keys, and what of it gRPC ignores.

    That a route lifts the listener's timeout is worth a word only where there is one: istiod writes a limit of 0 into
    every route.
    """
    action = route.action
    default = channel.timeout if channel is not None else 0.0
    if not default and unread.is_plain(route):
        return ()
    facts = [action.detail] if picks_by_plugin(route) else []
    facts += _timeout_facts(action.timeout, default)
    facts += [unread.words(asked, client) for asked in unread.of_limits(route)]
    facts += override_facts(route.faults, client, channel)
    facts += [f"hash on {', '.join(action.hash_on)}"] if action.hash_on else []
    facts += ["each call hashes at random"] if action.other_hash_keys and not action.hash_on else []
    asked = [one for one in unread.of_route(route) if one.feature is not MISSING_AS_EMPTY]
    facts += [unread.words(one, client) for one in asked if not one.feature.never]
    ignored = [one.what for one in asked if one.feature.never]
    return (*facts, f"gRPC ignores {', '.join(ignored)}") if ignored else tuple(facts)


def _timeout_facts(timeout: float | None, default: float) -> list[str]:
    if timeout is None:
        return [f"timeout {default:g} s, the listener's"] if default else []
    return ["no timeout"] if default and not timeout else []


def override_facts(overrides: Sequence[HttpFilter], client: Client, channel: Channel | None) -> tuple[str, ...]:
    """What overrides of filters do; of one for a filter that the listener lacks, that it does nothing (gRFC A39)."""
    if not overrides:
        return ()
    listed = {filter_.name: filter_ for filter_ in channel.filters} if channel is not None else {}
    return tuple([words for one in overrides if (words := _override_words(one, client, channel, listed))])


def _override_words(
    override: HttpFilter, client: Client, channel: Channel | None, listed: Mapping[str, HttpFilter]
) -> str:
    words = filter_words(override, client)
    if channel is not None and override.name not in listed:
        return f"{words}: not in force, the listener has no filter {override.name}" if words else ""
    if not words and override.kind == FAULT_FILTER and override.name in listed and listed[override.name].summary:
        return "without the listener's fault"
    return words


def lone_route(host: VirtualHost, client: Client, channel: Channel | None) -> Route | None:
    """The only route of a host, where nothing is to be said of it but where it leads."""
    route = host.routes[0] if len(host.routes) == 1 else None
    if route is None or not is_catch_all(route.match) or not route.action.clusters:
        return None
    return route if faults_met(route, client, channel).health is Health.OK else None


def faults_met(route: Route, client: Client, channel: Channel | None) -> Injected:
    """What fault injection does to a route's calls, where the client has it: on its channels, not on its servers."""
    if channel is None or ignores(FAULTS, client):
        return NOTHING
    return injected(channel.filters, route, off_is_read=not ignores(FILTERS_OFF, client))


def table_facts(routes: RouteConfiguration, client: Client) -> tuple[str, ...]:
    """What a route configuration asks for all its hosts, which gRPC does not read."""
    return tuple(unread.words(asked, client) for asked in unread.of_table(routes))


def route_health(route: Route) -> Health:
    """Of a channel's route: MISSING where all its calls fail in the client, UNKNOWN where a plugin decides."""
    if picks_by_plugin(route):
        return Health.UNKNOWN
    return Health.MISSING if _fails(route, outbound=True) else Health.OK


def picks_by_plugin(route: Route) -> bool:
    """Whether a plugin of the client (RLS) picks the cluster call by call, so that no config tells which it is.

    grpc-go ``internal/xds/clusterspecifier/rls``, C-core ``xds_cluster_specifier_plugin.cc``, grpc-java
    ``RouteLookupServiceClusterSpecifierPlugin.java``.
    """
    action = route.action
    return action.kind is ActionKind.FORWARD and not action.clusters and bool(action.detail)


def route_note(route: Route, client: Client, *, outbound: bool) -> str:
    """What gRPC does with a route that it does not act on as it is written, or an empty string."""
    reason = why_left_out(route, client)
    if reason:
        return f"left out ({reason}): gRPC takes the next one that matches"
    if picks_by_plugin(route):
        return "whether its calls are served is not known from here"
    if _fails(route, outbound=outbound):
        what = route.action.detail or "an action for servers"
        if READINGS[client.language].refuses_actions and route.action.kind is ActionKind.FAILING:
            return f"{client.language.value} refuses a route configuration with this action: {what}"
        return f"every call that matches fails with UNAVAILABLE: gRPC has no such action ({what})"
    ignored = [header.name for header in route.match.headers if header.treat_missing_as_empty]
    if ignored:
        names = ", ".join(dict.fromkeys(ignored))
        return f"gRPC ignores treat_missing_header_as_empty: a request without {names} does not match"
    return ""


def _fails(route: Route, *, outbound: bool) -> bool:
    """A client can do nothing with an action that is for servers either (gRFC A36)."""
    kind = route.action.kind
    return not route.left_out and (kind is ActionKind.FAILING or (outbound and kind is ActionKind.NON_FORWARDING))


def chain_facts(chain: FilterChain, client: Client) -> tuple[str, ...]:
    """Which connections a chain is for, where it is not for all, and what single routes of it let pass."""
    hosts = chain.inline_routes.virtual_hosts if chain.inline_routes is not None else ()
    guarded = [
        f"{match_words(as_read(route.match, client))} {filter_.summary}"
        for host in hosts
        for route in host.routes
        for filter_ in route.faults
        if filter_.summary
    ]
    more = (f"{len(guarded) - GUARDED_SHOWN} more routes of their own",) if len(guarded) > GUARDED_SHOWN else ()
    peers = chain_match_words(chain.match)
    return (*((peers,) if peers else ()), *guarded[:GUARDED_SHOWN], *more)


def listener_facts(listener: Listener) -> tuple[str, ...]:
    """The limit of calls whose route sets none."""
    return (f"timeout {listener.timeout:g} s where a route sets none",) if listener.timeout else ()


def filter_facts(filters: Iterable[HttpFilter], client: Client) -> tuple[str, ...]:
    """What HTTP filters do, and those of an unusual kind by their name."""
    found = ((filter_, filter_words(filter_, client)) for filter_ in filters)
    return tuple(words or filter_.kind for filter_, words in found if words or filter_.kind not in ROUTINE_FILTERS)


def filter_words(filter_: HttpFilter, client: Client) -> str:
    """What a filter or its override does; one that asks to be switched off stays in force for most clients."""
    asked = next(unread.of_filter(filter_), None) if filter_.summary or filter_.kind == SESSION_FILTER else None
    words = unread.words(asked, client) if asked is not None else filter_.summary
    if not filter_.off:
        return words
    if reads(FILTERS_OFF, client) is Reads.YES:
        return f"{filter_.name} off"
    in_force = f"{words or filter_.kind or filter_.name} stays in force: "
    return in_force + unread.words(Asked(FILTERS_OFF, f"{filter_.name} asked to be off"), client)
