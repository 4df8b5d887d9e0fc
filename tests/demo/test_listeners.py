"""Listeners of manifests: their names, filters and chains, and who decides about mutual TLS."""

from __future__ import annotations

import pytest
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm_pb2,
)
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2

from meshtui.demo.xds.generate import (
    LISTENER,
    ROUTE,
    generate,
    identify,
)
from meshtui.demo.xds.listeners import mutual_tls_mode
from tests.demo.generated import ALL, INBOUND, NODE, config_of, one, peer_authentication, workload


def test_an_outbound_listener_keeps_the_name_as_asked() -> None:
    listener = one(config_of("discovery"), LISTENER, "echo:7070", listener_pb2.Listener)
    assert listener.name == "echo:7070"
    manager = hcm_pb2.HttpConnectionManager()
    assert listener.api_listener.api_listener.Unpack(manager)
    assert manager.rds.route_config_name == ALL
    assert manager.rds.config_source.HasField("ads")
    assert [http_filter.name for http_filter in manager.http_filters] == [
        "envoy.filters.http.fault",
        "envoy.filters.http.router",
    ]


def test_a_tcp_port_has_a_listener_and_no_routes() -> None:
    """``could not find VirtualHost`` is what grpc-go 1.78 said of such a port of a real istiod 1.29.1."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: raw}\nspec: {ports: [{name: tcp-raw, port: 9090}]}"
    config = config_of("discovery", text)
    listener = one(config, LISTENER, "raw:9090", listener_pb2.Listener)
    assert listener.name == "raw:9090"
    name = "outbound|9090||raw.echo-grpc.svc.cluster.local"
    assert not one(config, ROUTE, name, route_pb2.RouteConfiguration).virtual_hosts


def test_a_headless_service_has_no_address_and_names_for_its_pods() -> None:
    """istio 1.29.1 ``core/httproute.go``, generateVirtualHostDomains."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: raw}\nspec: {clusterIP: None, ports: [{port: 7071}]}"
    config = config_of("discovery", text)
    listener = one(config, LISTENER, "raw:7071", listener_pb2.Listener)
    assert listener.address.socket_address.address == "0.0.0.0"
    full = "raw.echo-grpc.svc.cluster.local"
    (host,) = one(config, ROUTE, f"outbound|7071||{full}", route_pb2.RouteConfiguration).virtual_hosts
    own = [name for name in host.domains if not name.startswith("*")]
    assert list(host.domains) == [*own, *(f"*.{name}" for name in own)]
    assert own[:2] == [full, f"{full}:7071"]
    assert not any(name.startswith("0.0.0.0") for name in own)


def test_an_inbound_listener_is_for_a_target_port_only() -> None:
    config = config_of("discovery")
    listener = one(config, LISTENER, INBOUND, listener_pb2.Listener)
    assert [chain.name for chain in listener.filter_chains] == ["inbound-plaintext"]
    client = identify(config, NODE, "echo-grpc")
    assert generate(config, client, LISTENER, [INBOUND.replace("17070", "17071")]) == []
    nobody = identify(config, "sidecar~127.0.1.9~other.echo-grpc~x", "echo-grpc")
    assert generate(config, nobody, LISTENER, [INBOUND]) == []


def test_strict_asks_for_a_client_certificate_in_both_generations() -> None:
    listener = one(config_of("mtls-strict"), LISTENER, INBOUND, listener_pb2.Listener)
    (chain,) = listener.filter_chains
    assert chain.name == "inbound-mtls"
    context = tls_pb2.DownstreamTlsContext()
    assert chain.transport_socket.typed_config.Unpack(context)
    assert context.require_client_certificate.value
    common = context.common_tls_context
    assert common.tls_certificate_certificate_provider_instance.instance_name == "default"
    assert common.tls_certificate_provider_instance.instance_name == "default"


@pytest.mark.parametrize(
    ("policies", "labels", "mode"),
    [
        ((), {}, "DISABLE"),
        ((peer_authentication("PERMISSIVE"),), {}, "DISABLE"),
        ((peer_authentication("PERMISSIVE"),), {"security.istio.io/tlsMode": "istio"}, "STRICT"),
        ((), {"security.istio.io/tlsMode": "istio"}, "STRICT"),
        ((peer_authentication("STRICT"),), {}, "STRICT"),
        ((peer_authentication("STRICT", namespace="istio-system"),), {}, "STRICT"),
        ((peer_authentication("STRICT", namespace="elsewhere"),), {}, "DISABLE"),
        ((peer_authentication("STRICT", namespace="istio-system"), peer_authentication("DISABLE")), {}, "DISABLE"),
        (
            (peer_authentication("STRICT"), peer_authentication("UNSET", ", selector: {matchLabels: {app: echo}}")),
            {},
            "STRICT",
        ),
        (
            (peer_authentication("STRICT"), peer_authentication("DISABLE", ", selector: {matchLabels: {app: echo}}")),
            {},
            "DISABLE",
        ),
        (
            (peer_authentication("STRICT"), peer_authentication("DISABLE", ", selector: {matchLabels: {app: other}}")),
            {},
            "STRICT",
        ),
        (
            (
                peer_authentication(
                    "STRICT", ", selector: {matchLabels: {app: echo}}, portLevelMtls: {'17070': {mode: DISABLE}}"
                ),
            ),
            {},
            "DISABLE",
        ),
    ],
)
def test_who_decides_about_mutual_tls(policies: tuple[str, ...], labels: dict[str, str], mode: str) -> None:
    pod = workload("echo-v1", "v1", "127.0.1.11", **labels)
    assert mutual_tls_mode(config_of("discovery", *policies, pods=(pod,)), pod, 17070) == mode
