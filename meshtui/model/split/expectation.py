"""The shares a request's answers should have, by the accepted config: route → weighted clusters → versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, NamedTuple

from meshtui.model.ip import ip_of
from meshtui.model.phrases import share_words
from meshtui.model.split.assessment import Expectation, ExpectationSource
from meshtui.model.xds.clients import client_of
from meshtui.model.xds.config import (
    ROUND_ROBIN,
    ActionKind,
    Cluster,
    ClusterLoadAssignment,
    Endpoint,
    Listener,
    Locality,
    Policy,
    Route,
    WeightedCluster,
)
from meshtui.model.xds.feature_table import FAULTS, FILTERS_OFF
from meshtui.model.xds.features import ignores
from meshtui.model.xds.filters import aborted
from meshtui.model.xds.injected import faults_for
from meshtui.model.xds.names import cluster_label, parse_service_name
from meshtui.model.xds.readings import lets_none_through, policy_of
from meshtui.model.xds.references import endpoints_key
from meshtui.model.xds.resource import CDS, Health, Resource, ResourceKey
from meshtui.model.xds.routing import Decision, decide
from meshtui.model.xds.serving import Serving, serving, usable
from meshtui.model.xds.snapshot import Snapshot

ECHO_PATH: Final = "/proto.EchoTestService/Echo"
"""The method ForwardEcho calls at the other end."""

_NO_MAPPING: Final[Mapping[str, str]] = MappingProxyType({})


class VersionSource(Enum):
    """How the version behind a cluster is known, or why it is not."""

    MAPPING = auto()
    WORKLOAD = auto()
    NAME = auto()
    SEVERAL_VERSIONS = auto()
    NO_SUBSET = auto()


def expectation_for(
    snapshot: Snapshot,
    url: str,
    headers: Mapping[str, str],
    *,
    path: str = ECHO_PATH,
    mapping: Mapping[str, str] = _NO_MAPPING,
    versions_seen: frozenset[str] = frozenset(),
    pod_versions: Mapping[str, str] = _NO_MAPPING,
) -> Expectation:
    """What the accepted config asks of answers to such requests, or why nothing can be tested.

    ``mapping`` says which version answers for a subset (or a whole cluster name), where the user knows better.
    ``versions_seen`` are the versions that have answered: when the subsets' names fit none of them, the names are no
    evidence, and no verdict is built on them. ``pod_versions`` are the version labels of pods by address, where the
    cluster tells them.
    """
    decision = decide(snapshot, url, path, headers)
    if decision.problem or decision.route is None or decision.routes is None:
        return Expectation.untestable(decision.problem or "No route matches this request.")
    label = decision.route.origin or decision.routes.key.name
    clusters = decision.route.action.clusters
    if not clusters:
        return Expectation.untestable(_why_nowhere(decision.route), label=label)
    if decision.caveats:
        return Expectation.untestable(f"The split cannot be foreseen: {decision.caveats[0]}.", label=label)
    scope = decision.routes.key.scope
    lacking = _lacking(snapshot, scope, clusters)
    if lacking:
        reason = (
            f"The accepted route names {lacking}, which is not there: gRPC keeps the split it had until it arrives, "
            "and fails that share once it gives it up (after 15 s, or 30 s if its bootstrap asks for that)."
        )
        found = Expectation.untestable(reason, weights=_by_label(clusters), label=label)
    else:
        known = _Known(mapping, versions_seen, pod_versions)
        found = _of_clusters(snapshot, decision, clusters, known, label)
    return replace(found, arriving=_arriving(snapshot, scope, clusters))


def subsets_of(snapshot: Snapshot, url: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    """The weighted destinations of the matched route by their short names: what can be mapped to versions."""
    decision = decide(snapshot, url, ECHO_PATH, headers)
    clusters = decision.route.action.clusters if decision.route else ()
    return tuple(dict.fromkeys(cluster_label(item.cluster) for item in clusters))


class _Known(NamedTuple):
    """What is known of versions beside the config; each as :func:`expectation_for` has it."""

    mapping: Mapping[str, str]
    versions_seen: frozenset[str]
    pod_versions: Mapping[str, str]


def _of_clusters(
    snapshot: Snapshot,
    decision: Decision,
    clusters: tuple[WeightedCluster, ...],
    known: _Known,
    label: str,
) -> Expectation:
    assert decision.routes is not None
    weights: list[tuple[str, float]] = []
    notes: list[str] = []
    by_name: list[str] = []
    located: list[str] = []
    fallbacks: dict[str, None] = {}
    for item in clusters:
        if item.weight == 0 and len(clusters) > 1:
            continue  # gRPC never draws it; an answer from its version is a surprise all the same
        found = _served(snapshot, decision.routes.key.scope, item.cluster, known.pod_versions)
        unserved = _why_unserved(snapshot, decision.routes.key.scope, item.cluster, found)
        if unserved:
            notes.append(f"no call to {cluster_label(item.cluster)} is served: {unserved}")
            continue
        shares, source = _versions(item.cluster, found, known.mapping)
        if not shares:
            return Expectation.untestable(_why_no_version(snapshot, decision, item, source), label=label)
        if source is VersionSource.NAME:
            by_name += [version for version, _ in shares]
        if source is VersionSource.SEVERAL_VERSIONS:
            located += [version for version, _ in shares]
        fallbacks |= dict.fromkeys(found.later if found is not None else ())
        dropped = found.serving.dropped if found is not None else 0.0
        kept = (1.0 - dropped) * (1.0 - _aborted(snapshot, decision, item))
        if kept < 1:
            lost = share_words(1 - kept)
            notes.append(f"{lost} of calls to {cluster_label(item.cluster)} are dropped or aborted by config")
        weights += [(version, item.weight * kept * share) for version, share in shares]
    if not any(weight for _, weight in weights):
        why = f" ({'; '.join(notes)})" if notes else ""
        return Expectation.untestable(f"The config serves no call, so that no answer is expected{why}.", label=label)
    if twice := _told_by_several(located, weights):
        return Expectation.untestable(
            f"gRPC draws among the localities that a channel is connected to, and {twice} answers from several "
            "places: its answers do not tell which of them are.",
            weights=_added(weights),
            label=label,
        )
    if by_name and known.versions_seen - {version for version, _ in weights} and not known.versions_seen & set(by_name):
        seen, named = ", ".join(sorted(known.versions_seen)), ", ".join(by_name)
        reason = (
            f"The config names the subsets {named}, the answers come from {seen}: say which subset is which version."
        )
        return Expectation.untestable(reason, weights=dict(weights), label=label)
    if by_name:
        notes.append(f"subset {', '.join(dict.fromkeys(by_name))} is taken for the version of that name")
    expected = Expectation.of(weights, ExpectationSource.CONFIG, tuple(notes), label, tuple(located))
    return replace(expected, fallbacks=tuple(version for version in fallbacks if not expected.shares.get(version)))


def _told_by_several(located: list[str], weights: list[tuple[str, float]]) -> str:
    """A version of a locality that is also drawn elsewhere, or empty."""
    drawn = [version for version, weight in weights if weight]
    return next((version for version in located if drawn.count(version) > 1), "")


def _added(weights: list[tuple[str, float]]) -> dict[str, float]:
    added: dict[str, float] = {}
    for version, weight in weights:
        added[version] = added.get(version, 0.0) + weight
    return added


def _aborted(snapshot: Snapshot, decision: Decision, item: WeightedCluster) -> float:
    """The share of a destination's calls that fault injection aborts (gRFC A33): they get no answer."""
    listener = decision.listener.body if decision.listener is not None else None
    client = client_of(snapshot.node)
    if not isinstance(listener, Listener) or decision.route is None or ignores(FAULTS, client):
        return 0.0
    off_is_read = not ignores(FILTERS_OFF, client)
    return aborted(faults_for(listener.filters, decision.route, item, off_is_read=off_is_read))


