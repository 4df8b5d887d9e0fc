"""EDS: the pods of a cluster by locality, with the priorities and shares that the client's locality gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from envoy.config.core.v3 import address_pb2, base_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from google.protobuf import wrappers_pb2

from meshtui.demo.istio.objects import MeshConfig, ServicePort
from meshtui.demo.istio.policies import Distribute, LocalitySetting, TrafficPolicy
from meshtui.demo.istio.workload import CLUSTER_ID, MeshWorkload
from meshtui.demo.xds.clusters import policy, resolve
from meshtui.demo.xds.listeners import requested_mode
from meshtui.demo.xds.names import parse_cluster

_Groups = Iterable[endpoint_components_pb2.LocalityLbEndpoints]


def endpoints(config: MeshConfig, name: str, client_locality: str) -> endpoint_pb2.ClusterLoadAssignment | None:
    """The pods of a cluster as a client sees them, or None if there is no such cluster."""
    parts = parse_cluster(name)
    found = resolve(config, parts) if parts else None
    if parts is None or found is None:
        return None
    service, subset = found
    holds = policy(config, parts.host, subset)
    port = service.port(parts.port)
    out = endpoint_pb2.ClusterLoadAssignment(cluster_name=name)
    workloads = config.behind(service, subset.labels if subset else ())
    if port is None:
        return out
    for place in sorted({workload.locality for workload in workloads}):
        here = [workload for workload in workloads if workload.locality == place]
        group = out.endpoints.add(locality=locality(place), load_balancing_weight=_weight(len(here)))
        group.lb_endpoints.extend(_endpoint(config, workload, port, holds) for workload in here)
    _apply_locality(out.endpoints, locality(client_locality), holds)
    return out


def locality(text: str) -> base_pb2.Locality:
    """``region/zone/subzone`` in its parts."""
    region, _, rest = text.partition("/")
    zone, _, sub_zone = rest.partition("/")
    return base_pb2.Locality(region=region, zone=zone, sub_zone=sub_zone)


def _endpoint(
    config: MeshConfig, workload: MeshWorkload, port: ServicePort, holds: TrafficPolicy
) -> endpoint_components_pb2.LbEndpoint:
    """HEALTHY if it is a pod, which istiod sends only while it is ready (istio ``kube/controller/endpointslice.go``).

    A WorkloadEntry has no health status, and gRPC takes that for healthy (gRFC A27).
    """
    address = address_pb2.SocketAddress(address=workload.ip, port_value=workload.real_port(port.target))
    out = endpoint_components_pb2.LbEndpoint(
        health_status=health_check_pb2.HEALTHY if workload.is_pod else health_check_pb2.UNKNOWN,
        endpoint=endpoint_components_pb2.Endpoint(address=address_pb2.Address(socket_address=address)),
        load_balancing_weight=_weight(1),
    )
    if _speaks_tls(config, workload, port, holds):
        out.metadata.filter_metadata["envoy.transport_socket_match"].update({"tlsMode": "istio"})
    service, revision = workload.canonical
    # The default is left out (istio networking/util/util.go, AppendLbEndpointMetadata).
    told = ";".join((workload.name, workload.namespace, service, "" if revision == "latest" else revision, CLUSTER_ID))
    out.metadata.filter_metadata["istio"].update({"workload": told})
    return out


def _speaks_tls(config: MeshConfig, workload: MeshWorkload, port: ServicePort, holds: TrafficPolicy) -> bool:
    """Whether istiod marks an endpoint for mutual TLS, which only Envoy reads.

    The DestinationRule decides where it says something, else the workload unless its policy is DISABLE (istio
    ``pilot/pkg/xds/endpoints/mtls_checker.go``).
    """
    if holds.mutual_tls is not None:
        return holds.mutual_tls
    return workload.tells_tls and requested_mode(config, workload, port.target) != "DISABLE"


def _weight(value: int) -> wrappers_pb2.UInt32Value:
    return wrappers_pb2.UInt32Value(value=value)


def _apply_locality(groups: _Groups, client: base_pb2.Locality, holds: TrafficPolicy) -> None:
    """Shares or priorities by locality (istio ``core/loadbalancer/loadbalancer.go``, ApplyLocalityLoadBalancer).

    Priorities come with outlier detection alone, although that is not generated itself: Istio's mesh-wide default has
    locality load balancing on.
    """
    setting = holds.load_balancer.locality if holds.load_balancer else LocalitySetting()
    if not setting.enabled:
        return
    if setting.distribute:
        matching = (rule for rule in setting.distribute if _matches(client, rule.source))
        rule = next(matching, None)
        if rule is not None:
            _distribute(groups, rule)
    elif holds.outlier_detection:
        _prioritise(groups, client, setting)


def _matches(place: base_pb2.Locality, pattern: str) -> bool:
    """Whether a locality fits a pattern such as ``eu-west/*``; what the pattern leaves out may be anything."""
    wanted = locality(pattern)
    return (
        wanted.region in ("*", place.region)
        and wanted.zone in ("*", "", place.zone)
        and wanted.sub_zone in ("*", "", place.sub_zone)
    )


def _distribute(groups: _Groups, rule: Distribute) -> None:
    """A share is divided by weight among the localities it fits; those that fit none lose their endpoints."""
    left = list(groups)
    for pattern, share in rule.targets:
        fitting = [group for group in left if _matches(group.locality, pattern)]
        left = [group for group in left if not _matches(group.locality, pattern)]
        total = sum(group.load_balancing_weight.value for group in fitting)
        for group in fitting:
            weight = math.ceil(group.load_balancing_weight.value * share / total)
            if weight:
                group.load_balancing_weight.value = weight
    for group in left:
        del group.lb_endpoints[:]


def _prioritise(groups: _Groups, client: base_pb2.Locality, setting: LocalitySetting) -> None:
    """The nearer, the earlier; numbered from 0 without gaps."""
    distances = [_distance(client, group.locality, setting) for group in groups]
    order = sorted(set(distances))
    for group, distance in zip(groups, distances, strict=True):
        group.priority = order.index(distance)


def _distance(client: base_pb2.Locality, place: base_pb2.Locality, setting: LocalitySetting) -> int:
    if client.region != place.region:
        wanted = next((target for source, target in setting.failover if source == client.region), place.region)
        return 3 if place.region == wanted else 4
    if client.zone != place.zone:
        return 2
    return 0 if client.sub_zone == place.sub_zone else 1
