"""How a client acts on what it reads of routes and balancing policies, where languages or releases differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from meshtui.model.xds.clients import Client, Language, Version
from meshtui.model.xds.config import Cluster, EndpointHealth, Policy
from meshtui.model.xds.feature_never import OTHER_POLICIES
from meshtui.model.xds.feature_table import (
    CIRCUIT_BREAKERS,
    LEAST_REQUEST,
    PICK_FIRST,
    POLICY_LISTS,
    RING_HASH,
    SESSIONS,
    WEIGHTED_ROUND_ROBIN,
)
from meshtui.model.xds.features import Reads, ignores, reads


@dataclass(frozen=True, slots=True)
class Reading:
    """How a language reads a route configuration."""

    asks_for_weightless: bool
    """Whether a destination of weight 0 is kept, so that its cluster is asked for. None sends it a request."""
    refuses_actions: bool
    """Whether a route that neither forwards nor is for servers makes it refuse the whole route configuration.

    Otherwise the route stays in the table, and each call that matches it fails with UNAVAILABLE."""
    refuses_loops: bool = False
    """Whether an aggregate cluster that contains itself may fail; otherwise the second place of it is left out."""


_LEFT_OUT: Final = Reading(asks_for_weightless=False, refuses_actions=False)
"""grpc-go ``internal/xds/xdsclient/xdsresource/unmarshal_rds.go`` (``if w == 0 { continue }``;
``RouteActionUnsupported``, for which ``internal/xds/resolver/serviceconfig.go`` fails calls with "matched route does
not have a supported route action type"); C-core ``src/core/xds/grpc/xds_route_config_parser.cc``
(``if (cluster.weight == 0) continue``; ``UnknownAction``, for which ``src/core/resolver/xds/xds_resolver.cc`` fails
calls with "Matching route has inappropriate action")."""

_KEPT: Final = Reading(asks_for_weightless=True, refuses_actions=True)
"""grpc-java ``xds/src/main/java/io/grpc/xds/XdsRouteConfigureResource.java`` (``parseRouteAction`` keeps each weight;
``parseRoute``: "with unknown action type: DIRECT_RESPONSE"); grpc-js-xds ``src/resolver-xds.ts`` (pushes each weight)
and ``src/xds-resource-type/route-config-resource-type.ts`` (``if (route.action !== 'route') return null``)."""

READINGS: Final = {
    Language.GO: _LEFT_OUT,
    Language.CORE: _LEFT_OUT,
    Language.JAVA: replace(_KEPT, refuses_loops=True),
    Language.NODE: _KEPT,
    Language.OTHER: _LEFT_OUT,
}
"""By language. Loops of aggregates: grpc-java ``CdsLoadBalancer2.java`` of 1.60 ("circular aggregate clusters"); since
it has ``XdsDependencyManager.java`` the member alone has an error ("Aggregate cluster cycle detected"). Others leave
the second place out (C-core's ``AggregateClusterTest.DependencyLoopWithLeafClusters``, grpc-go ``cdsbalancer.go``,
grpc-js ``load-balancer-cds.ts``). Of a client that is none of them, a cluster it does not hold is not said to be
missing for a share of nothing."""


LEAVES_OUT_LOST: Final = Version(1, 63)
"""A release of C-core that certainly has gRFC A74 for aggregates (grpc/grpc#35011, #35313)."""


PASSES_OVER_REFUSED: Final = Version(1, 85)
"""A release of grpc-java that was seen to go over a member it had refused."""


def passes_over(client: Client, *, absent: bool) -> bool | None:
    """Whether an aggregate goes on to its next member where one is not there; None where that is not known.

    ``absent``: the control plane does not have the member; otherwise it was refused, or came as an error.

    gRFC A37 has the whole aggregate fail. grpc-go does so: ``cdsbalancer.go`` (``onClusterResourceError``), since 1.80
    ``xds_dependency_manager.go`` (``populateAggregateClusterLocked`` hands on the error of any member). grpc-java never
    did ("we're keeping Java's old behavior", ``XdsDependencyManager.java``); of a member that was refused its versions
    before A74 wait. C-core leaves such members out since A74 (``xds_dependency_manager.cc``,
    ``PopulateClusterConfigMap``). tests/peers/test_aggregates.py asks real clients.
    """
    match client.language:
        case Language.GO:
            return False
        case Language.JAVA:
            new = client.version is not None and client.version >= PASSES_OVER_REFUSED
            return True if absent or new else None
        case Language.CORE:
            return True if client.version is not None and client.version >= LEAVES_OUT_LOST else None
        case _:
            return None


def lets_none_through(cluster: Cluster, client: Client) -> bool:
    """Whether a cluster fails every call since its limit lets no request be in flight (gRFC A32).

    grpc-go ``requests_counter.go``: as many as the limit are too many already.
    """
    return cluster.max_requests == 0 and not ignores(CIRCUIT_BREAKERS, client)


def drains_for_sessions(cluster: Cluster, client: Client) -> bool:
    """Whether an endpoint that drains still gets the calls of its sessions (gRFC A55)."""
    return EndpointHealth.DRAINING.value in cluster.kept_for_sessions and not ignores(SESSIONS, client)


POLICY_FEATURES: Final = MappingProxyType(
    {
        "RING_HASH": RING_HASH,
        "LEAST_REQUEST": LEAST_REQUEST,
        "PICK_FIRST": PICK_FIRST,
        "WEIGHTED_ROUND_ROBIN": WEIGHTED_ROUND_ROBIN,
        "MAGLEV": OTHER_POLICIES,
        "RANDOM": OTHER_POLICIES,
        "SUBSET": OTHER_POLICIES,
        "CLUSTER_PROVIDED": OTHER_POLICIES,
    }
)
"""Who has a policy of Envoy's own types; every gRPC has ROUND_ROBIN. Any other name is one that an app may have
registered (it comes as ``TypedStruct``), and no table can know it: it counts as supported."""

NO_POLICY: Final = Policy("no policy that this gRPC has")
"""What is in force of a list of which the client supports nothing: it refuses the cluster (gRFC A52)."""


def policy_of(cluster: Cluster, client: Client) -> Policy:
    """The policy in force: of a list the first that the client supports, unless it reads no lists at all (gRFC A52).

    The enum's LEAST_REQUEST draws a locality by weight first in grpc-java alone (``LoadBalancerConfigFactory.java``:
    ``buildWrrLocalityConfig(convertLeastRequestConfig(cluster))``; grpc-go ``unmarshal_cds.go`` has no
    ``xds_wrr_locality_experimental`` there).
    """
    listed = cluster.policies
    if not listed or reads(POLICY_LISTS, client) is Reads.NO:
        enum = cluster.old_policy
        draws = enum.name == "LEAST_REQUEST" and client.language is Language.JAVA
        return enum._replace(by_locality=True) if draws else enum
    return next((policy for policy in listed if _has(client, policy)), NO_POLICY)


def _has(client: Client, policy: Policy) -> bool:
    feature = POLICY_FEATURES.get(policy.name)
    return feature is None or not ignores(feature, client)


def passed_over(cluster: Cluster, client: Client) -> tuple[Policy, ...]:
    """The policies of a list before the one in force."""
    policy = policy_of(cluster, client)
    listed = cluster.policies
    if policy is cluster.old_policy:
        return ()
    return listed[: listed.index(policy)] if policy in listed else listed