class _Served(NamedTuple):
    """Where a cluster's calls go, and by which policy."""

    serving: Serving
    policy: Policy
    later: tuple[str, ...]
    """The versions of the priorities after it."""
    pod_versions: Mapping[str, str]


def _served(snapshot: Snapshot, scope: str, name: str, pod_versions: Mapping[str, str]) -> _Served | None:
    """``None`` for a cluster whose endpoints are not known from EDS."""
    cluster = snapshot.resources.get(ResourceKey(scope, CDS, name))
    key = endpoints_key(snapshot, ResourceKey(scope, CDS, name))
    assignment = snapshot.resources.get(key) if key is not None else None
    if cluster is None or assignment is None or not isinstance(cluster.body, Cluster):
        return None
    if not isinstance(assignment.body, ClusterLoadAssignment):
        return None
    used = serving(assignment.body)
    after = [locality for locality in assignment.body.localities if locality.priority > used.priority]
    later = sorted({_version_of(each, pod_versions) for locality in after for each in usable(locality)} - {""})
    return _Served(used, policy_of(cluster.body, client_of(snapshot.node)), tuple(later), pod_versions)


def _why_unserved(snapshot: Snapshot, scope: str, name: str, found: _Served | None) -> str:
    """Why a cluster serves no call at all; empty where it does, or may."""
    cluster = snapshot.resources.get(ResourceKey(scope, CDS, name))
    body = cluster.body if cluster is not None else None
    if isinstance(body, Cluster) and lets_none_through(body, client_of(snapshot.node)):
        return "its limit of 0 requests lets none through"
    key = endpoints_key(snapshot, ResourceKey(scope, CDS, name))
    assignment = snapshot.resources.get(key) if key is not None else None
    if assignment is not None and assignment.serves is False:
        return "its endpoints are not there"
    return "none of its endpoints can" if found is not None and not found.serving.can_serve else ""


