"""Clusters of manifests: mutual TLS, and what several DestinationRules of one host become."""

from __future__ import annotations

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.manifests import read_text
from meshtui.demo.xds.generate import (
    CLUSTER,
    ENDPOINTS,
    ROUTE,
    generate,
    identify,
)
from tests.demo.generated import ALL, FQDN, NODE, V1, config_of, destination_rule, one, virtual_service

V1_AND_V2 = "subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]"
MUTUAL = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"
LEAST_REQUEST = "trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}"


def has_tls(config: MeshConfig, name: str) -> bool:
    return bool(one(config, CLUSTER, name, cluster_pb2.Cluster).HasField("transport_socket"))


def test_a_mutual_tls_cluster_expects_the_identities_of_its_pods() -> None:
    cluster = one(config_of("mtls-strict"), CLUSTER, V1, cluster_pb2.Cluster)
    context = tls_pb2.UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(context)
    combined = context.common_tls_context.combined_validation_context
    names = [san.exact for san in combined.default_validation_context.match_subject_alt_names]
    assert names == ["spiffe://cluster.local/ns/echo-grpc/sa/echo"]
    assert combined.validation_context_certificate_provider_instance.instance_name == "default"
    assert combined.default_validation_context.ca_certificate_provider_instance.instance_name == "default"
    assert not cluster.HasField("metadata")


class TestSeveralRulesOfOneHost:
    """istiod merges them (``pilot/pkg/model/destination_rule.go``, mergeDestinationRule)."""

    @pytest.mark.parametrize("turned", [False, True])
    def test_subsets_of_one_get_the_policy_of_the_other(self, turned: bool) -> None:
        rules = [destination_rule("echo-versions", V1_AND_V2), destination_rule("echo-mtls", MUTUAL)]
        config = config_of("discovery", *(reversed(rules) if turned else rules))
        assert has_tls(config, ALL)
        assert has_tls(config, V1)
        assert list(unresolved(config)) == []

    def test_the_oldest_policy_wins_as_a_whole(self) -> None:
        rules = [destination_rule("b", LEAST_REQUEST), destination_rule("a", f"{MUTUAL}, {V1_AND_V2}")]
        config = config_of("discovery", *rules)
        found = one(config, CLUSTER, V1, cluster_pb2.Cluster)
        assert found.lb_policy == cluster_pb2.Cluster.LEAST_REQUEST
        assert not found.HasField("transport_socket")
        assert [note.reason for note in unresolved(config)] == [
            f"the older DestinationRule echo-grpc/b already has a trafficPolicy for {FQDN}: this one's is not used"
        ]

    def test_an_empty_policy_counts_as_one(self) -> None:
        config = config_of("discovery", destination_rule("a", "trafficPolicy: {}"), destination_rule("b", MUTUAL))
        assert not has_tls(config, ALL)

    def test_of_subsets_with_one_name_the_oldest_counts(self) -> None:
        old = destination_rule("old", "subsets: [{name: v1, labels: {version: v1}}]")
        new = destination_rule("new", "subsets: [{name: v1, labels: {version: v2}}]")
        config = config_of("discovery", old, new)
        found = one(config, ENDPOINTS, V1, endpoint_pb2.ClusterLoadAssignment)
        assert [group.lb_endpoints[0].endpoint.address.socket_address.address for group in found.endpoints] == [
            "127.0.1.11"
        ]
        assert "already has subset v1" in next(iter(unresolved(config))).reason

    @pytest.mark.parametrize("created", ["2020-01-01T00:00:00Z", "'2020-01-01T00:00:00+00:00'"])
    def test_a_creation_timestamp_says_how_old_a_rule_is(self, created: str) -> None:
        rules = [destination_rule("first", LEAST_REQUEST), destination_rule("later", MUTUAL, created)]
        assert has_tls(config_of("discovery", *rules), ALL)

    def test_rules_of_another_namespace_are_not_merged(self) -> None:
        rules = [destination_rule("a", V1_AND_V2), destination_rule("b", MUTUAL, namespace="other")]
        config = config_of("discovery", *rules)
        assert not has_tls(config, V1)
        assert "in another namespace" in next(iter(unresolved(config))).reason

    def test_an_object_that_is_applied_again_replaces_itself(self) -> None:
        rules = [destination_rule("echo", V1_AND_V2), destination_rule("echo", MUTUAL)]
        config = config_of("discovery", *rules)
        assert has_tls(config, ALL)
        assert generate(config, identify(config, NODE, "echo-grpc"), CLUSTER, [V1]) == []


