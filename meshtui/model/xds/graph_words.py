"""What the nodes of the graph are called, and what is good to know or wrong about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from meshtui.model.phrases import plural
from meshtui.model.xds.config import (
    Cluster,
    ClusterLoadAssignment,
    HttpFilter,
    Route,
    RouteConfiguration,
)
from meshtui.model.xds.names import parse_service_name
from meshtui.model.xds.resource import EDS
from meshtui.model.xds.words import is_catch_all, tls_words

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


def cluster_facts(cluster: Cluster) -> tuple[str, ...]:
    """TLS mode always; policy, discovery and limits where they are not the usual ones."""
    facts = [tls_words(cluster.tls)]
    if cluster.policy != "ROUND_ROBIN":
        facts.append(cluster.policy)
    if cluster.discovery != EDS:
        facts.append(cluster.discovery)
    if cluster.max_requests is not None:
        facts.append(f"at most {cluster.max_requests} requests")
    return tuple(facts)


def route_facts(route: Route) -> tuple[str, ...]:
    """What a route does besides forwarding: timeout, retries, faults, hash keys."""
    action = route.action
    facts = [f"timeout {action.timeout:g} s"] if action.timeout else []
    facts += [f"retries {action.retry}"] if action.retry else []
    facts += [f"hash on {', '.join(action.hash_on)}"] if action.hash_on else []
    facts += [fault.summary for fault in route.faults if fault.summary]
    return tuple(facts)


def only_route_facts(routes: RouteConfiguration) -> tuple[str, ...]:
    """The facts of a lone catch-all route, which has no line of its own."""
    if len(routes.virtual_hosts) == 1 and len(routes.virtual_hosts[0].routes) == 1:
        route = routes.virtual_hosts[0].routes[0]
        if is_catch_all(route.match):
            return route_facts(route)
    return ()


def filter_facts(filters: Iterable[HttpFilter]) -> tuple[str, ...]:
    return tuple(
        filter_.summary or filter_.kind for filter_ in filters if filter_.summary or filter_.kind not in ROUTINE_FILTERS
    )


def cluster_label(name: str) -> str:
    """The subset of an Istio cluster name, else its service, else the name."""
    service = parse_service_name(name)
    return (service.subset or service.service) if service else name