def _versions(
    cluster: str, found: _Served | None, mapping: Mapping[str, str]
) -> tuple[tuple[tuple[str, float], ...], VersionSource]:
    """The versions behind a cluster with their shares and how they are known; or none, and why not."""
    short = cluster_label(cluster)
    if cluster in mapping or short in mapping:
        return ((mapping.get(cluster, mapping.get(short, "")), 1.0),), VersionSource.MAPPING
    revisions = _revisions(found.serving.localities, found.pod_versions) if found is not None else frozenset()
    if len(revisions) == 1:
        return ((next(iter(revisions)), 1.0),), VersionSource.WORKLOAD
    if found is not None and len(revisions) > 1:
        return _by_locality(found), VersionSource.SEVERAL_VERSIONS
    service = parse_service_name(cluster)
    if service is not None and service.subset:
        return ((service.subset, 1.0),), VersionSource.NAME
    return (), VersionSource.NO_SUBSET


def _by_locality(found: _Served) -> tuple[tuple[str, float], ...]:
    """The split that locality weights make, where each locality has one version; none where it cannot be foreseen."""
    shares = [(_revisions((locality,), found.pod_versions), share) for locality, share in found.serving.shares()]
    if not found.policy.by_locality or any(len(revisions) != 1 for revisions, _ in shares):
        return ()
    return tuple((next(iter(revisions)), share) for revisions, share in shares)


def _revisions(localities: Iterable[Locality], pod_versions: Mapping[str, str]) -> frozenset[str]:
    """The versions of the endpoints in use, where all of them are known."""
    revisions = {_version_of(endpoint, pod_versions) for locality in localities for endpoint in usable(locality)}
    return frozenset(revisions) if all(revisions) else frozenset()


def _version_of(endpoint: Endpoint, pod_versions: Mapping[str, str]) -> str:
    """The version label of the endpoint's pod, else what istiod says of it (canonical revision in its metadata).

    The label comes first: Istio's echo app answers it, while the canonical revision may be that of another label.
    """
    labelled = pod_versions.get(ip_of(endpoint.address), "") if pod_versions else ""
    return labelled or endpoint.revision


def _why_no_version(snapshot: Snapshot, decision: Decision, item: WeightedCluster, source: VersionSource) -> str:
    assert decision.routes is not None
    resource = snapshot.resources.get(ResourceKey(decision.routes.key.scope, CDS, item.cluster))
    body = resource.body if resource else None
    policy = policy_of(body, client_of(snapshot.node)).name if isinstance(body, Cluster) else ROUND_ROBIN.name
    several = decision.route is not None and len(decision.route.action.clusters) > 1
    if several:
        what = "holds several versions" if source is VersionSource.SEVERAL_VERSIONS else "has no subset"
        label = cluster_label(item.cluster)
        return f"Cluster {label} {what}, so the config does not say which version its share goes to: say which."
    if "RING_HASH" in policy and decision.route is not None and not decision.route.action.hash_on:
        return "One cluster with ring hash and no key that gRPC hashes: each call picks a pod at random, not by weight."
    if "RING_HASH" in policy or "MAGLEV" in policy:
        return (
            "One cluster with ring hash: the request's hash picks the pod, so the split follows the keys, not weights."
        )
    return f"One cluster, {policy}: its pods are not drawn by weight, so there is no configured split to test."


def _why_nowhere(route: Route) -> str:
    action = route.action
    if action.kind is ActionKind.FAILING:
        return f"The matching route has an action that gRPC does not know ({action.detail}): its calls fail."
    if action.detail:
        return f"Of the matching route {action.detail}, call by call: the config asks for no split."
    return "The matching route forwards to no cluster."


def _lacking(snapshot: Snapshot, scope: str, clusters: tuple[WeightedCluster, ...]) -> str:
    """Clusters with a weight that the client does not hold."""
    names = [item.cluster for item in clusters if item.weight]
    absent = [name for name in names if not _held(snapshot.resources.get(ResourceKey(scope, CDS, name)))]
    return ", ".join(cluster_label(name) for name in absent)


def _arriving(snapshot: Snapshot, scope: str, clusters: tuple[WeightedCluster, ...]) -> bool:
    """Whether a cluster that gets requests, or its endpoints, may be about to come: not there, nor known not to be."""
    for item in clusters:
        if not item.weight:
            continue
        cluster = ResourceKey(scope, CDS, item.cluster)
        needed = (cluster, endpoints_key(snapshot, cluster))
        if any(key is not None and _may_come(snapshot.resources.get(key)) for key in needed):
            return True
    return False


def _may_come(resource: Resource | None) -> bool:
    return resource is None or (resource.health is Health.WAITING and not resource.value)


def _held(resource: Resource | None) -> bool:
    return resource is not None and (resource.health is Health.OK or bool(resource.value))


def _by_label(clusters: tuple[WeightedCluster, ...]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in clusters:
        label = cluster_label(item.cluster)
        weights[label] = weights.get(label, 0.0) + item.weight
    return weights
