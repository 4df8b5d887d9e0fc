"""One ADS stream: what is answered, what is not, and what a change pushes."""

from __future__ import annotations

from typing import Any

from envoy.service.discovery.v3 import discovery_pb2

from meshtui.demo.ads import AdsStream, Configuration
from meshtui.demo.events import DemoEventKind
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.manifests import ManifestDirectory
from meshtui.demo.scenarios import scenario
from meshtui.demo.xds.generate import CLUSTER, ENDPOINTS, LISTENER, ROUTE

FQDN = "echo.echo-grpc.svc.cluster.local"
ALL = f"outbound|7070||{FQDN}"
V1, V2 = f"outbound|7070|v1|{FQDN}", f"outbound|7070|v2|{FQDN}"


def config_of(name: str, step: int = 0) -> MeshConfig:
    directory = ManifestDirectory(scenario(name).step(step).directory)
    directory.scan()
    return directory.config(())


class Client:
    """A client of one stream, with the acknowledgements that a real one sends."""

    def __init__(self, config: MeshConfig) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.configuration = Configuration(config, "2026-01-01T00:00:00Z")
        self.stream = AdsStream(self.configuration, lambda event, **fields: self.events.append((event, fields)))
        self.nonces: dict[str, str] = {}

    def ask(self, type_url: str, *names: str, error: str = "", nonce: str | None = None) -> list[Any]:
        request = discovery_pb2.DiscoveryRequest(
            type_url=type_url,
            resource_names=names,
            response_nonce=self.nonces.get(type_url, "") if nonce is None else nonce,
        )
        request.node.id = "sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local"
        if error:
            request.error_detail.message = error
        return self.take(self.stream.receive(request))

    def take(self, responses: list[Any]) -> list[Any]:
        for response in responses:
            self.nonces[response.type_url] = response.nonce
        return responses


def count(responses: list[Any]) -> list[int]:
    return [len(response.resources) for response in responses]


def test_a_new_name_is_answered_and_an_acknowledgement_is_not() -> None:
    client = Client(config_of("traffic-shift"))
    (first,) = client.ask(LISTENER, f"{FQDN}:7070")
    assert len(first.resources) == 1
    assert first.version_info == "2026-01-01T00:00:00Z/1"
    assert client.ask(LISTENER, f"{FQDN}:7070") == []
    (second,) = client.ask(LISTENER, f"{FQDN}:7070", "echo:7070")
    assert len(second.resources) == 2, "state of the world: everything that is asked for"
    assert second.nonce != first.nonce


def test_a_name_that_does_not_exist_is_answered_with_nothing() -> None:
    client = Client(config_of("traffic-shift"))
    assert count(client.ask(CLUSTER, "outbound|1||nobody")) == [0]


def test_unsubscribing_needs_no_answer() -> None:
    client = Client(config_of("traffic-shift"))
    assert count(client.ask(CLUSTER, V1, V2)) == [2]
    assert client.ask(CLUSTER, V1) == []
    client.configuration.replace(config_of("traffic-shift"))
    assert client.stream.refresh() == [], "nothing changed for what is left"


def test_a_new_stream_after_a_reconnect_is_answered() -> None:
    client = Client(config_of("traffic-shift"))
    assert count(client.ask(CLUSTER, V1, nonce="")) == [1]
    assert count(client.ask(CLUSTER, V1, nonce="")) == [1]


def test_a_change_pushes_only_what_changed_clusters_before_routes() -> None:
    client = Client(config_of("mtls-strict"))
    for type_url, name in ((LISTENER, "echo:7070"), (ROUTE, ALL), (CLUSTER, V1), (ENDPOINTS, V1)):
        client.ask(type_url, name)
    directory = ManifestDirectory(scenario("canary").directory)
    directory.scan()
    client.configuration.replace(directory.config(()))
    pushed = client.take(client.stream.refresh())
    assert [response.type_url for response in pushed] == [CLUSTER, ROUTE], "TLS went away, the weights changed"
    assert {response.version_info for response in pushed} == {"2026-01-01T00:00:00Z/2"}
    assert client.stream.refresh() == []


def test_a_refusal_is_told_and_not_answered() -> None:
    client = Client(config_of("refused", 1))
    client.ask(CLUSTER, V1)
    assert client.ask(CLUSTER, V1, error="LB policy is not supported") == []
    ((event, fields),) = client.events
    assert event is DemoEventKind.NACK
    assert fields["reason"] == "LB policy is not supported"
    assert fields["type"] == "Cluster"
    assert client.ask(CLUSTER, V1, error="old news", nonce="another") == []
    assert len(client.events) == 1, "a refusal of an answer that was replaced is old news"


def test_an_unknown_type_is_not_answered() -> None:
    client = Client(config_of("discovery"))
    assert client.ask("type.googleapis.com/unknown", "x") == []
