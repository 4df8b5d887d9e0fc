"""Clusters of manifests: mutual TLS, and what several DestinationRules of one host become."""

from __future__ import annotations

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.manifests import read_text
from meshtui.demo.xds.generate import (
    CLUSTER,
    ENDPOINTS,
    generate,
    identify,
)
from tests.demo.generated import ALL, FQDN, NODE, V1, config_of, destination_rule, one

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
