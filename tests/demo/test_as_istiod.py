"""What the demo generates beside what a real istiod sent for the same objects, field by field.

The captures are what a grpc-go client held from istiod 1.29.1 (tests/data/istio/SOURCES.md), so that what the client
refused is not in them, and what istiod itself said it had sent. Nothing is left out of the comparison: names and
addresses are the captures' own, as the demo is given the same workloads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from envoy.admin.v3 import config_dump_shared_pb2
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.service.status.v3 import csds_pb2
from google.protobuf import any_pb2, json_format

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.workload import MeshWorkload
from meshtui.demo.manifests import in_force, read_text
from meshtui.demo.xds.generate import CLUSTER, LISTENER, ROUTE, Client, generate

CAPTURES = Path(__file__).parents[1] / "data" / "istio"
FQDN = "echo.echo-grpc.svc.cluster.local"
ALL = f"outbound|7070||{FQDN}"
INBOUND = "xds.istio.io/grpc/lds/inbound/0.0.0.0:17070"
CREATED = datetime(2026, 11, 1, tzinfo=UTC)

SHIFTED = ("dr-subsets", "vs-2080")
STRICT = ("dr-mtls", "vs-2080", "pa-strict")
OBJECTS = {
    "plain": (),
    "plain-idle-v1": (),
    "plain-idle-v2": (),
    "2080": SHIFTED,
    "header": ("dr-subsets", "vs-header"),
    "names": ("dr-names", "vs-names"),
    "multi-service": (*SHIFTED, "se-other", "se-svc1", "se-svc2", "se-svc3"),
    "mtls-client-only": ("dr-mtls", "vs-2080"),
    "mtls-strict": STRICT,
    "dr-leastreq": ("dr-leastreq",),
    "dr-locality": ("dr-locality",),
    "dr-mutual-tls": ("dr-mutual-tls",),
    "dr-outlier": ("dr-outlier",),
    "dr-random": ("dr-random",),
    "dr-simple-tls": ("dr-simple-tls",),
    "vs-direct": ("dr-subsets", "vs-direct"),
    "vs-regex": ("dr-subsets", "vs-regex"),
    "vs-retry": ("dr-subsets", "vs-retry"),
    "vs-timeout": ("dr-subsets", "vs-timeout"),
    "dr-maglev": ("dr-maglev",),
    "dr-maglev-held": ("dr-maglev",),
    "vs-cors": ("dr-subsets", "vs-cors"),
    "maglev-nacked": ("dr-maglev",),
    "agent-echo123": SHIFTED,
    "evicting": SHIFTED,
    "istiod-dead-agent-held": SHIFTED,
    "istiod-dead-direct-held": STRICT,
    "istiod-dead-idle": (),
    "strict": STRICT,
    "unknown-host-2s": (),
}
"""Capture → the objects that were applied beside base.yaml."""

BEFORE = {
    ("dr-maglev-held", CLUSTER): (),
    ("vs-cors", ROUTE): ("dr-maglev",),
    ("maglev-nacked", CLUSTER): STRICT,
    ("maglev-nacked", LISTENER): STRICT,
}
"""What held of a type while the client kept a resource whose change it refused, or that did not change since."""


def workload(version: str, ip: str, locality: str) -> MeshWorkload:
    canonical = {"service.istio.io/canonical-name": "echo", "service.istio.io/canonical-revision": version}
    return MeshWorkload(
        name=f"echo-{version}",
        namespace="echo-grpc",
        service_account="default",
        labels=tuple(sorted({"app": "echo", "version": version, **canonical}.items())),
        ip=ip,
        locality=locality,
        ports=((17070, 17070),),
        is_pod=False,
    )


WORKLOADS = (
    workload("v1", "10.77.0.11", "eu-west/eu-west-1a/rack1"),
    workload("v2", "10.77.0.12", "eu-west/eu-west-1b/rack2"),
)


def config_of(*names: str) -> MeshConfig:
    texts = [(name, (CAPTURES / "objects" / f"{name}.yaml").read_text()) for name in ("base", *names)]
    objects = [object_ for name, text in texts for object_ in read_text(text, name).objects]
    return in_force(objects, {object_.origin.identity: CREATED for object_ in objects}, WORKLOADS)


def capture(name: str) -> csds_pb2.ClientStatusResponse:
    return csds_pb2.ClientStatusResponse.FromString((CAPTURES / f"csds-{name}.pb").read_bytes())


def client_of(config: csds_pb2.ClientConfig) -> Client:
    ip = config.node.id.split("~")[1]
    return Client("echo-grpc", next(workload for workload in WORKLOADS if workload.ip == ip))


def fields(packed: any_pb2.Any) -> dict[str, Any]:
    """Every field that is set, also within what is packed: an order of bytes that means nothing is not compared."""
    return json_format.MessageToDict(packed)


HELD = [
    pytest.param(name, config.node.id, entry.type_url, entry.name, id=f"{name} {entry.type_url[37:]} {entry.name}")
    for name in OBJECTS
    for config in (capture(name).config if (CAPTURES / f"csds-{name}.pb").exists() else ())
    for entry in config.generic_xds_configs
    if entry.HasField("xds_config")
]


def test_everything_that_was_captured_is_compared() -> None:
    assert {held.values[0] for held in HELD} == OBJECTS.keys()
    assert len(HELD) > 120
    assert router_pb2.Router.DESCRIPTOR, "its type is registered, so that it can be unpacked"


@pytest.mark.parametrize(("name", "node", "type_url", "resource"), HELD)
def test_a_resource_is_istiods(name: str, node: str, type_url: str, resource: str) -> None:
    config, entry = next(
        (config, entry)
        for config in capture(name).config
        for entry in config.generic_xds_configs
        if (entry.type_url, entry.name) == (type_url, resource)
    )
    objects = BEFORE.get((name, type_url), OBJECTS[name])
    (made,) = generate(config_of(*objects), client_of(config), type_url, [resource])
    assert fields(made) == fields(entry.xds_config)


def sent(document: Any) -> Iterator[dict[str, Any]]:
    """The resources in a debug document of istiod's, wherever they stand."""
    if isinstance(document, dict) and str(document.get("@type", "")).endswith(_RESOURCES):
        yield document
    elif isinstance(document, dict | list):
        values = document.values() if isinstance(document, dict) else document
        yield from (resource for value in values for resource in sent(value))


