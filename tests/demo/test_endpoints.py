"""Endpoints of manifests: the pods of a subset, their localities, shares and priorities."""

from __future__ import annotations

from dataclasses import replace

import pytest
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


class TestFailoverPriority:
    """istio 1.29.1 ``core/loadbalancer/loadbalancer.go``, applyFailoverPriorities."""

    PLACES = ("a/1/x", "a/1/y", "a/2/x", "b/1/x")

    def priorities(self, setting: str, outlier: str = "outlierDetection: {}, ") -> list[tuple[str, list[str], int]]:
        """Locality, versions of its pods and priority, as a client of version v1 in a/1/x gets them."""
        balancer = f"{outlier}loadBalancer: {{localityLbSetting: {setting}}}"
        pods = tuple(
            replace(pod, name=f"{pod.name}-{index}", locality=place)
            for index, place in enumerate(self.PLACES)
            for pod in PODS
        )
        client = replace(PODS[0], locality="a/1/x")
        config = config_of(
            "discovery", destination_rule("echo", f"trafficPolicy: {{{balancer}}}"), pods=(client, *pods)
        )
        found = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
        return [
            (
                "/".join((group.locality.region, group.locality.zone, group.locality.sub_zone)),
                [end.metadata.filter_metadata["istio"]["workload"].split(";")[3] for end in group.lb_endpoints],
                group.priority,
            )
            for group in found.endpoints
        ]

    def test_labels_in_a_row_decide(self) -> None:
        setting = "{failoverPriority: [topology.kubernetes.io/region, topology.kubernetes.io/zone, version]}"
        assert self.priorities(setting) == [
            ("a/1/x", ["v1", "v1"], 0), ("a/1/x", ["v2"], 1),
            ("a/1/y", ["v1"], 0), ("a/1/y", ["v2"], 1),
            ("a/2/x", ["v1", "v2"], 2),
            ("b/1/x", ["v1", "v2"], 3),
        ]  # fmt: skip

    def test_a_value_of_its_own_is_wanted_instead_of_the_clients(self) -> None:
        shown = self.priorities("{failoverPriority: ['version=v2']}")
        assert {(version, priority) for _, versions, priority in shown for version in versions} == {
            ("v2", 0),
            ("v1", 1),
        }

    def test_failover_refines_what_the_labels_say(self) -> None:
        setting = "{failoverPriority: [topology.kubernetes.io/region], failover: [{from: a, to: b}]}"
        assert [priority for _, _, priority in self.priorities(setting)] == [0, 1, 2, 3]

    def test_nothing_is_ordered_without_outlier_detection(self) -> None:
        shown = self.priorities("{failoverPriority: [version]}", outlier="")
        assert {priority for _, _, priority in shown} == {0}
        assert len(shown) == len(self.PLACES)

    def test_distribute_wins(self) -> None:
        shown = self.priorities("{distribute: [{from: '*', to: {'b/*': 100}}], failoverPriority: [version]}")
        assert [len(versions) for _, versions, _ in shown] == [0, 0, 0, 2]


@pytest.mark.parametrize(
    ("preference", "priorities"), [("PreferClose", [0, 1]), ("PreferSameZone", [0, 1]), ("PreferSameNode", [0, 2])]
)
def test_a_services_traffic_distribution_orders_without_any_rule(preference: str, priorities: list[int]) -> None:
    """istio 1.29.1 ``core/loadbalancer/loadbalancer.go``, GetLocalityLbSetting."""
    service = f"""
apiVersion: v1
kind: Service
metadata: {{name: echo}}
spec: {{selector: {{app: echo}}, trafficDistribution: {preference}, ports: [{{port: 7070, targetPort: 17070}}]}}
"""
    places = ("a/1/x", "a/1/y", "a/2/z")
    pods = tuple(replace(PODS[0], name=f"p{index}", locality=place) for index, place in enumerate(places))
    config = config_of("discovery", service, pods=(replace(PODS[0], locality="a/1/x"), *pods))
    found = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    near, far = (next(group for group in found.endpoints if group.locality.zone == zone) for zone in ("1", "2"))
    assert [near.priority, far.priority] == priorities


def test_a_service_of_its_node_gives_the_pods_there_alone() -> None:
    """istio 1.29.1 ``xds/endpoints/endpoint_builder.go``, filterIstioEndpoint."""
    service = """
apiVersion: v1
kind: Service
metadata: {name: echo}
spec: {selector: {app: echo}, internalTrafficPolicy: Local, ports: [{port: 7070, targetPort: 17070}]}
"""
    pods = tuple(replace(pod, locality=place) for pod, place in zip(PODS, ("a/1/x", "a/1/y"), strict=True))
    found = one(config_of("discovery", service, pods=pods), ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert [group.locality.sub_zone for group in found.endpoints] == ["x"]


def test_mutual_tls_marks_only_endpoints_that_say_they_are_able() -> None:
    """And a subset is marked by its own mode, which it does not inherit here (istio ``mtls_checker.go``)."""
    able = replace(PODS[0], is_pod=False)
    subsets = "subsets: [{name: v1, labels: {version: v1}}]"
    rule = destination_rule("echo", f"trafficPolicy: {{tls: {{mode: DISABLE}}}}, {subsets}")
    config = config_of("discovery", rule, pods=(able, PODS[1]))
    marked = {
        name: ["envoy.transport_socket_match" in end.metadata.filter_metadata for end in group.lb_endpoints]
        for name in (ALL, V1)
        for group in one(config, ENDPOINTS, name, endpoint_pb2.ClusterLoadAssignment).endpoints
    }
    assert marked == {ALL: [False, False], V1: [True]}
    mutual = destination_rule("echo", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")
    (group,) = one(config_of("discovery", mutual), ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment).endpoints
    assert all("envoy.transport_socket_match" not in end.metadata.filter_metadata for end in group.lb_endpoints)
