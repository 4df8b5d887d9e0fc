"""``ClusterLoadAssignment`` (EDS), by the rules of gRFC A27 and A32."""

from __future__ import annotations

from typing import Any

from meshtui.model.xds.config import ClusterLoadAssignment, Drop, Endpoint, EndpointHealth, Locality
from meshtui.sources.proto.unpack import fraction, istio_metadata, socket_address

_HEALTH = {
    0: EndpointHealth.UNKNOWN,
    1: EndpointHealth.HEALTHY,
    2: EndpointHealth.UNHEALTHY,
    3: EndpointHealth.DRAINING,
    4: EndpointHealth.TIMEOUT,
    5: EndpointHealth.DEGRADED,
}
"""``envoy.config.core.v3.HealthStatus`` by its wire number."""


def cluster_load_assignment(message: Any) -> ClusterLoadAssignment:
    """An EDS resource."""
    return ClusterLoadAssignment(
        name=message.cluster_name,
        localities=tuple([_locality(endpoint) for endpoint in message.endpoints[:]]),
        drops=_drops(message.policy) if message.HasField("policy") else (),
    )


def _drops(policy: Any) -> tuple[Drop, ...]:
    return tuple(Drop(overload.category, fraction(overload.drop_percentage)) for overload in policy.drop_overloads)


def _locality(message: Any) -> Locality:
    """A locality that says no weight has weight 0."""
    place = message.locality
    endpoints = [_endpoint(lb_endpoint) for lb_endpoint in message.lb_endpoints[:]]
    return Locality(
        region=place.region,
        zone=place.zone,
        sub_zone=place.sub_zone,
        priority=message.priority,
        weight=message.load_balancing_weight.value,
        endpoints=tuple(endpoints),
    )


def _endpoint(message: Any) -> Endpoint:
    """An endpoint that says no weight has weight 1."""
    weight = message.load_balancing_weight.value if message.HasField("load_balancing_weight") else 1
    workload, revision, cluster = _workload(message.metadata) if message.HasField("metadata") else ("", "", "")
    endpoint = message.endpoint
    address = socket_address(endpoint.address) or message.endpoint_name
    health = _HEALTH.get(message.health_status, EndpointHealth.UNKNOWN)
    others = endpoint.additional_addresses
    more = tuple([socket_address(other.address) for other in others]) if others else ()
    return Endpoint(address, health, weight, workload, revision, more, cluster)


def _workload(metadata: Any) -> tuple[str, str, str]:
    """Name, revision and cluster of what istiod writes as ``name;namespace;canonical service;revision;cluster``.

    Istio ``pilot/pkg/networking/util/util.go`` (``AppendLbEndpointMetadata``).
    """
    parts = istio_metadata(metadata, "workload").split(";")
    return parts[0], parts[3] if len(parts) > 3 else "", parts[4] if len(parts) > 4 else ""