_RESOURCES = (".v3.Listener", ".v3.RouteConfiguration", ".v3.Cluster", ".v3.ClusterLoadAssignment")


@pytest.mark.parametrize(
    ("file", "pod", "objects", "count"),
    [
        ("istiod-config_dump-echo-v1", 0, SHIFTED, 5),
        ("istiod-config_dump-echo-v2", 1, SHIFTED, 1),
        ("istiod-edsz-echo-v1", 0, SHIFTED, 2),
        ("istiod-strict-config_dump-87", 1, STRICT, 4),
        ("istiod-strict-config_dump-10", 1, STRICT, 1),
        ("istiod-strict-config_dump", 1, STRICT, 1),
        ("istiod-maglev-nacked-config_dump", 1, ("dr-maglev", "pa-strict"), 1),
    ],
)
def test_what_istiod_says_it_sent(file: str, pod: int, objects: tuple[str, ...], count: int) -> None:
    resources = list(sent(json.loads((CAPTURES / f"{file}.json").read_text())))
    assert len(resources) == count
    for resource in resources:
        name = str(resource.get("name") or resource["clusterName"])
        (made,) = generate(config_of(*objects), Client("echo-grpc", WORKLOADS[pod]), resource["@type"], [name])
        assert fields(made) == resource


def test_what_istiod_did_not_send() -> None:
    """A listener for a Service that is not there, and one for a port that is no Service's: the client waits."""
    (client,) = {client_of(config) for config in capture("unknown-host-2s").config}
    (unknown,) = (
        entry.name
        for config in capture("unknown-host-2s").config
        for entry in config.generic_xds_configs
        if not entry.HasField("xds_config")
    )
    assert generate(config_of(), client, LISTENER, [unknown]) == []
    removed = {
        (entry.name, entry.client_status)
        for config in capture("inbound-listener-removed").config
        for entry in config.generic_xds_configs
    }
    assert removed == {(INBOUND, config_dump_shared_pb2.DOES_NOT_EXIST)}
    nothing = in_force((), {}, WORKLOADS)
    assert generate(nothing, client, LISTENER, [INBOUND]) == []


