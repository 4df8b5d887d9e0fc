"""Istio's objects: those of the demo mesh's scenarios, in every version that is served, and anything broken."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given

import meshtui.demo
from meshtui.model.kubernetes.istio import (
    AuthorizationPolicy,
    DestinationRule,
    EnvoyFilter,
    IstioObject,
    PeerAuthentication,
    Sidecar,
    Telemetry,
    VirtualService,
    WorkloadEntry,
)
from meshtui.model.kubernetes.istio_read import READERS, istio_object_of
from tests.model.kubernetes.documents import ANY_JSON, broken

SCENARIOS = sorted(Path(meshtui.demo.__file__).parent.glob("scenarios/**/*.yaml"))

VIRTUAL_SERVICE: dict[str, object] = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"creationTimestamp": "2026-11-28T18:01:51Z", "name": "echo", "namespace": "echo-grpc"},
    "spec": {
        "hosts": ["echo.echo-grpc.svc.cluster.local"],
        "http": [
            {
                "name": "split",
                "mirror": {"host": "shadow"},
                "match": [{"uri": {"prefix": "/"}}],
                "route": [
                    {"destination": {"host": "echo", "subset": "v1", "port": {"number": 7070}}, "weight": 20},
                    {"destination": {"host": "echo", "subset": "v2"}, "weight": 80},
                ],
            }
        ],
    },
}
DESTINATION_RULE: dict[str, object] = {
    "apiVersion": "networking.istio.io/v1beta1",
    "kind": "DestinationRule",
    "metadata": {"name": "echo", "namespace": "echo-grpc", "labels": {"istio.io/rev": "canary"}},
    "spec": {
        "host": "echo",
        "exportTo": ["."],
        "workloadSelector": {"matchLabels": {"app": "client"}},
        "subsets": [
            {"name": "v1", "labels": {"version": "v1"}},
            {"name": "v2", "labels": {"version": "v2"}, "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}},
        ],
        "trafficPolicy": {
            "tls": {"mode": "ISTIO_MUTUAL"},
            "loadBalancer": {"consistentHash": {"httpHeaderName": "x-user"}},
            "outlierDetection": {},
            "portLevelSettings": [{"port": {"number": 7070}, "tls": {"mode": "DISABLE"}}],
        },
    },
}


def test_a_virtual_service() -> None:
    found = istio_object_of(VIRTUAL_SERVICE)
    assert isinstance(found, VirtualService)
    assert (found.version, found.name.words, found.in_mesh) == ("v1", "VirtualService echo in echo-grpc", True)
    (route,) = found.http
    assert (route.name, route.conditions, route.asks) == ("split", 1, ("mirror",))
    assert [(to.host, to.subset, to.port, to.weight) for to in route.destinations] == [
        ("echo", "v1", 7070, 20),
        ("echo", "v2", None, 80),
    ]


def test_a_destination_rule() -> None:
    found = istio_object_of(DESTINATION_RULE)
    assert isinstance(found, DestinationRule)
    assert (found.version, found.revision, found.exported_to) == ("v1beta1", "canary", (".",))
    assert found.selector == {"app": "client"}
    assert found.policy is not None
    assert (found.policy.tls_mode, found.policy.balancer) == ("ISTIO_MUTUAL", "consistentHash")
    assert found.has("trafficPolicy", "outlierDetection")
    assert [(port, policy.tls_mode) for port, policy in found.policy.ports] == [(7070, "DISABLE")]
    assert [(subset.name, dict(subset.labels)) for subset in found.subsets] == [
        ("v1", {"version": "v1"}),
        ("v2", {"version": "v2"}),
    ]
    assert found.subsets[0].policy is None
    assert found.subsets[1].policy is not None
    assert found.subsets[1].policy.balancer == "RANDOM"


def test_security() -> None:
    peers = istio_object_of(
        {"spec": {"mtls": {"mode": "STRICT"}, "portLevelMtls": {"7070": {"mode": "DISABLE"}, "x": {}}}},
        "security.istio.io",
        "PeerAuthentication",
        "v1",
    )
    assert isinstance(peers, PeerAuthentication)
    assert (peers.mode, peers.port_modes) == ("STRICT", ((7070, "DISABLE"),))
    denies_all = istio_object_of({"metadata": {"name": "a"}, "spec": {}}, "security.istio.io", "AuthorizationPolicy")
    assert isinstance(denies_all, AuthorizationPolicy)
    assert (denies_all.action, denies_all.rules) == ("ALLOW", ())
    allows_all = istio_object_of({"spec": {"rules": [{}]}}, "security.istio.io", "AuthorizationPolicy")
    assert isinstance(allows_all, AuthorizationPolicy)
    assert allows_all.rules == ({},)


def test_what_only_envoy_reads() -> None:
    changes = istio_object_of(
        {
            "spec": {
                "workloadSelector": {"labels": {"app": "echo"}},
                "configPatches": [{"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_BEFORE"}}],
            }
        },
        "networking.istio.io",
        "EnvoyFilter",
    )
    assert isinstance(changes, EnvoyFilter)
    assert changes.selector == {"app": "echo"}
    assert [(patch.applies_to, patch.context, patch.operation) for patch in changes.patches] == [
        ("HTTP_FILTER", "ANY", "INSERT_BEFORE")
    ]
    measured = istio_object_of(
        {"spec": {"tracing": [{"randomSamplingPercentage": 10}]}}, "telemetry.istio.io", "Telemetry"
    )
    assert isinstance(measured, Telemetry)
    assert measured.parts == ("tracing",)


def test_others() -> None:
    told = istio_object_of(
        {"spec": {"egress": [{"hosts": ["./*"]}, {"port": {"number": 80}, "hosts": ["*/x"]}]}},
        "networking.istio.io",
        "Sidecar",
    )
    assert isinstance(told, Sidecar)
    assert told.egress == ((None, ("./*",)), (80, ("*/x",)))
    entry = istio_object_of(
        {"spec": {"address": "10.0.0.9", "labels": {"app": "vm"}}}, "networking.istio.io", "WorkloadEntry"
    )
    assert isinstance(entry, WorkloadEntry)
    assert entry.address == "10.0.0.9"
    attached = istio_object_of(
        {"metadata": {"namespace": "a"}, "spec": {"targetRefs": [{"kind": "Service", "name": "echo"}]}},
        "security.istio.io",
        "RequestAuthentication",
    )
    assert [target.words for target in attached.targets] == ["Service echo in a"]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_object_of_the_scenarios_has_its_class(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        group = str(document["apiVersion"]).rpartition("/")[0]
        if not group.endswith(".istio.io"):
            continue
        found = istio_object_of(document)
        assert (group, found.name.kind) in READERS
        assert found.name.name == document["metadata"]["name"]
        assert found.spec == document["spec"]


@given(broken(VIRTUAL_SERVICE) | broken(DESTINATION_RULE) | ANY_JSON)
def test_no_document_is_too_broken(document: object) -> None:
    for group, kind in READERS:
        assert isinstance(istio_object_of(document, group, kind), IstioObject)