def test_a_creation_timestamp_that_is_none_is_refused() -> None:
    with pytest.raises(ManifestError, match="creationTimestamp must be a time"):
        read_text(destination_rule("a", MUTUAL, "yesterday"), "a.yaml")


class TestWhichRuleHolds:
    """By namespace, exactness, client and export (istio 1.29.1 ``model/push_context.go``, destinationRule)."""

    @pytest.mark.parametrize("host", ["'*.echo-grpc.svc.cluster.local'", "'*.local'", "'*'"])
    def test_a_wildcard_means_every_host_it_ends_like(self, host: str) -> None:
        assert has_tls(config_of("discovery", destination_rule("all", MUTUAL, host=host)), ALL)

    def test_the_most_exact_name_counts_alone(self) -> None:
        rules = [destination_rule("all", MUTUAL, host="'*.local'"), destination_rule("echo", V1_AND_V2)]
        config = config_of("discovery", *rules)
        assert not has_tls(config, V1)
        # The wildcard holds for the demo's other Service.
        assert list(unresolved(config)) == []

    @pytest.mark.parametrize(
        ("namespace", "holds"), [("echo-grpc", True), ("istio-system", True), ("elsewhere", False)]
    )
    def test_a_rule_counts_in_three_namespaces(self, namespace: str, holds: bool) -> None:
        config = config_of("discovery", destination_rule("echo", MUTUAL, namespace=namespace))
        assert has_tls(config, ALL) is holds
        assert [note.reason for note in unresolved(config)] == ([] if holds else [
            "Istio takes rules from the namespace of the client, of the Service and from istio-system alone: "
            "this rule is not used"
        ])  # fmt: skip

    def test_the_clients_namespace_comes_first(self) -> None:
        rules = [
            destination_rule("mesh", MUTUAL, namespace="istio-system"),
            destination_rule("own", LEAST_REQUEST, host="'*.local'"),
        ]
        config = config_of("discovery", *rules)
        assert not has_tls(config, ALL)
        assert "in another namespace" in next(iter(unresolved(config))).reason

    def test_a_rule_that_selects_a_client_is_for_it_and_instead_of_the_others(self) -> None:
        rules = [
            destination_rule("echo", LEAST_REQUEST),
            destination_rule("mine", f"workloadSelector: {{matchLabels: {{version: v1}}}}, {MUTUAL}"),
        ]
        config = config_of("discovery", *rules)
        other = NODE.replace("echo-v1", "echo-v2").replace(".11", ".12")
        mine, its = (one(config, CLUSTER, ALL, cluster_pb2.Cluster, node) for node in (NODE, other))
        assert (mine.HasField("transport_socket"), mine.lb_policy) == (True, cluster_pb2.Cluster.ROUND_ROBIN)
        assert (its.HasField("transport_socket"), its.lb_policy) == (False, cluster_pb2.Cluster.LEAST_REQUEST)

    @pytest.mark.parametrize(("exported", "holds"), [("'*'", True), ("echo-grpc", True), ("'.'", True), ("x", False)])
    def test_a_rule_of_the_clients_namespace_holds_there_if_exported_to_it(self, exported: str, holds: bool) -> None:
        config = config_of("discovery", destination_rule("echo", f"exportTo: [{exported}], {MUTUAL}"))
        assert has_tls(config, ALL) is holds

    def test_rules_of_different_exports_are_not_merged_and_the_youngest_holds(self) -> None:
        """SidecarScope.DestinationRule takes the last of those without a selector."""
        rules = [destination_rule("a", V1_AND_V2), destination_rule("b", f"exportTo: ['.'], {MUTUAL}")]
        config = config_of("discovery", *rules)
        assert has_tls(config, ALL)
        assert generate(config, identify(config, NODE, "echo-grpc"), CLUSTER, [V1]) == []

    def test_a_rule_of_the_namespace_alone_is_lost_in_one_that_selects(self) -> None:
        """mergeDestinationRule adds it to the one for some clients, and leaves the others without."""
        selecting = f"workloadSelector: {{matchLabels: {{version: v1}}}}, {V1_AND_V2}"
        rules = [destination_rule("a", f"exportTo: ['.'], {MUTUAL}"), destination_rule("b", selecting)]
        config = config_of("discovery", *rules)
        other = NODE.replace("echo-v1", "echo-v2").replace(".11", ".12")
        assert has_tls(config, V1)
        assert not one(config, CLUSTER, ALL, cluster_pb2.Cluster, other).HasField("transport_socket")

    @pytest.mark.parametrize(("exported", "holds"), [("'*'", True), ("echo-grpc", True), ("'.'", False), ("x", False)])
    def test_a_rule_of_the_mesh_holds_where_it_is_exported_to(self, exported: str, holds: bool) -> None:
        rule = destination_rule("echo", f"exportTo: [{exported}], {MUTUAL}", namespace="istio-system")
        assert has_tls(config_of("discovery", rule), ALL) is holds


