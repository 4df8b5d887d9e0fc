"""The leaves of the graph: the endpoints of an EDS resource, and what they mean for a cluster that reads them."""

from __future__ import annotations

from typing import Final, NamedTuple

from meshtui.model.xds import unread
from meshtui.model.xds.clients import Client, Language
from meshtui.model.xds.config import ClusterLoadAssignment, Endpoint, EndpointHealth, Locality
from meshtui.model.xds.feature_table import DUAL_STACK
from meshtui.model.xds.graph import Node, NodeKind, Serves
from meshtui.model.xds.graph_words import endpoints_problem
from meshtui.model.xds.resource import Health, worst
from meshtui.model.xds.serving import Serving, serving, serving_note
from meshtui.model.xds.unread import Asked

ALL_SERVED: Final = Serves(able=True)
"""How a cluster serves that serves as it should."""


class Leaves(NamedTuple):
    """The endpoints of an EDS resource: the worst of them, where calls go, and what that is for a cluster.

    ``note`` is what is not as it should be, or empty.
    """

    nodes: tuple[Node, ...]
    worst: Health
    serving: Serving
    health: Health
    note: str
    serves: Serves


def leaves_of(assignment: ClusterLoadAssignment, client: Client, for_sessions: bool = False) -> Leaves:
    """The endpoints of an assignment. One that gets nothing is an outage only where none gets anything.

    ``for_sessions`` says that one which drains still gets the calls of its sessions (gRFC A55): where there are no
    others those calls are served, and calls without a session fail.
    """
    draining = SESSIONS_ONLY if for_sessions else NOTHING_SENT
    found = serving(assignment)
    unused = Health.DEGRADED if found.can_serve else Health.MISSING
    nodes: list[Node] = []
    for locality in assignment.localities:
        nodes += _endpoints_in(locality, unused, client, draining)
    all_of_them = worst(*[node.worst for node in nodes])
    if found.serves_all:
        return Leaves(tuple(nodes), all_of_them, found, Health.OK, "", ALL_SERVED)
    note = serving_note(found) if found.can_serve else endpoints_problem(assignment)
    health = Health.DEGRADED
    if not found.can_serve or found.dropped >= 1:
        health = Health.MISSING
    sessions = for_sessions and not found.can_serve and any(map(_drains, assignment.localities))
    if sessions:
        health, note = Health.UNKNOWN, f"{note}: only calls of sessions that they have are served"
    serves = _serves(found, client)
    serves = serves._replace(able=None, sessions_only=True) if sessions else serves
    return Leaves(tuple(nodes), all_of_them, found, health, note, serves)


def _serves(found: Serving, client: Client) -> Serves:
    """Whether it serves, and what of it is not as it should be.

    A cluster that drops all its calls is READY by its endpoints, so that nothing fails over from it; in C-core whatever
    its endpoints are (``xds_cluster_impl.cc``, ``MaybeUpdatePickerLocked``: "If we're dropping all calls, report
    READY"). grpc-go ``clusterimpl/picker.go`` and grpc-java ``ClusterImplLoadBalancer.java`` keep the endpoints' state.
    """
    if found.can_serve and not found.dropped and not found.passed_over:
        return ALL_SERVED
    all_dropped = found.dropped >= 1
    drops_all = all_dropped and (found.can_serve or client.language is Language.CORE)
    able = found.can_serve and not all_dropped
    return Serves(able, found.dropped, found.place if found.passed_over else "", drops_all=drops_all)


def _endpoints_in(locality: Locality, unused_health: Health, client: Client, draining: str) -> list[Node]:
    label = locality.label
    facts: tuple[str, ...] = (label,) if label else ()
    facts += (f"priority {locality.priority}",) if locality.priority else ()
    place = f"{locality.priority} {label}"
    unused = "its locality has weight 0: gRPC sends nothing here" if locality.weight == 0 else ""
    nodes: list[Node] = []
    said, plain = None, facts
    for endpoint in locality.endpoints:
        if endpoint.health is not said:
            said = endpoint.health
            plain = (said.words, *facts)
        note = unused or ("" if said.usable else _why_unused(endpoint, draining))
        health = Health.DEGRADED if note is SESSIONS_ONLY else unused_health if note else Health.OK
        own = plain if endpoint.weight == 1 else (*plain, f"weight {endpoint.weight}")
        if endpoint.more:
            own = (*own, *_other_addresses(endpoint, client))
        address = endpoint.address
        slot = f"{place} {address}"
        nodes.append(Node(slot, NodeKind.ENDPOINT, address, address, health, health, None, None, None, None, own, note))
    return nodes


NOTHING_SENT: Final = "gRPC sends nothing here"
SESSIONS_ONLY: Final = "gRPC sends only the calls of its sessions here"


def _drains(locality: Locality) -> bool:
    """Whether an endpoint drains in a place that gRPC uses."""
    return locality.weight > 0 and any(endpoint.health is EndpointHealth.DRAINING for endpoint in locality.endpoints)


def _why_unused(endpoint: Endpoint, draining: str) -> str:
    return draining if endpoint.health is EndpointHealth.DRAINING else NOTHING_SENT


def _other_addresses(endpoint: Endpoint, client: Client) -> tuple[str, ...]:
    """The other addresses of an endpoint that has several: it is one endpoint, connected to at one of them."""
    return (unread.words(Asked(DUAL_STACK, f"also {', '.join(endpoint.more)}"), client),)
