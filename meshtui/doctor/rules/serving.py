"""Rules over clusters that serve, but not as they should: calls dropped by config, and calls that a fallback takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.kinds import config as kinds
from meshtui.doctor.rules.advice import NO_ENDPOINTS, REQUEST_LIMIT, Advice
from meshtui.doctor.rules.effects import effect_along, failing
from meshtui.doctor.rules.ways_out import of_first_member
from meshtui.model.finding import Finding, Severity
from meshtui.model.phrases import share_words
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.config import Cluster
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.graph_aggregates import takes_calls
from meshtui.model.xds.names import cluster_label
from meshtui.model.xds.resource import ResourceKey


def dropped(seen: ConfigEvidence) -> Iterator[Finding]:
    """A share of a cluster's calls that the client drops itself, as EDS tells it to (gRFC A32)."""
    advice = Advice(seen)
    for key, ways in _not_whole(seen.graph).items():
        node = ways[0][-1]
        lost = node.serves.dropped
        if not lost or any(child.kind is NodeKind.CLUSTER for child in node.children[:1]):
            continue
        used = [way for way in ways if takes_calls(way)]
        if not used:
            continue
        body = seen.snapshot.resources[key].body
        limited = isinstance(body, Cluster) and body.max_requests == 0
        effects = [replace(effect, share=effect.share * lost) for way in used for effect in effect_along(way)]
        yield kinds.CALLS_DROPPED.finding(
            ResourceSubject(key),
            severity=Severity.ERROR if lost >= 1 else None,
            title=failing(tuple(effects), "are dropped by the client"),
            label=cluster_label(node.name),
            name=node.name,
            share=share_words(lost),
            cause=(NO_REQUESTS_CAUSE if limited else OVERLOAD_CAUSE).format(node.name),
            how=(advice.instead(key, REQUEST_LIMIT) or NO_REQUESTS_FIX) if limited else OVERLOAD_FIX,
            evidence=(f"{node.name}: {node.note}",),
        )


OVERLOAD_CAUSE: Final = "The endpoints of {} come with drop_overloads"
OVERLOAD_FIX: Final = "ask who runs the control plane: load shedding by drop_overloads is set there, for this service"
NO_REQUESTS_CAUSE: Final = "The circuit breaker of {} lets no request be in flight"
NO_REQUESTS_FIX: Final = "give http2MaxRequests of the DestinationRule a number of requests, or take it out"
"""What makes a client drop calls, and what to do."""


def failed_over(seen: ConfigEvidence) -> Iterator[Finding]:
    """A cluster whose calls go to a later priority, or to a later member, since what comes first cannot serve."""
    advice = Advice(seen)
    for key, ways in _not_whole(seen.graph).items():
        node = ways[0][-1]
        if node.serves.able and node.serves.failed_over:
            yield kinds.FAILED_OVER.finding(
                ResourceSubject(key),
                fix=of_first_member(node) or advice.instead(key, NO_ENDPOINTS),
                label=cluster_label(node.name),
                place=node.serves.failed_over,
                problem=f"{node.name} {node.note}",
                evidence=(f"{node.name}: {node.note}",),
            )


def _not_whole(graph: Graph) -> dict[ResourceKey, list[Sequence[Node]]]:
    """The ways to each cluster that does not serve as it should."""
    found: dict[ResourceKey, list[Sequence[Node]]] = {}
    for way in graph.troubled():
        if way[-1].kind is NodeKind.CLUSTER and way[-1].key is not None:
            found.setdefault(way[-1].key, []).append(way)
    return found