class TestPortLevelSettings:
    """They replace the whole policy at their port (istio 1.29.1 ``networking/util``, MergeSubsetTrafficPolicy)."""

    PORT = "portLevelSettings: [{port: {number: 7070}, loadBalancer: {simple: LEAST_REQUEST}}]"

    def test_a_port_inherits_nothing(self) -> None:
        policy = f"trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}, {self.PORT}}}"
        config = config_of("discovery", destination_rule("echo", f"{policy}, {V1_AND_V2}"))
        for name in (ALL, V1):
            found = one(config, CLUSTER, name, cluster_pb2.Cluster)
            assert (found.lb_policy, found.HasField("transport_socket")) == (cluster_pb2.Cluster.LEAST_REQUEST, False)

    def test_another_port_is_none_of_its_business(self) -> None:
        policy = f"trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}, {self.PORT.replace('7070', '80')}}}"
        assert has_tls(config_of("discovery", destination_rule("echo", policy)), ALL)

    def test_a_subsets_port_replaces_all_and_its_policy_only_what_it_says(self) -> None:
        whole = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, connectionPool: {http: {http2MaxRequests: 7}}}"
        own = f"{{name: v1, labels: {{version: v1}}, trafficPolicy: {{{self.PORT}}}}}"
        pool = "{name: v2, labels: {version: v2}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}"
        config = config_of("discovery", destination_rule("echo", f"{whole}, subsets: [{own}, {pool}]"))
        first, second = (one(config, CLUSTER, name, cluster_pb2.Cluster) for name in (V1, V1.replace("|v1|", "|v2|")))
        assert (first.lb_policy, first.HasField("transport_socket")) == (cluster_pb2.Cluster.LEAST_REQUEST, False)
        assert second.HasField("transport_socket")
        assert not second.HasField("circuit_breakers"), "a pool counts as a whole"
        assert one(config, CLUSTER, ALL, cluster_pb2.Cluster).circuit_breakers.thresholds[0].max_requests.value == 7

    def test_what_is_hashed_at_a_port(self) -> None:
        """By hashForService for the default route, by HashForHTTPDestination only for a port that is written."""
        hashed = "loadBalancer: {consistentHash: {httpHeaderName: x-port}}"
        policy = f"trafficPolicy: {{portLevelSettings: [{{port: {{number: 7070}}, {hashed}}}]}}"
        rule = destination_rule("echo", policy)

        def keys(*more: str) -> list[str]:
            config = config_of("discovery", rule, *more)
            hosts = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts
            (host,) = (host for host in hosts if host.name == f"{FQDN}:7070")
            return [policy.header.header_name for policy in host.routes[0].route.hash_policy]

        assert keys() == ["x-port"]
        assert keys(virtual_service("[{route: [{destination: {host: echo}}]}]")) == []
        written = "[{route: [{destination: {host: echo, port: {number: 7070}}}]}]"
        assert keys(virtual_service(written)) == ["x-port"]