def test_a_subset_that_no_rule_defines() -> None:
    """The route names its cluster all the same, the cluster is not sent, and what is applied says so."""
    config = config_of("dr-subsets", "vs-nosubset")
    client = Client("echo-grpc", WORKLOADS[1])
    missing = ALL.replace("||", "|nope|")
    (packed,) = generate(config, client, ROUTE, [ALL])
    (host,) = route_pb2.RouteConfiguration.FromString(packed.value).virtual_hosts
    assert [route.route.cluster for route in host.routes] == [missing]
    assert generate(config, client, CLUSTER, [missing]) == []
    assert f'"{missing}" of type "ClusterResource" has been removed' in (CAPTURES / "fe-nosubset.txt").read_text()
    assert "no DestinationRule defines subset nope" in " ".join(note.reason for note in unresolved(config))


def refusal(name: str) -> str:
    (reason,) = (
        str(entry.error_state.details)
        for config in capture(name).config
        for entry in config.generic_xds_configs
        if entry.HasField("error_state")
    )
    return reason


class TestRefused:
    """What the client did not take is only quoted in its refusal, in Go's text."""

    def made(self, name: str, *objects: str, type_url: str) -> Any:
        (client,) = {client_of(config) for config in capture(name).config}
        (packed,) = generate(config_of(*objects), client, type_url, [ALL])
        return packed

    def test_maglev_is_sent(self) -> None:
        found = cluster_pb2.Cluster.FromString(self.made("dr-maglev", "dr-maglev", type_url=CLUSTER).value)
        assert "lb_policy:MAGLEV maglev_lb_config:{table_size:{value:65537}}" in " ".join(refusal("dr-maglev").split())
        assert found.lb_policy == cluster_pb2.Cluster.MAGLEV
        assert found.maglev_lb_config.table_size.value == 65537
        assert not found.HasField("ring_hash_lb_config")

    def test_cors_is_an_override_of_the_route(self) -> None:
        made = self.made("vs-cors", "dr-subsets", "vs-cors", type_url=ROUTE)
        (host,) = route_pb2.RouteConfiguration.FromString(made.value).virtual_hosts
        packed = host.routes[0].typed_per_filter_config["envoy.filters.http.cors"]
        assert r'value:"\n\x15\n\x13https://example.com\x12\x03GET:\x04\n\x02\x08dR\x02\x08\x01"' in refusal("vs-cors")
        expected = b"\n\x15\n\x13https://example.com\x12\x03GET:\x04\n\x02\x08dR\x02\x08\x01"
        assert cors_pb2.CorsPolicy.FromString(packed.value) == cors_pb2.CorsPolicy.FromString(expected)
        assert "max_stream_duration" in refusal("vs-cors")
        assert host.routes[0].route.HasField("max_stream_duration")

    def test_the_hash_key_of_the_default_route(self) -> None:
        """Held by the client of vs-cors, whose new route configuration was refused: it is that of dr-maglev before."""
        made = self.made("vs-cors", "dr-maglev", type_url=ROUTE)
        (held,) = (
            entry.xds_config
            for config in capture("vs-cors").config
            for entry in config.generic_xds_configs
            if entry.type_url == ROUTE
        )
        assert fields(made) == fields(held)
