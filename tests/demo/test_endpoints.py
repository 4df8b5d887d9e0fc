"""Endpoints of manifests: the pods of a subset, their localities, shares and priorities."""

from __future__ import annotations

from dataclasses import replace

from envoy.config.core.v3 import health_check_pb2
from envoy.config.endpoint.v3 import endpoint_pb2

from meshtui.demo.xds.generate import (
    ENDPOINTS,
)
from tests.demo.generated import ALL, PODS, V1, config_of, destination_rule, one


def test_endpoints_are_the_pods_of_the_subset() -> None:
    config = config_of("traffic-shift")
    found = one(config, ENDPOINTS, V1, endpoint_pb2.ClusterLoadAssignment)
    addresses = [end.endpoint.address.socket_address.address for group in found.endpoints for end in group.lb_endpoints]
    assert addresses == ["127.0.1.11"]
    every = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert len(every.endpoints[0].lb_endpoints) == 2
    empty = one(config_of("traffic-shift", pods=()), ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert not empty.endpoints


def test_a_pod_is_healthy_and_tells_of_tls_by_its_label_alone() -> None:
    """istio 1.29.1 ``serviceregistry/kube``: endpointslice.go (endpointHealthStatus), conversion.go (PodTLSMode)."""
    labelled = tuple(sorted({**dict(PODS[1].labels), "security.istio.io/tlsMode": "istio"}.items()))
    config = config_of("discovery", pods=(PODS[0], replace(PODS[1], labels=labelled)))
    found = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    first, second = (end for group in found.endpoints for end in group.lb_endpoints)
    assert first.health_status == second.health_status == health_check_pb2.HEALTHY
    assert "envoy.transport_socket_match" not in first.metadata.filter_metadata
    assert "envoy.transport_socket_match" in second.metadata.filter_metadata


def test_a_locality_that_gets_no_share_has_no_endpoints() -> None:
    setting = "{distribute: [{from: '*', to: {'a/*': 100}}]}"
    text = destination_rule("echo", f"trafficPolicy: {{loadBalancer: {{localityLbSetting: {setting}}}}}")
    pods = tuple(replace(pod, locality=place) for pod, place in zip(PODS, ("a/1", "b/1"), strict=True))
    found = one(config_of("discovery", text, pods=pods), ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    shares = [
        (group.locality.region, group.load_balancing_weight.value, len(group.lb_endpoints)) for group in found.endpoints
    ]
    assert shares == [("a", 100, 1), ("b", 1, 0)]


def test_localities_are_ordered_by_how_near_they_are() -> None:
    """Without gaps, and a region that failover does not name comes last."""
    failover = "loadBalancer: {localityLbSetting: {failover: [{from: a, to: c}]}}"
    text = destination_rule("echo", f"trafficPolicy: {{outlierDetection: {{}}, {failover}}}")
    places = ("a/1/x", "a/1/y", "b/1", "c/1")
    pods = tuple(replace(PODS[0], name=f"p{index}", locality=place) for index, place in enumerate(places))
    config = config_of("discovery", text, pods=(replace(PODS[0], locality="a/1/x"), *pods))
    found = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert [(group.locality.region, group.locality.sub_zone, group.priority) for group in found.endpoints] == [
        ("a", "x", 0), ("a", "y", 1), ("b", "", 3), ("c", "", 2),
    ]  # fmt: skip
