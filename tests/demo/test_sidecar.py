"""Sidecars: what a client is told of (istio 1.29.1 ``pilot/pkg/model/sidecar.go``)."""

from __future__ import annotations

import pytest
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.manifests import read_text
from meshtui.demo.xds.generate import CLUSTER, LISTENER, ROUTE, generate, identify
from tests.demo.generated import ALL, FQDN, INBOUND, NODE, config_of, one, virtual_service

GREETER = FQDN.replace("echo", "greeter", 1)


def sidecar(hosts: str, name: str = "default", namespace: str = "echo-grpc", more: str = "") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{egress: [{{hosts: [{hosts}]}}] {more}}}
"""


def told(config: MeshConfig, node: str = NODE) -> set[str]:
    """Which of the two Services a client finds a listener for."""
    client = identify(config, node, "echo-grpc")
    return {name for name in (FQDN, GREETER) if generate(config, client, LISTENER, [f"{name}:7070"])}


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        ("'*/*'", {FQDN, GREETER}),
        ("./*", {FQDN, GREETER}),
        ("echo-grpc/*", {FQDN, GREETER}),
        (f"./{FQDN}", {FQDN}),
        (f"'*/{GREETER}'", {GREETER}),
        ("'./*.echo-grpc.svc.cluster.local'", {FQDN, GREETER}),
        ("istio-system/*", set()),
        ("'~/*'", set()),
    ],
)
def test_services_that_egress_does_not_name_are_not_there(hosts: str, found: set[str]) -> None:
    config = config_of("discovery", sidecar(hosts))
    assert told(config) == found
    lost = [note.reason for note in unresolved(config) if "are not told of" in note.reason]
    assert bool(lost) is (found != {FQDN, GREETER})
    assert one(config, LISTENER, INBOUND, listener_pb2.Listener).name == INBOUND, "what it serves itself stays"


def test_where_a_route_leads_is_told_of_without_a_virtual_host() -> None:
    config = config_of(
        "discovery", sidecar(f"./{FQDN}"), virtual_service("[{route: [{destination: {host: greeter}}]}]")
    )
    hosts = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts
    assert [host.name for host in hosts] == [f"{FQDN}:7070"]
    client = identify(config, NODE, "echo-grpc")
    assert generate(config, client, CLUSTER, [f"outbound|7070||{GREETER}"])


def test_the_one_that_selects_a_client_comes_first_and_the_meshs_last() -> None:
    mesh = sidecar("'~/*'", "mesh", "istio-system")
    mine = sidecar(f"./{FQDN}", "mine", more=", workloadSelector: {labels: {version: v1}}")
    other = NODE.replace("echo-v1", "echo-v2").replace(".11", ".12")
    assert told(config_of("discovery", mesh)) == set()
    config = config_of("discovery", mesh, mine)
    assert (told(config), told(config, other)) == ({FQDN}, set())
    config = config_of("discovery", mesh, mine, sidecar("./*", "own"))
    assert (told(config), told(config, other)) == ({FQDN}, {FQDN, GREETER})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (sidecar("everything"), "must be a namespace, a slash and a host"),
        (sidecar("./*").replace("[{hosts", "[{port: {number: 7070}, hosts"), "without a port only"),
    ],
)
def test_what_is_not_known_is_refused(text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        read_text(text, "sidecar.yaml")


def test_what_has_no_effect_is_noted() -> None:
    notes = read_text(sidecar("./*", more=", outboundTrafficPolicy: {mode: REGISTRY_ONLY}"), "x").notes
    assert "no effect on proxyless gRPC" in notes[0].reason
