"""LDS: what a client dials, and what an xDS server listens on."""

from __future__ import annotations

from collections.abc import Sequence

from envoy.config.core.v3 import address_pb2, config_source_pb2
from envoy.config.listener.v3 import api_listener_pb2, listener_components_pb2, listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm_pb2,
)

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.origin import ROOT_NAMESPACE, selects
from meshtui.demo.istio.workload import TLS_MODE_LABEL, MeshWorkload
from meshtui.demo.xds import rbac, tls
from meshtui.demo.xds.names import INBOUND_PREFIX, ClusterName, qualified, split_host_port

FAULT_FILTER = "envoy.filters.http.fault"
"""A route's fault is found by this name."""


def outbound(config: MeshConfig, namespace: str, name: str) -> listener_pb2.Listener | None:
    """What a client dials by a name, if there is one: it is called as asked, its routes by the full name."""
    host_port = split_host_port(name)
    if host_port is None:
        return None
    service = config.service(qualified(host_port[0], namespace))
    if service is None or service.port(host_port[1]) is None:
        return None
    manager = hcm_pb2.HttpConnectionManager(
        rds=hcm_pb2.Rds(config_source=_ads(), route_config_name=str(ClusterName(service.host, host_port[1]))),
        http_filters=[_filter(FAULT_FILTER, fault_pb2.HTTPFault()), _router()],
    )
    api_listener = api_listener_pb2.ApiListener()
    api_listener.api_listener.Pack(manager)
    return listener_pb2.Listener(
        name=name, address=_address(service.cluster_ip, host_port[1]), api_listener=api_listener
    )


def inbound(config: MeshConfig, node: MeshWorkload | None, name: str) -> listener_pb2.Listener | None:
    """What a server listens on; None as well for a port that is no Service's target port: it never starts to serve."""
    host_port = split_host_port(name.removeprefix(INBOUND_PREFIX))
    if host_port is None or node is None:
        return None
    container_port = next((port for port, real in node.ports if real == host_port[1]), host_port[1])
    served = any(
        node in config.behind(service) and any(port.target == container_port for port in service.ports)
        for service in config.services
    )
    if not served:
        return None
    strict = mutual_tls_mode(config, node, container_port) == "STRICT"
    return listener_pb2.Listener(
        name=name,
        address=_address(host_port[0], host_port[1]),
        filter_chains=[_chain("mtls" if strict else "plaintext", strict, rbac.filters(config, node))],
    )


def mutual_tls_mode(config: MeshConfig, node: MeshWorkload, port: int) -> str:
    """``STRICT`` or ``DISABLE``: PERMISSIVE as istiod treats it for gRPC (istio ``grpcgen/lds.go``)."""
    mode = requested_mode(config, node, port)
    if mode == "PERMISSIVE" and dict(node.labels).get(TLS_MODE_LABEL) == "istio":
        return "STRICT"
    return "STRICT" if mode == "STRICT" else "DISABLE"


def requested_mode(config: MeshConfig, node: MeshWorkload, port: int) -> str:
    """The mode that PeerAuthentications ask for: workload over namespace over mesh."""
    mode = "PERMISSIVE"
    scopes = (
        [
            authentication
            for authentication in config.peer_authentications
            if authentication.origin.namespace == ROOT_NAMESPACE and not authentication.selector
        ],
        [
            authentication
            for authentication in config.peer_authentications
            if authentication.origin.namespace == node.namespace and not authentication.selector
        ],
        [
            authentication
            for authentication in config.peer_authentications
            if authentication.origin.namespace == node.namespace
            and authentication.selector
            and selects(authentication.selector, node.labels)
        ],
    )
    for scope in scopes:
        for policy in scope[:1]:
            mode = policy.mode if policy.mode != "UNSET" else mode
            own = dict(policy.port_modes).get(port, "UNSET") if policy.selector else "UNSET"
            mode = own if own != "UNSET" else mode
    return mode


def _chain(
    suffix: str, strict: bool, rbac_filters: Sequence[hcm_pb2.HttpFilter]
) -> listener_components_pb2.FilterChain:
    route = route_components_pb2.Route(
        match=route_components_pb2.RouteMatch(prefix="/"),
        non_forwarding_action=route_components_pb2.NonForwardingAction(),
    )
    virtual_host = route_components_pb2.VirtualHost(domains=["*"], routes=[route])
    manager = hcm_pb2.HttpConnectionManager(
        route_config=route_pb2.RouteConfiguration(name="inbound", virtual_hosts=[virtual_host]),
        http_filters=[*rbac_filters, _router()],
    )
    network_filter = listener_components_pb2.Filter(name=f"inbound-hcm{suffix}")
    network_filter.typed_config.Pack(manager)
    chain = listener_components_pb2.FilterChain(name=f"inbound-{suffix}", filters=[network_filter])
    if strict:
        chain.transport_socket.CopyFrom(tls.downstream())
    return chain


def _ads() -> config_source_pb2.ConfigSource:
    return config_source_pb2.ConfigSource(ads=config_source_pb2.AggregatedConfigSource())


def _address(host: str, port: int) -> address_pb2.Address:
    return address_pb2.Address(socket_address=address_pb2.SocketAddress(address=host, port_value=port))


def _filter(name: str, message: fault_pb2.HTTPFault | router_pb2.Router) -> hcm_pb2.HttpFilter:
    http_filter = hcm_pb2.HttpFilter(name=name)
    http_filter.typed_config.Pack(message)
    return http_filter


def _router() -> hcm_pb2.HttpFilter:
    return _filter("envoy.filters.http.router", router_pb2.Router())
