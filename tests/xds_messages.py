"""xDS resources and CSDS answers as protobuf messages, in the shapes istiod and gRPC give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from envoy.service.status.v3 import csds_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

HOST = "echo.echo-grpc.svc.cluster.local"
PREFIX = "type.googleapis.com/"
ACKED, NACKED, REQUESTED, DOES_NOT_EXIST = 3, 4, 1, 2


def packed(message: Message) -> any_pb2.Any:
    """The message in an Any."""
    return any_pb2.Any(type_url=PREFIX + message.DESCRIPTOR.full_name, value=message.SerializeToString())


def cluster_name(subset: str, host: str = HOST) -> str:
    return f"outbound|7070|{subset}|{host}"


def listener(host: str = HOST) -> Any:
    """An outbound API listener with the filters Istio always sends."""
    message = listener_pb2.Listener(name=f"{host}:7070")
    message.address.socket_address.address = "10.96.0.10"
    message.address.socket_address.port_value = 7070
    manager = http_connection_manager_pb2.HttpConnectionManager()
    manager.rds.config_source.ads.SetInParent()
    manager.rds.route_config_name = cluster_name("", host)
    for name, content in (("fault", fault_pb2.HTTPFault()), ("router", router_pb2.Router())):
        manager.http_filters.add(name=f"envoy.filters.http.{name}").typed_config.CopyFrom(packed(content))
    message.api_listener.api_listener.CopyFrom(packed(manager))
    return message


def route(weights: Mapping[str, int], host: str = HOST) -> Any:
    """A catch-all route to subsets by weight, made from a VirtualService."""
    message = route_components_pb2.Route(name="split")
    message.match.prefix = "/"
    message.metadata.filter_metadata["istio"]["config"] = (
        "/apis/networking.istio.io/v1/namespaces/echo-grpc/virtual-service/echo"
    )
    for subset, weight in weights.items():
        one = message.route.weighted_clusters.clusters.add(name=cluster_name(subset, host))
        one.weight.value = weight
    return message


def routes(*routes_: Any, host: str = HOST) -> Any:
    message = route_pb2.RouteConfiguration(name=cluster_name("", host))
    virtual_host = message.virtual_hosts.add(name=f"{host}:7070", domains=[host, f"{host}:7070", "echo", "echo:7070"])
    virtual_host.routes.extend(routes_)
    return message


def tls_context(sans: Iterable[str] = ("spiffe://cluster.local/ns/echo-grpc/sa/echo",)) -> Any:
    """Client mTLS with both generations of the provider fields, as istiod writes it."""
    message = tls_pb2.UpstreamTlsContext()
    common = message.common_tls_context
    common.tls_certificate_certificate_provider_instance.instance_name = "default"
    common.tls_certificate_provider_instance.instance_name = "default"
    combined = common.combined_validation_context
    combined.validation_context_certificate_provider_instance.instance_name = "default"
    combined.default_validation_context.ca_certificate_provider_instance.instance_name = "default"
    for san in sans:
        combined.default_validation_context.match_subject_alt_names.add(exact=san)
    return message


def cluster(subset: str, host: str = HOST, *, tls: bool = True) -> Any:
    name = cluster_name(subset, host)
    message = cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.EDS)
    message.eds_cluster_config.service_name = name
    message.eds_cluster_config.eds_config.ads.SetInParent()
    if tls:
        message.transport_socket.name = "envoy.transport_sockets.tls"
        message.transport_socket.typed_config.CopyFrom(packed(tls_context()))
    return message


def endpoints(subset: str, *addresses: tuple[str, int], host: str = HOST, weight: int = 1) -> Any:
    message = endpoint_pb2.ClusterLoadAssignment(cluster_name=cluster_name(subset, host))
    locality = message.endpoints.add()
    locality.locality.region, locality.locality.zone = "eu-west-1", "eu-west-1a"
    locality.load_balancing_weight.value = weight
    for address, port in addresses:
        one = locality.lb_endpoints.add(health_status=1)
        one.endpoint.address.socket_address.address = address
        one.endpoint.address.socket_address.port_value = port
        one.load_balancing_weight.value = 1
        one.metadata.filter_metadata["istio"]["workload"] = f"echo-{subset};echo-grpc;echo;{subset};Kubernetes"
    return message


def world() -> list[Any]:
    """The canary: 20 % to v1, 80 % to v2, mTLS, one endpoint each."""
    return [
        listener(),
        routes(route({"v1": 20, "v2": 80})),
        cluster("v1"),
        cluster("v2"),
        endpoints("v1", ("10.0.0.1", 17070)),
        endpoints("v2", ("10.0.0.2", 17070)),
    ]


def name_of(message: Any) -> str:
    name = message.cluster_name if message.DESCRIPTOR.name == "ClusterLoadAssignment" else message.name
    assert isinstance(name, str)
    return name


def generic(message: Any, *, version: str = "1", status: int = ACKED) -> Any:
    """A resource as ``generic_xds_configs`` has it."""
    entry = csds_pb2.ClientConfig.GenericXdsConfig(
        type_url=PREFIX + message.DESCRIPTOR.full_name,
        name=name_of(message),
        version_info=version,
        client_status=status,
    )
    entry.xds_config.CopyFrom(packed(message))
    entry.last_updated.seconds = 1_785_000_000
    return entry


def client(entries: Iterable[Any], scope: str = f"xds:/{HOST}:7070") -> Any:
    """A client's config with a node as C-core sends it."""
    config = csds_pb2.ClientConfig(client_scope=scope)
    config.node.id = "sidecar~10.0.0.9~client-7d4.echo-grpc~echo-grpc.svc.cluster.local"
    config.node.user_agent_name = "gRPC C-core linux Python"
    config.node.user_agent_version = "C-core 58.0.0 Python 1.85.1"
    config.node.metadata["NAMESPACE"] = "echo-grpc"
    config.generic_xds_configs.extend(entries)
    return config


def answer(*clients: Any) -> Any:
    return csds_pb2.ClientStatusResponse(config=clients)


def canary_answer() -> Any:
    """The whole canary in one answer."""
    return answer(client(generic(message) for message in world()))
