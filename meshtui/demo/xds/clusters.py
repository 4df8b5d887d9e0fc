"""CDS and EDS: a service's clusters, one per subset, and the pods behind each."""

from __future__ import annotations

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2
from envoy.config.core.v3 import address_pb2, base_pb2, config_source_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from google.protobuf import wrappers_pb2

from meshtui.demo.istio.objects import (
    MeshConfig,
    Origin,
    Service,
    Subset,
    TrafficPolicy,
)
from meshtui.demo.istio.workload import MeshWorkload
from meshtui.demo.xds import tls
from meshtui.demo.xds.names import ClusterName, parse_cluster

LOCALITY = base_pb2.Locality(region="demo", zone="local")
"""Every pod runs on this one machine."""

_RESOURCES = {
    "VirtualService": "networking.istio.io/v1/namespaces/{}/virtual-service/{}",
    "DestinationRule": "networking.istio.io/v1/namespaces/{}/destination-rule/{}",
}


def istio_metadata(origin: Origin, **more: str) -> base_pb2.Metadata:
    """The ``istio`` metadata that names the object a resource was made from, by its path in the API server."""
    metadata = base_pb2.Metadata()
    path = _RESOURCES[origin.kind].format(origin.namespace, origin.name)
    metadata.filter_metadata["istio"].update({"config": f"/apis/{path}", **more})
    return metadata


def cluster(config: MeshConfig, name: str) -> cluster_pb2.Cluster | None:
    """The cluster of a name, or None if its service, port or subset does not exist."""
    parts = parse_cluster(name)
    found = _resolve(config, parts) if parts else None
    if parts is None or found is None:
        return None
    service, subset = found
    rule = config.destination_rule(parts.host)
    out = cluster_pb2.Cluster(
        name=name,
        type=cluster_pb2.Cluster.EDS,
        eds_cluster_config=cluster_pb2.Cluster.EdsClusterConfig(
            service_name=name,
            eds_config=config_source_pb2.ConfigSource(ads=config_source_pb2.AggregatedConfigSource()),
        ),
    )
    if rule is not None:
        more = {"subset": subset.name} if subset else {}
        out.metadata.CopyFrom(istio_metadata(rule.origin, **more))
        _apply(out, rule.policy_of(subset), {workload.identity for workload in config.behind(service)})
    return out


def _resolve(config: MeshConfig, parts: ClusterName) -> tuple[Service, Subset | None] | None:
    service = config.service(parts.host)
    if service is None or service.port(parts.port) is None:
        return None
    if not parts.subset:
        return service, None
    rule = config.destination_rule(parts.host)
    subsets = rule.subsets if rule else ()
    subset = next((subset for subset in subsets if subset.name == parts.subset), None)
    return (service, subset) if subset else None


def _apply(out: cluster_pb2.Cluster, policy: TrafficPolicy, identities: set[str]) -> None:
    if policy.balancer == "LEAST_REQUEST":
        out.lb_policy = cluster_pb2.Cluster.LEAST_REQUEST
    if policy.balancer == "RING_HASH" and policy.ring_hash:
        out.lb_policy = cluster_pb2.Cluster.RING_HASH
        size = wrappers_pb2.UInt64Value(value=policy.ring_hash.minimum_ring_size)
        out.ring_hash_lb_config.minimum_ring_size.CopyFrom(size)
    if policy.max_requests is not None:
        breaker = circuit_breaker_pb2.CircuitBreakers.Thresholds(
            max_requests=wrappers_pb2.UInt32Value(value=policy.max_requests)
        )
        out.circuit_breakers.thresholds.append(breaker)
    if policy.mutual_tls:
        out.transport_socket.CopyFrom(tls.upstream(sorted(identities)))


def endpoints(config: MeshConfig, name: str) -> endpoint_pb2.ClusterLoadAssignment | None:
    """The pods of a cluster, or None if there is no such cluster."""
    parts = parse_cluster(name)
    found = _resolve(config, parts) if parts else None
    if parts is None or found is None:
        return None
    service, subset = found
    port = service.port(parts.port)
    out = endpoint_pb2.ClusterLoadAssignment(cluster_name=name)
    workloads = config.behind(service, subset.labels if subset else ())
    if workloads and port:
        group = out.endpoints.add(
            locality=LOCALITY, load_balancing_weight=wrappers_pb2.UInt32Value(value=len(workloads))
        )
        group.lb_endpoints.extend(_endpoint(workload, port.target) for workload in workloads)
    return out


def _endpoint(workload: MeshWorkload, container_port: int) -> endpoint_components_pb2.LbEndpoint:
    address = address_pb2.SocketAddress(address=workload.ip, port_value=workload.real_port(container_port))
    out = endpoint_components_pb2.LbEndpoint(
        endpoint=endpoint_components_pb2.Endpoint(address=address_pb2.Address(socket_address=address)),
        health_status=health_check_pb2.HEALTHY,
        load_balancing_weight=wrappers_pb2.UInt32Value(value=1),
    )
    labels = dict(workload.labels)
    workload_text = f"{workload.name};{workload.namespace};{labels.get('app', '')};{labels.get('version', '')};demo"
    out.metadata.filter_metadata["istio"].update({"workload": workload_text})
    return out
