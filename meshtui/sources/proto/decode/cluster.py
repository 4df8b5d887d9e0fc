"""``Cluster`` (CDS), by the rules of gRFC A27, A32, A37, A42 and A52."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3.health_check_pb2 import HealthStatus

from meshtui.model.xds.config import DEFAULT_MAX_REQUESTS, ROUND_ROBIN, Cluster, Outliers, Policy
from meshtui.model.xds.names import parse_service_name
from meshtui.model.xds.resource import EDS
from meshtui.sources.proto.decode.tls import upstream_tls
from meshtui.sources.proto.type_names import short_name, type_name
from meshtui.sources.proto.unpack import UnreadableError, istio_origin, socket_address, unpack

UNLIMITED: Final = frozenset({2**31 - 1, 2**32 - 1})
"""What says "no limit": istiod writes 2³²−1 where nobody set one (Istio
``pilot/pkg/networking/core/cluster_traffic_policy.go``, ``getDefaultCircuitBreakerThresholds``), and 2³¹−1 is the most
that a DestinationRule can say. No client has so many calls in flight."""

DEFAULT_PRIORITY: Final = 0
"""``RoutingPriority.DEFAULT``, the one whose circuit breaker gRPC reads."""

WRAPPER_DEPTH: Final = 8
"""How deep balancing policies may wrap each other before we stop looking; gRPC allows 16."""

AGGREGATE: Final = "envoy.extensions.clusters.aggregate.v3.ClusterConfig"
"""The type by which a cluster says that it is made of others (gRFC A37)."""

_POLICY_NAMES: Final = {
    "ClientSideWeightedRoundRobin": "WEIGHTED_ROUND_ROBIN",
    "RoundRobin": "ROUND_ROBIN",
    "RingHash": "RING_HASH",
    "LeastRequest": "LEAST_REQUEST",
    "PickFirst": "PICK_FIRST",
}


def cluster(message: Any) -> Cluster:
    """A CDS resource."""
    discovery, children, dns_name = _discovery(message)
    service = parse_service_name(message.name)
    return Cluster(
        name=message.name,
        discovery=discovery,
        endpoints_name=message.eds_cluster_config.service_name if discovery == EDS else "",
        children=children,
        dns_name=dns_name,
        policies=_policies(message),
        old_policy=_old_policy(message),
        tls=upstream_tls(message),
        max_requests=_max_requests(message),
        subset=service.subset if service else "",
        origin=istio_origin(message.metadata) if message.HasField("metadata") else "",
        outliers=_outliers(message.outlier_detection) if message.HasField("outlier_detection") else None,
        kept_for_sessions=_kept_for_sessions(message) if message.HasField("common_lb_config") else (),
    )


def _discovery(message: Any) -> tuple[str, tuple[str, ...], str]:
    """How endpoints are found; the clusters of an aggregate; the name of a DNS cluster."""
    if message.WhichOneof("cluster_discovery_type") == "cluster_type":
        return _custom_discovery(message.cluster_type)
    name = _enum_names("type").get(message.type) or f"type {message.type}"
    return name, (), _dns_name(message) if name in ("LOGICAL_DNS", "STRICT_DNS") else ""


def _custom_discovery(cluster_type: Any) -> tuple[str, tuple[str, ...], str]:
    packed = cluster_type.typed_config
    if type_name(packed.type_url) != AGGREGATE:
        return cluster_type.name or short_name(packed.type_url), (), ""
    try:
        return "AGGREGATE", tuple(unpack(packed).clusters), ""
    except UnreadableError:
        return "AGGREGATE (unreadable)", (), ""


def _dns_name(message: Any) -> str:
    for locality in message.load_assignment.endpoints:
        for endpoint in locality.lb_endpoints:
            return socket_address(endpoint.endpoint.address)
    return ""


def _policies(message: Any) -> tuple[Policy, ...]:
    """The typed policies, which win over the enum where both are given (gRFC A52)."""
    if not message.HasField("load_balancing_policy"):
        return ()
    return tuple(_listed(message.load_balancing_policy, WRAPPER_DEPTH, by_locality=False))


def _old_policy(message: Any) -> Policy:
    """The enum's ROUND_ROBIN draws a locality first in every language; of others see ``model/xds/readings.py``."""
    name = _enum_names("lb_policy").get(message.lb_policy) or f"policy {message.lb_policy}"
    return ROUND_ROBIN if name == ROUND_ROBIN.name else Policy(name)


@cache
def _enum_names(field: str) -> Mapping[int, str]:
    """The names of what a field of a cluster can be, by number."""
    numbers = cluster_pb2.Cluster.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return {number: value.name for number, value in numbers.items()}


def _listed(policy: Any, depth: int, *, by_locality: bool) -> Iterator[Policy]:
    """The policies of a list, named as the enum does; a wrapper stands aside for what it wraps."""
    for listed in policy.policies:
        packed = listed.typed_extension_config.typed_config
        kind = short_name(packed.type_url)
        try:
            if kind == "WrrLocality" and depth:
                inner = unpack(packed).endpoint_picking_policy
                yield from _listed(inner, depth - 1, by_locality=True)
                continue
            name = short_name(unpack(packed).type_url) if kind == "TypedStruct" else ""
        except UnreadableError:
            name = kind
        name = name or _POLICY_NAMES.get(kind) or _snake(kind) or listed.typed_extension_config.name
        yield Policy(name, by_locality=by_locality)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def _outliers(message: Any) -> Outliers:
    """What is left of it in gRPC; Envoy counts consecutive 5xx where nothing is said (gRFC A50)."""
    enforced = message.enforcing_success_rate.value if message.HasField("enforcing_success_rate") else None
    silent = message.HasField("enforcing_consecutive_5xx") and not message.enforcing_consecutive_5xx.value
    gateway = message.enforcing_consecutive_gateway_failure.value
    by_rate = any(map(message.HasField, _BY_RATE)) and not any(map(message.HasField, _BY_CONSECUTIVE))
    consecutive = bool(gateway) or not (silent or by_rate)
    return Outliers(enforced, message.enforcing_failure_percentage.value, consecutive=consecutive)


_BY_RATE: Final = (
    "enforcing_success_rate",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
    "enforcing_failure_percentage",
    "failure_percentage_threshold",
    "failure_percentage_minimum_hosts",
    "failure_percentage_request_volume",
)
_BY_CONSECUTIVE: Final = ("consecutive_5xx", "enforcing_consecutive_5xx", "consecutive_gateway_failure")
"""What an outlier detection names. Of one that names rates alone nobody asked to count consecutive errors, which Envoy
does all the same."""


def _kept_for_sessions(message: Any) -> tuple[str, ...]:
    """gRFC A55: where nothing is said, UNKNOWN and HEALTHY, which are used anyway."""
    named = HealthStatus.DESCRIPTOR.values_by_number
    statuses = message.common_lb_config.override_host_status.statuses
    return tuple([named[status].name for status in statuses if status in named])


def _max_requests(message: Any) -> int | None:
    """Of the first entry for the default priority, as C-core and grpc-go read it (gRFC A32)."""
    if not message.HasField("circuit_breakers"):
        return DEFAULT_MAX_REQUESTS
    for threshold in message.circuit_breakers.thresholds:
        if threshold.priority == DEFAULT_PRIORITY:
            limit = threshold.max_requests.value if threshold.HasField("max_requests") else DEFAULT_MAX_REQUESTS
            return None if limit in UNLIMITED else int(limit)
    return DEFAULT_MAX_REQUESTS
