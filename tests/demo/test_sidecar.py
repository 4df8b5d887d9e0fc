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


def by_port(egress: str, namespace: str = "echo-grpc") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: by-port, namespace: {namespace}}}
spec: {{egress: [{egress}]}}
"""


TWO_PORTS = """
apiVersion: v1
kind: Service
metadata: {name: greeter, namespace: echo-grpc}
spec: {selector: {app: echo}, ports: [{port: 7070, targetPort: 17070}, {port: 8080, targetPort: 17070}]}
"""


def listeners(config: MeshConfig) -> set[str]:
    names = [f"{name}:{port}" for name in (FQDN, GREETER) for port in (7070, 8080)]
    found = generate(config, identify(config, NODE, "echo-grpc"), LISTENER, names)
    return {
        listener_pb2.Listener.FromString(packed.value).name.replace(".echo-grpc.svc.cluster.local", "")
        for packed in found
    }


def hosts(config: MeshConfig, port: int) -> set[str]:
    """The virtual hosts of a port, by which a call finds its way."""
    table = one(config, ROUTE, ALL.replace("7070", str(port)), route_pb2.RouteConfiguration)
    return {host.name.replace(".echo-grpc.svc.cluster.local", "") for host in table.virtual_hosts}


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
        (by_port("{port: {number: 7070, protocol: HTTP_PROXY}, hosts: ['*/*']}"), "does not know HTTP_PROXY"),
        (by_port("{port: {number: 0, protocol: GRPC}, hosts: ['*/*']}"), "number must be a whole number from 1"),
        (by_port("{hosts: ['*/*']}, {port: {number: 1, protocol: GRPC}, hosts: ['*/*']}"), "must be the last one"),
        (by_port("{hosts: ['*/*']}, {hosts: ['*/*']}"), "have the same port"),
        (by_port("{port: {number: 1, protocol: GRPC}}"), "at least one host"),
    ],
)
def test_what_is_not_known_is_refused(text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        read_text(text, "sidecar.yaml")


def test_what_has_no_effect_is_noted() -> None:
    notes = read_text(sidecar("./*", more=", outboundTrafficPolicy: {mode: REGISTRY_ONLY}"), "x").notes
    assert "no effect on proxyless gRPC" in notes[0].reason


class TestEgressByPort:
    """Which services there are is what all egress name; the routes of a port are made by one of them alone."""

    def reasons(self, config: MeshConfig) -> list[str]:
        return [note.reason for note in unresolved(config) if "egress" in note.reason or "told of" in note.reason]

    def test_only_that_port_is_told_of(self) -> None:
        config = config_of("discovery", TWO_PORTS, by_port("{port: {number: 8080, protocol: GRPC}, hosts: ['*/*']}"))
        assert listeners(config) == {"greeter:8080"}
        assert (hosts(config, 8080), hosts(config, 7070)) == ({"greeter:8080"}, set())
        assert self.reasons(config) == [
            f"its pods are not told of {FQDN}, {GREETER}:7070: who calls one finds no listener"
        ]

    def test_the_routes_of_a_port_are_those_of_its_own_egress(self) -> None:
        """What another egress names has a listener there all the same, and no virtual host."""
        mine = f"{{port: {{number: 7070, protocol: GRPC}}, hosts: ['./{FQDN}']}}, {{hosts: ['./*']}}"
        config = config_of("discovery", TWO_PORTS, by_port(mine))
        assert listeners(config) == {"echo:7070", "greeter:7070", "greeter:8080"}
        assert (hosts(config, 7070), hosts(config, 8080)) == ({"echo:7070"}, {"greeter:8080"})
        assert self.reasons(config) == [
            f"the egress for that port does not name {GREETER}:7070: who calls one finds no virtual host"
        ]

    def test_ports_of_several_egress_come_together(self) -> None:
        mine = [f"{{port: {{number: {port}, protocol: GRPC}}, hosts: ['*/*']}}" for port in (8080, 7070)]
        config = config_of("discovery", TWO_PORTS, by_port(", ".join(mine)))
        assert listeners(config) == {"echo:7070", "greeter:7070", "greeter:8080"}
        assert self.reasons(config) == []

    @pytest.mark.parametrize(
        ("port", "more", "found"),
        [
            ("", "", {"echo:7070", "greeter:7070", "greeter:8080"}),
            (", port: {number: 8080}", "", {"echo:7070", "greeter:8080"}),
            (", port: {number: 8080}", "port: {number: 7070, protocol: GRPC}, ", {"echo:7070", "greeter:7070"}),
            (", port: {number: 1}", "", {"echo:7070"}),
        ],
    )
    def test_where_a_route_leads_is_told_of_by_its_port(self, port: str, more: str, found: set[str]) -> None:
        """The port of the egress, else those of the destinations (istio, serviceMatchingVirtualServicePorts)."""
        route = virtual_service(f"[{{route: [{{destination: {{host: greeter{port}}}}}]}}]")
        config = config_of("discovery", TWO_PORTS, by_port(f"{{{more}hosts: ['./{FQDN}']}}"), route)
        assert listeners(config) == found
        assert hosts(config, 7070) == {"echo:7070"}

    def test_a_route_for_another_namespace_leads_nowhere_here(self) -> None:
        route = virtual_service(
            "[{match: [{sourceNamespace: other}], route: [{destination: {host: greeter}}]},"
            f" {{route: [{{destination: {{host: {FQDN}}}}}], mirror: {{host: {FQDN}}}}}]"
        )
        config = config_of("discovery", TWO_PORTS, by_port(f"{{hosts: ['./{FQDN}']}}"), route)
        assert listeners(config) == {"echo:7070"}

    def test_the_meshs_own_dot_is_where_the_client_is(self) -> None:
        config = config_of("discovery", by_port("{hosts: ['./*']}", namespace="istio-system"))
        assert told(config) == {FQDN, GREETER}
