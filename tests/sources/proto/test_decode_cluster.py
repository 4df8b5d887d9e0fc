"""Clusters, endpoints and TLS as gRPC reads them."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.clusters.aggregate.v3 import cluster_pb2 as aggregate_pb2
from envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3 import (
    client_side_weighted_round_robin_pb2,
)
from envoy.extensions.load_balancing_policies.ring_hash.v3 import ring_hash_pb2
from envoy.extensions.load_balancing_policies.round_robin.v3 import round_robin_pb2
from envoy.extensions.load_balancing_policies.wrr_locality.v3 import wrr_locality_pb2
from envoy.extensions.transport_sockets.http_11_proxy.v3 import upstream_http_11_connect_pb2
from envoy.extensions.transport_sockets.raw_buffer.v3 import raw_buffer_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf import any_pb2
from xds.type.v3 import typed_struct_pb2

from meshtui.model.xds.config import (
    PLAINTEXT,
    Cluster,
    ClusterLoadAssignment,
    Drop,
    EndpointHealth,
    MatchKind,
    Outliers,
    Policy,
    StringMatch,
    TlsContext,
    TlsMode,
)
from meshtui.sources.proto.decode.body import decode
from tests import xds_messages as xds

SAN = StringMatch(MatchKind.EXACT, "spiffe://cluster.local/ns/echo-grpc/sa/echo")


def decoded(message: Any) -> Cluster:
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, Cluster)
    return body


def test_istios_cluster() -> None:
    message = xds.cluster("v1")
    message.metadata.filter_metadata["istio"]["config"] = (
        "/apis/networking.istio.io/v1/namespaces/echo-grpc/destination-rule/echo"
    )
    name = xds.cluster_name("v1")
    assert decoded(message) == Cluster(
        name=name,
        discovery="EDS",
        endpoints_name=name,
        tls=TlsContext(TlsMode.MTLS, identity="default", roots="default", sans=(SAN,)),
        subset="v1",
        origin="destination-rule/echo-grpc/echo",
    )


def test_dns_and_unknown_discovery() -> None:
    message = cluster_pb2.Cluster(name="dns", type=cluster_pb2.Cluster.LOGICAL_DNS)
    endpoint = message.load_assignment.endpoints.add().lb_endpoints.add().endpoint
    endpoint.address.socket_address.address = "example.com"
    endpoint.address.socket_address.port_value = 443
    cluster = decoded(message)
    assert (cluster.discovery, cluster.dns_name) == ("LOGICAL_DNS", "example.com:443")
    message.type = 77
    assert decoded(message).discovery == "type 77"


def test_aggregates() -> None:
    message = cluster_pb2.Cluster(name="both")
    message.cluster_type.name = "envoy.clusters.aggregate"
    message.cluster_type.typed_config.CopyFrom(xds.packed(aggregate_pb2.ClusterConfig(clusters=["a", "b"])))
    cluster = decoded(message)
    assert (cluster.discovery, cluster.children) == ("AGGREGATE", ("a", "b"))
    message.cluster_type.typed_config.value = b"\xff"
    assert decoded(message).discovery == "AGGREGATE (unreadable)"
    message.cluster_type.typed_config.type_url = "type.googleapis.com/acme.Custom"
    message.cluster_type.name = "acme"
    assert decoded(message).discovery == "acme"


def policy(message: Any, name: str = "") -> Any:
    found = cluster_pb2.LoadBalancingPolicy()
    found.policies.add().typed_extension_config.name = name
    found.policies[0].typed_extension_config.typed_config.CopyFrom(xds.packed(message))
    return found


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (policy(round_robin_pb2.RoundRobin()), "ROUND_ROBIN"),
        (policy(ring_hash_pb2.RingHash()), "RING_HASH"),
        (
            policy(wrr_locality_pb2.WrrLocality(endpoint_picking_policy=policy(ring_hash_pb2.RingHash()))),
            "RING_HASH",
        ),
        (
            policy(client_side_weighted_round_robin_pb2.ClientSideWeightedRoundRobin()),
            "WEIGHTED_ROUND_ROBIN",
        ),
        (policy(typed_struct_pb2.TypedStruct(type_url="type.googleapis.com/acme.PickBest")), "PickBest"),
        (policy(aggregate_pb2.ClusterConfig()), "CLUSTER_CONFIG"),
        (cluster_pb2.LoadBalancingPolicy(), ""),
    ],
)
def test_typed_policies_win(typed: Any, name: str) -> None:
    message = xds.cluster("v1")
    message.lb_policy = cluster_pb2.Cluster.LEAST_REQUEST
    assert decoded(message).old_policy == Policy("LEAST_REQUEST")
    assert decoded(message).policies == ()
    message.load_balancing_policy.CopyFrom(typed)
    assert [policy.name for policy in decoded(message).policies] == ([name] if name else [])


def test_policies_that_wrap_each_other_without_end() -> None:
    inner = policy(round_robin_pb2.RoundRobin())
    for _ in range(40):
        inner = policy(wrr_locality_pb2.WrrLocality(endpoint_picking_policy=inner))
    message = xds.cluster("v1")
    message.load_balancing_policy.CopyFrom(inner)
    assert [policy.name for policy in decoded(message).policies] == ["WRR_LOCALITY"]


def test_circuit_breakers() -> None:
    message = xds.cluster("v1")
    message.circuit_breakers.thresholds.add(priority=1).max_requests.value = 5
    assert decoded(message).max_requests == 1024
    message.circuit_breakers.thresholds.add().max_requests.value = 100
    assert decoded(message).max_requests == 100
    message.circuit_breakers.thresholds[1].max_requests.value = 0xFFFFFFFF
    assert decoded(message).max_requests is None
    message.circuit_breakers.thresholds[1].max_requests.value = 0x7FFFFFFF
    assert decoded(message).max_requests is None
    message.circuit_breakers.thresholds[1].max_requests.value = 0
    assert decoded(message).max_requests == 0


# TLS


def with_socket(content: any_pb2.Any) -> Any:
    message = xds.cluster("v1", tls=False)
    message.transport_socket.name = "tls"
    message.transport_socket.typed_config.CopyFrom(content)
    return message


def test_the_old_generation_of_fields_alone() -> None:
    context = tls_pb2.UpstreamTlsContext()
    common = context.common_tls_context
    common.tls_certificate_certificate_provider_instance.instance_name = "own"
    common.combined_validation_context.validation_context_certificate_provider_instance.instance_name = "roots"
    common.combined_validation_context.default_validation_context.match_subject_alt_names.add(suffix=".local")
    tls = decoded(with_socket(xds.packed(context))).tls
    assert tls == TlsContext(
        TlsMode.MTLS, identity="own", roots="roots", sans=(StringMatch(MatchKind.SUFFIX, ".local"),)
    )


def test_the_new_generation_of_fields_alone() -> None:
    context = tls_pb2.UpstreamTlsContext()
    validation = context.common_tls_context.validation_context
    validation.ca_certificate_provider_instance.instance_name = "roots"
    validation.match_typed_subject_alt_names.add(san_type=3).matcher.safe_regex.regex = "spiffe://.*"
    tls = decoded(with_socket(xds.packed(context))).tls
    assert tls == TlsContext(
        TlsMode.TLS, identity="", roots="roots", sans=(StringMatch(MatchKind.REGEX, "spiffe://.*"),)
    )


def test_system_roots() -> None:
    context = tls_pb2.UpstreamTlsContext()
    context.common_tls_context.validation_context.system_root_certs.SetInParent()
    assert decoded(with_socket(xds.packed(context))).tls == TlsContext(TlsMode.TLS, identity="", roots="system")


def test_tls_inside_an_http_proxys_socket() -> None:
    proxy = upstream_http_11_connect_pb2.Http11ProxyUpstreamTransport()
    assert decoded(with_socket(xds.packed(proxy))).tls == PLAINTEXT
    proxy.transport_socket.typed_config.CopyFrom(xds.packed(xds.tls_context()))
    assert decoded(with_socket(xds.packed(proxy))).tls.mode is TlsMode.MTLS


def test_a_raw_socket_is_plaintext() -> None:
    assert decoded(with_socket(xds.packed(raw_buffer_pb2.RawBuffer()))).tls == PLAINTEXT


@pytest.mark.parametrize(
    "content",
    [
        any_pb2.Any(type_url=xds.packed(xds.tls_context()).type_url, value=b"\xff\xff"),
        any_pb2.Any(type_url="type.googleapis.com/acme.Tls", value=b""),
        any_pb2.Any(),
        xds.packed(xds.listener()),
    ],
)
def test_tls_that_cannot_be_read_is_not_called_plaintext(content: any_pb2.Any) -> None:
    cluster = decoded(with_socket(content))
    assert cluster.tls.mode is TlsMode.UNREADABLE
    assert cluster.subset == "v1"


# endpoints


def assignment(message: Any) -> ClusterLoadAssignment:
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, ClusterLoadAssignment)
    return body


def test_endpoints_as_istiod_sends_them() -> None:
    body = assignment(xds.endpoints("v1", ("10.0.0.1", 17070), ("fd00::1", 17070)))
    (locality,) = body.localities
    assert (locality.label, locality.weight, locality.priority) == ("eu-west-1/eu-west-1a", 1, 0)
    assert {endpoint.revision for endpoint in body.endpoints} == {"v1"}
    assert [(endpoint.address, endpoint.health, endpoint.weight, endpoint.workload) for endpoint in body.endpoints] == [
        ("10.0.0.1:17070", EndpointHealth.HEALTHY, 1, "echo-v1"),
        ("[fd00::1]:17070", EndpointHealth.HEALTHY, 1, "echo-v1"),
    ]


def test_what_is_not_said_has_the_defaults_of_the_protocol() -> None:
    message = xds.endpoints("v1", ("10.0.0.1", 1))
    locality = message.endpoints[0]
    locality.ClearField("load_balancing_weight")
    locality.priority = 2
    locality.lb_endpoints[0].ClearField("load_balancing_weight")
    locality.lb_endpoints[0].ClearField("metadata")
    locality.lb_endpoints[0].health_status = 99
    body = assignment(message)
    assert (body.localities[0].weight, body.localities[0].priority) == (0, 2)
    (endpoint,) = body.endpoints
    assert (endpoint.weight, endpoint.workload, endpoint.health) == (1, "", EndpointHealth.UNKNOWN)


def test_other_addresses() -> None:
    message = xds.endpoints("v1", ("10.0.0.1", 1), ("10.0.0.1", 1), ("10.0.0.1", 1))
    first, second, third = message.endpoints[0].lb_endpoints
    first.endpoint.address.pipe.path = "/run/x"
    second.endpoint.address.envoy_internal_address.server_listener_name = "inner"
    third.endpoint.ClearField("address")
    assert [endpoint.address for endpoint in assignment(message).endpoints] == ["unix:/run/x", "inner", ""]


def test_drops() -> None:
    message = xds.endpoints("v1")
    for category, numerator, denominator in (("throttle", 5, 0), ("lb", 5, 1), ("odd", 400, 0)):
        drop = message.policy.drop_overloads.add(category=category)
        drop.drop_percentage.numerator = numerator
        drop.drop_percentage.denominator = denominator
    assert assignment(message).drops == (Drop("throttle", 0.05), Drop("lb", 0.0005), Drop("odd", 1.0))


def test_outlier_detection() -> None:
    """gRFC A50: what is not said of the success rate is left to the client; Envoy counts consecutive 5xx unasked."""
    message = xds.cluster("v1")
    assert decoded(message).outliers is None
    message.outlier_detection.SetInParent()
    assert decoded(message).outliers == Outliers(None, 0, consecutive=True)
    message.outlier_detection.enforcing_success_rate.value = 0
    message.outlier_detection.enforcing_consecutive_5xx.value = 0
    message.outlier_detection.enforcing_failure_percentage.value = 50
    assert decoded(message).outliers == Outliers(0, 50, consecutive=False)


def test_endpoints_that_sessions_keep() -> None:
    """gRFC A55; istiod writes it for a Service with persistent sessions."""
    message = xds.cluster("v1")
    message.common_lb_config.override_host_status.statuses.extend([0, 1, 3])
    assert decoded(message).kept_for_sessions == ("UNKNOWN", "HEALTHY", "DRAINING")


def test_the_name_that_tls_asks_for() -> None:
    """gRFC A101."""
    message = xds.cluster("v1")
    context = tls_pb2.UpstreamTlsContext.FromString(message.transport_socket.typed_config.value)
    context.sni, context.auto_host_sni, context.auto_sni_san_validation = "a.example", True, True
    message.transport_socket.typed_config.CopyFrom(xds.packed(context))
    tls = decoded(message).tls
    assert (tls.sni, tls.host_sni, tls.checks_sni) == ("a.example", True, True)


def test_an_endpoint_with_several_addresses_is_one() -> None:
    """gRFC A61."""
    message = xds.endpoints("v1", ("10.0.0.1", 7070))
    more = message.endpoints[0].lb_endpoints[0].endpoint.additional_addresses.add().address.socket_address
    more.address, more.port_value = "fd00::1", 7070
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, ClusterLoadAssignment)
    assert [(one.address, one.more) for one in body.endpoints] == [("10.0.0.1:7070", ("[fd00::1]:7070",))]
