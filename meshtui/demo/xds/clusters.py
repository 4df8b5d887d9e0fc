"""CDS: a service's clusters, one for all of it and one per subset."""

from __future__ import annotations

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2
from envoy.config.core.v3 import config_source_pb2
from google.protobuf import wrappers_pb2

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.policies import ConsistentHash, LoadBalancer, Subset, TrafficPolicy
from meshtui.demo.istio.services import Service
from meshtui.demo.xds import tls
from meshtui.demo.xds.names import ClusterName, parse_cluster


def cluster(config: MeshConfig, name: str) -> cluster_pb2.Cluster | None:
    """The cluster of a name, or None if its service, port or subset does not exist."""
    parts = parse_cluster(name)
    found = resolve(config, parts) if parts else None
    if parts is None or found is None:
        return None
    service, subset = found
    out = cluster_pb2.Cluster(
        name=name,
        alt_stat_name=f"{name};",
        type=cluster_pb2.Cluster.EDS,
        eds_cluster_config=cluster_pb2.Cluster.EdsClusterConfig(
            service_name=name,
            eds_config=config_source_pb2.ConfigSource(ads=config_source_pb2.AggregatedConfigSource()),
        ),
    )
    identities = {workload.identity for workload in config.behind(service) if workload.service_account}
    _apply(out, policy(config, parts, subset), identities)
    return out


def resolve(config: MeshConfig, parts: ClusterName) -> tuple[Service, Subset | None] | None:
    """The service that a cluster's name means, and the subset where it names one; None if one of them is not there."""
    service = config.service(parts.host)
    if service is None or service.port(parts.port) is None:
        return None
    if not parts.subset:
        return service, None
    rule = config.destination_rule(parts.host)
    subset = rule.subset(parts.subset) if rule else None
    return (service, subset) if subset else None


def policy(config: MeshConfig, parts: ClusterName, subset: Subset | None) -> TrafficPolicy:
    """What holds for a cluster."""
    rule = config.destination_rule(parts.host)
    return rule.policy_of(subset, parts.port) if rule else TrafficPolicy()


def _apply(out: cluster_pb2.Cluster, policy: TrafficPolicy, identities: set[str]) -> None:
    balancer = policy.load_balancer or LoadBalancer()
    if balancer.simple == "LEAST_REQUEST":
        out.lb_policy = cluster_pb2.Cluster.LEAST_REQUEST
    if balancer.consistent_hash:
        _hash(out, balancer.consistent_hash)
    if policy.max_requests:
        breaker = circuit_breaker_pb2.CircuitBreakers.Thresholds(
            max_requests=wrappers_pb2.UInt32Value(value=policy.max_requests)
        )
        out.circuit_breakers.thresholds.append(breaker)
    if policy.mutual_tls:
        out.transport_socket.CopyFrom(tls.upstream(sorted(identities)))


def _hash(out: cluster_pb2.Cluster, hashed: ConsistentHash) -> None:
    """MAGLEV is sent, though no gRPC takes it (istio ``core/cluster_traffic_policy.go``, ApplyRingHashLoadBalancer)."""
    if hashed.policy == "MAGLEV":
        out.lb_policy = cluster_pb2.Cluster.MAGLEV
        if hashed.size is not None:
            out.maglev_lb_config.table_size.value = hashed.size
        return
    out.lb_policy = cluster_pb2.Cluster.RING_HASH
    if hashed.size is not None:
        out.ring_hash_lb_config.minimum_ring_size.value = hashed.size
