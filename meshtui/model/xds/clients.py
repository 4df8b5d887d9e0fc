"""What each gRPC language does with xDS config where they differ: the one place that says it.

gRPC's languages read the same config by the same gRFCs, each with its own code. Tree, route matching, expectation and
rules ask here, by the user agent in the client's node; where all languages agree, the function that decides says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from meshtui.model.xds.config import Cluster, Policy
from meshtui.model.xds.snapshot import NodeIdentity


class Language(Enum):
    """An implementation of gRPC; the value is what people call it."""

    GO = "grpc-go"
    JAVA = "grpc-java"
    CORE = "gRPC C-core"
    NODE = "grpc-js"
    OTHER = "this client"


USER_AGENTS: Final = (
    ("gRPC Go", Language.GO),
    ("gRPC Java", Language.JAVA),
    ("gRPC C-core", Language.CORE),
    ("gRPC Node", Language.NODE),
)
"""How ``user_agent_name`` begins.

grpc-go ``internal/xds/bootstrap/bootstrap.go``; grpc-java ``GrpcBootstrapperImpl.java`` (``gRPC Java``); C-core
``src/core/xds/grpc/xds_client_grpc.cc`` (``gRPC C-core`` and the platform; C++, Python, Ruby, PHP, C#); grpc-js-xds
``src/xds-bootstrap.ts`` and ``xds-client.ts`` (``gRPC Node Pure JS``).
"""


def language_of(node: NodeIdentity) -> Language:
    """The implementation behind a node's user agent."""
    return next((language for start, language in USER_AGENTS if node.user_agent.startswith(start)), Language.OTHER)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a language reads a route configuration."""

    asks_for_weightless: bool
    """Whether a destination of weight 0 is kept, so that its cluster is asked for. None sends it a request."""
    refuses_actions: bool
    """Whether a route that neither forwards nor is for servers makes it refuse the whole route configuration.

    Otherwise the route stays in the table, and each call that matches it fails with UNAVAILABLE."""


@dataclass(frozen=True, slots=True)
class Balancing:
    """Which balancing policies a language has, and what it makes of the old enum."""

    listed: frozenset[str]
    """The entries of ``load_balancing_policy`` it supports; it takes the first of them and passes over others."""
    least_request_by_locality: bool = False
    """Whether the enum's LEAST_REQUEST draws a locality by weight first."""


_COMMON: Final = frozenset({"ROUND_ROBIN", "RING_HASH", "PICK_FIRST", "WEIGHTED_ROUND_ROBIN"})
"""Policies that every language has (gRFC A42, A52, A58, A62)."""

BALANCING: Final = {
    Language.GO: Balancing(_COMMON | {"LEAST_REQUEST"}),
    Language.JAVA: Balancing(_COMMON | {"LEAST_REQUEST"}, least_request_by_locality=True),
    Language.CORE: Balancing(_COMMON),
    Language.NODE: Balancing(_COMMON),
    Language.OTHER: Balancing(_COMMON | {"LEAST_REQUEST"}),
}
"""grpc-go ``internal/xds/xdsclient/xdslbregistry/converter/converter.go`` (and ``unmarshal_cds.go``: the enum's
LEAST_REQUEST without ``xds_wrr_locality_experimental``); grpc-java ``LoadBalancerConfigFactory.java``
(``buildWrrLocalityConfig(convertLeastRequestConfig(cluster))``); C-core
``src/core/xds/grpc/xds_lb_policy_registry.cc``; grpc-js-xds ``src/lb-policy-registry``. Policies that an app registers
itself come as ``TypedStruct``, and no table can know them: they count as supported."""

_NOT_IN_GRPC: Final = frozenset({"MAGLEV", "RANDOM", "SUBSET", "CLUSTER_PROVIDED", "LEAST_REQUEST"})
"""Policies of Envoy's own types that a language may lack; any other name is one that an app may have registered."""


def policy_of(cluster: Cluster, language: Language) -> Policy:
    """The policy in force: of a list the first that the language supports, or what nobody supports if there is none."""
    has = BALANCING[language]
    for policy in cluster.policies:
        if not policy.listed:
            draws = policy.name == "LEAST_REQUEST" and has.least_request_by_locality
            return policy._replace(by_locality=True) if draws else policy
        if policy.name in has.listed or policy.name not in _NOT_IN_GRPC:
            return policy
    return Policy("no policy that this gRPC has")


_LEFT_OUT: Final = Reading(asks_for_weightless=False, refuses_actions=False)
"""grpc-go ``internal/xds/xdsclient/xdsresource/unmarshal_rds.go`` (``if w == 0 { continue }``;
``RouteActionUnsupported``, for which ``internal/xds/resolver/serviceconfig.go`` fails calls with "matched route does
not have a supported route action type"); C-core ``src/core/xds/grpc/xds_route_config_parser.cc``
(``if (cluster.weight == 0) continue``; ``UnknownAction``, for which ``src/core/resolver/xds/xds_resolver.cc`` fails
calls with "Matching route has inappropriate action")."""

_KEPT: Final = Reading(asks_for_weightless=True, refuses_actions=True)
"""grpc-java ``xds/src/main/java/io/grpc/xds/XdsRouteConfigureResource.java`` (``parseRouteAction`` keeps each weight;
``parseRoute``: "Unsupported action type: direct_response"); grpc-js-xds ``src/resolver-xds.ts`` (pushes each weight)
and ``src/xds-resource-type/route-config-resource-type.ts`` (``if (route.action !== 'route') return null``)."""

READINGS: Final = {
    Language.GO: _LEFT_OUT,
    Language.CORE: _LEFT_OUT,
    Language.JAVA: _KEPT,
    Language.NODE: _KEPT,
    Language.OTHER: _LEFT_OUT,
}
"""By language. Of a client that is none of them, a cluster it does not hold is not said to be missing for a share of
nothing."""


def reading_of(node: NodeIdentity) -> Reading:
    """How the client behind a node reads a route configuration."""
    return READINGS[language_of(node)]
