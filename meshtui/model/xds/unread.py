"""What the config asks for and a client does not read, or reads only since a later release, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from meshtui.model.xds import feature_never as never
from meshtui.model.xds import feature_table as table
from meshtui.model.xds.clients import Client, Language
from meshtui.model.xds.config import (
    Cluster,
    ClusterLoadAssignment,
    Outliers,
    Route,
    RouteConfiguration,
    TlsContext,
    TlsMode,
)
from meshtui.model.xds.features import Feature, Reads, reads, since_words
from meshtui.model.xds.filters import FAULT_FILTER, SESSION_FILTER, HttpFilter
from meshtui.model.xds.names import last_part, parse_service_name


class Asked(NamedTuple):
    """A part of the config that not every client reads: ``what`` in words, as it stands in a line about its place."""

    feature: Feature
    what: str


RBAC_FILTERS: Final = ("RBAC", "RBACPerRoute")

OLD: Final = (table.TIMEOUTS, table.CIRCUIT_BREAKERS, table.FAULTS, table.RETRIES, table.TLS, table.RBAC)
"""As old as CSDS or nearly so: a client that answers and does not say its release is taken to read them."""


def words(asked: Asked, client: Client) -> str:
    """What is asked for, and whether the client reads it where that is not plain."""
    found = reads(asked.feature, client)
    if found is Reads.YES or (found is Reads.UNKNOWN and asked.feature in OLD):
        return asked.what
    if found is Reads.UNKNOWN:
        return f"{asked.what}, if this client reads it"
    if asked.feature.never:
        return f"{asked.what}: not read by gRPC"
    return f"{asked.what}: not read ({since_words(asked.feature, client)})"


def is_plain(route: Route) -> bool:
    """Whether a route says no more than which calls go where, as nearly all of ten thousand do."""
    action = route.action
    return not (
        route.faults
        or route.match.headers
        or action.timeout
        or action.retry
        or action.retry_unread
        or action.hash_on
        or action.other_hash_keys
        or action.mirrors
        or action.rewrites
        or action.header_changes
        or action.rewrites_authority
        or action.detail
    )


def of_route(route: Route) -> Iterator[Asked]:
    """What a route asks for beside where to."""
    action = route.action
    if route.left_out:
        return
    ignored = [header.name for header in route.match.headers if header.treat_missing_as_empty]
    if ignored:
        yield Asked(never.MISSING_AS_EMPTY, f"treat_missing_header_as_empty of {', '.join(dict.fromkeys(ignored))}")
    if action.other_hash_keys:
        yield Asked(never.OTHER_HASH_KEYS, f"hash on {', '.join(action.other_hash_keys)}")
    if action.retry_unread:
        yield Asked(never.RETRY_CONDITIONS, f"retries on {action.retry_unread}")
    if action.mirrors:
        yield Asked(never.MIRRORS, f"mirror to {', '.join(map(_label, action.mirrors))}")
    if action.rewrites:
        yield Asked(never.REWRITES, f"rewrite of the {action.rewrites}")
    if action.header_changes:
        yield Asked(never.HEADER_CHANGES, f"change of headers {action.header_changes}")
    if action.rewrites_authority:
        yield Asked(table.AUTHORITIES, "authority by auto_host_rewrite, where the bootstrap trusts the server")


def _label(cluster: str) -> str:
    service = parse_service_name(cluster)
    return f"{service.service} {service.subset}".rstrip() if service else last_part(cluster)


def of_limits(route: Route) -> Iterator[Asked]:
    """The time that calls of a route have, and how often they are tried again."""
    if route.action.timeout:
        yield Asked(table.TIMEOUTS, f"timeout {route.action.timeout:g} s")
    if route.action.retry:
        yield Asked(table.RETRIES, f"retries {route.action.retry}")


def of_table(routes: RouteConfiguration) -> Iterator[Asked]:
    """What a route configuration asks for all its virtual hosts."""
    if routes.overrides:
        yield Asked(never.TABLE_OVERRIDES, f"override of {', '.join(routes.overrides)} for all hosts")


def of_cluster(cluster: Cluster, client: Client) -> tuple[Asked, ...]:
    """What a cluster asks for beside where its endpoints are from, how they are balanced, and TLS."""
    tls = cluster.tls
    if cluster.outliers is None and not cluster.kept_for_sessions and not tls.sni and not tls.host_sni:
        return ()  # nearly all of ten thousand
    asked = list(_of_outliers(cluster.outliers, client)) if cluster.outliers is not None else []
    if cluster.kept_for_sessions:
        kept = ", ".join(cluster.kept_for_sessions)
        asked.append(Asked(table.SESSIONS, f"sessions keep endpoints that are {kept}"))
    if tls.host_sni or tls.sni:
        name = "the endpoint's host name" if tls.host_sni else tls.sni
        asked.append(Asked(table.SNI, f"SNI {name}{', which its certificate must have' if tls.checks_sni else ''}"))
    return tuple(asked)


def of_tls(tls: TlsContext) -> tuple[Asked, ...]:
    """TLS towards a cluster, where there is any."""
    return (Asked(table.TLS, tls.mode.value),) if tls.mode is not TlsMode.PLAINTEXT else ()


def _of_outliers(outliers: Outliers, client: Client) -> Iterator[Asked]:
    """gRFC A50: a success rate that is not said is enforced; C-core ``xds_cluster_parser.cc`` then does nothing."""
    unsaid = client.language is Language.CORE
    rate = (0 if unsaid else 100) if outliers.success_rate is None else outliers.success_rate
    by = [name for name, on in (("success rate", rate), ("failure percentage", outliers.failure_percentage)) if on]
    if by:
        yield Asked(table.OUTLIERS, f"outlier detection by {' and '.join(by)}")
    elif outliers.consecutive:
        yield Asked(never.CONSECUTIVE_ERRORS, "outlier detection by consecutive errors")


def of_filter(filter_: HttpFilter) -> Iterator[Asked]:
    """What a filter does that not every client has."""
    if filter_.kind == FAULT_FILTER and filter_.summary:
        yield Asked(table.FAULTS, filter_.summary)
    elif filter_.kind in RBAC_FILTERS and filter_.summary:
        yield Asked(table.RBAC, filter_.summary)
    elif filter_.kind == SESSION_FILTER:
        yield Asked(table.SESSIONS, filter_.summary or SESSION_FILTER)


def of_assignment(assignment: ClusterLoadAssignment) -> Iterator[Asked]:
    """What EDS says beside addresses and their health."""
    more = [endpoint for endpoint in assignment.endpoints if endpoint.more]
    if more:
        yield Asked(table.DUAL_STACK, f"further addresses of {more[0].address}")
