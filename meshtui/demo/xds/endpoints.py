"""EDS: the pods of a cluster by locality, in the order that the client's locality and labels give them."""

from __future__ import annotations

from envoy.config.core.v3 import address_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from google.protobuf import wrappers_pb2

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.services import ServicePort
from meshtui.demo.istio.workload import CLUSTER_ID, MeshWorkload
from meshtui.demo.xds.clusters import policy, resolve
from meshtui.demo.xds.listeners import requested_mode
from meshtui.demo.xds.localities import Group, ordered
from meshtui.demo.xds.names import parse_cluster


def endpoints(config: MeshConfig, client: MeshWorkload | None, name: str) -> endpoint_pb2.ClusterLoadAssignment | None:
    """The pods of a cluster as a client sees them, or None if there is no such cluster."""
    parts = parse_cluster(name)
    found = resolve(config, parts) if parts else None
    if parts is None or found is None:
        return None
    service, subset = found
    out = endpoint_pb2.ClusterLoadAssignment(cluster_name=name)
    port = service.port(parts.port)
    if port is None:
        return out
    rule = config.destination_rule(parts.host)
    mutual_tls = rule.mutual_tls_of(subset, parts.port) if rule else None
    groups = []
    workloads = config.behind(service, subset.labels if subset else ())
    if service.node_local:
        workloads = tuple(workload for workload in workloads if client and workload.node == client.node)
    for place in sorted({workload.locality for workload in workloads}):
        here = [workload for workload in workloads if workload.locality == place]
        ends = [_endpoint(config, workload, port, mutual_tls) for workload in here]
        groups.append(Group(place, list(zip(here, ends, strict=True))))
    for group in ordered(groups, client, service, policy(config, parts, subset)):
        out.endpoints.append(group.to_proto())
    return out


def _endpoint(
    config: MeshConfig, workload: MeshWorkload, port: ServicePort, mutual_tls: bool | None
) -> endpoint_components_pb2.LbEndpoint:
    """HEALTHY if it is a pod, which istiod sends only while it is ready (istio ``kube/controller/endpointslice.go``).

    A WorkloadEntry has no health status, and gRPC takes that for healthy (gRFC A27).
    """
    address = address_pb2.SocketAddress(address=workload.ip, port_value=workload.real_port(port.target))
    out = endpoint_components_pb2.LbEndpoint(
        health_status=health_check_pb2.HEALTHY if workload.is_pod else health_check_pb2.UNKNOWN,
        endpoint=endpoint_components_pb2.Endpoint(address=address_pb2.Address(socket_address=address)),
        load_balancing_weight=wrappers_pb2.UInt32Value(value=workload.weight),
    )
    if _speaks_tls(config, workload, port, mutual_tls):
        out.metadata.filter_metadata["envoy.transport_socket_match"].update({"tlsMode": "istio"})
    service, revision = workload.canonical
    # The default is left out (istio networking/util/util.go, AppendLbEndpointMetadata). A listed endpoint has neither
    # a name nor a namespace (istio serviceentry/conversion.go, convertServiceEntryToInstances).
    namespace = workload.namespace if workload.name else ""
    told = ";".join((workload.name, namespace, service, "" if revision == "latest" else revision, CLUSTER_ID))
    out.metadata.filter_metadata["istio"].update({"workload": told})
    return out


def _speaks_tls(config: MeshConfig, workload: MeshWorkload, port: ServicePort, mutual_tls: bool | None) -> bool:
    """Whether istiod marks an endpoint for mutual TLS, which only Envoy reads.

    Never one that does not say it is able; of the others the DestinationRule decides where it says something, else
    the server's own policy (istio ``pilot/pkg/xds/endpoints/mtls_checker.go``, checkMtlsEnabled).
    """
    if not workload.tells_tls or mutual_tls is not None:
        return workload.tells_tls and bool(mutual_tls)
    return requested_mode(config, workload, port.target) != "DISABLE"
