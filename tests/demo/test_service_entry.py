"""ServiceEntries beside the pods (istio 1.29.1 ``pilot/pkg/serviceregistry/serviceentry/conversion.go``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import health_check_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.manifests import read_text
from meshtui.demo.xds.generate import CLUSTER, ENDPOINTS, LISTENER, ROUTE
from tests.demo.generated import ALL, FQDN, config_of, destination_rule, one

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

HOST = "ledger.example.com"
NAME = f"outbound|7070||{HOST}"


def entry(endpoints: str, resolution: str = "STATIC", ports: str = "{number: 7070, name: grpc, protocol: GRPC}") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: ledger, namespace: echo-grpc}}
spec: {{hosts: [{HOST}], location: MESH_EXTERNAL, resolution: {resolution}, ports: [{ports}], endpoints: {endpoints}}}
"""


BOTH = """[
  {address: 192.0.2.1, labels: {version: v1}, locality: eu-west/eu-west-1a, weight: 3, ports: {grpc: 9001}},
  {address: 192.0.2.2, labels: {app: ledger, version: v2}, locality: eu-west/eu-west-1b, serviceAccount: ledger}]"""


def sent(text: str, name: str = NAME, *more: str) -> dict[str, Any]:
    """The endpoints by address and port."""
    message = one(config_of("discovery", text, *more), ENDPOINTS, name, endpoint_pb2.ClusterLoadAssignment)
    return {
        f"{end.endpoint.address.socket_address.address}:{end.endpoint.address.socket_address.port_value}": (group, end)
        for group in message.endpoints
        for end in group.lb_endpoints
    }


def test_what_it_lists_are_its_endpoints() -> None:
    """The port of the endpoint's own, else the target port; of nobody's health anything is known."""
    found = sent(entry(BOTH, ports="{number: 7070, targetPort: 9000, name: grpc, protocol: GRPC}"))
    assert list(found) == ["192.0.2.1:9001", "192.0.2.2:9000"]
    for address, weight, zone in (("192.0.2.1:9001", 3, "eu-west-1a"), ("192.0.2.2:9000", 1, "eu-west-1b")):
        group, end = found[address]
        assert (end.load_balancing_weight.value, group.load_balancing_weight.value) == (weight, weight)
        assert group.locality.zone == zone
        assert end.health_status == health_check_pb2.UNKNOWN


def test_a_listed_endpoint_has_no_name() -> None:
    """What istiod tells of it: canonical service and revision by its labels, and mutual TLS by its service account."""
    found = sent(entry(BOTH))
    told = {
        address: {key: dict(value) for key, value in end.metadata.filter_metadata.items()}
        for address, (_, end) in found.items()
    }
    assert told == {
        "192.0.2.1:9001": {"istio": {"workload": ";;;v1;Kubernetes"}},
        "192.0.2.2:7070": {
            "istio": {"workload": ";;ledger;v2;Kubernetes"},
            "envoy.transport_socket_match": {"tlsMode": "istio"},
        },
    }


def test_it_is_called_like_a_service() -> None:
    config = config_of("discovery", entry(BOTH))
    assert one(config, LISTENER, f"{HOST}:7070", listener_pb2.Listener).name == f"{HOST}:7070"
    hosts = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts
    assert f"{HOST}:7070" in {host.name for host in hosts}


def test_a_rule_and_its_subsets_hold_for_it() -> None:
    rule = destination_rule("ledger", "subsets: [{name: v2, labels: {version: v2}}]", host=HOST)
    assert list(sent(entry(BOTH), NAME.replace("||", "|v2|"), rule)) == ["192.0.2.2:7070"]


def test_mutual_tls_expects_the_accounts_that_are_written() -> None:
    rule = destination_rule("ledger", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", host=HOST)
    cluster = one(config_of("discovery", entry(BOTH), rule), CLUSTER, NAME, cluster_pb2.Cluster)
    tls = tls_pb2.UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(tls)
    names = tls.common_tls_context.combined_validation_context.default_validation_context.match_subject_alt_names
    assert [name.exact for name in names] == ["spiffe://cluster.local/ns/echo-grpc/sa/ledger"]


@pytest.mark.parametrize("resolution", ["DNS", "DNS_ROUND_ROBIN"])
def test_by_dns_it_has_no_endpoints(resolution: str) -> None:
    """And says so: istiod leaves the cluster's endpoints to Envoy, and gRPC asks for them in vain."""
    text = entry("[{address: ledger.example.com}]", resolution)
    assert sent(text) == {}
    reasons = [note.reason for note in read_text(text, "x").notes]
    assert "every call to it fails" in reasons[-1]


def test_an_address_that_is_no_ip_is_left_out() -> None:
    text = entry("[{address: ledger.internal}, {address: '2001:db8::1'}]")
    assert list(sent(text)) == ["2001:db8::1:7070"]
    (note,) = read_text(text, "x").notes
    assert note.reason == "endpoint 'ledger.internal' is dropped: istiod sends gRPC no address that is not an IP"


def test_a_service_goes_before_an_entry_of_its_name_however_old() -> None:
    """And where neither is Kubernetes', the older one (istio, appendSidecarServices)."""
    old = entry("[{address: 192.0.2.9}]").replace(HOST, FQDN).replace("name: ledger,", OLD)
    config = config_of("discovery", old)
    message = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    found = {end.endpoint.address.socket_address.address for group in message.endpoints for end in group.lb_endpoints}
    assert found == {"127.0.1.11", "127.0.1.12"}
    (reason,) = [note.reason for note in unresolved(config)]
    assert reason == f"Service echo-grpc/echo is called {FQDN} before it: this one is not used"
    two = config_of("discovery", entry("[]"), entry("[{address: 192.0.2.9}]").replace("name: ledger,", OLD))
    message = one(two, ENDPOINTS, NAME, endpoint_pb2.ClusterLoadAssignment)
    assert len(message.endpoints) == 1


def test_a_name_that_only_another_namespace_has_is_taken_from_there() -> None:
    mine, other = entry("[{address: 192.0.2.1}]"), entry("[{address: 192.0.2.2}]").replace("echo-grpc", "other")
    assert list(sent(other)) == ["192.0.2.2:7070"]
    assert list(sent(other, NAME, mine)) == ["192.0.2.1:7070"]


OLD = 'name: ledger-old, creationTimestamp: "2026-01-01T00:00:00Z",'
PORTS = "{number: 1, name: a, targetPort: 9}, {number: 2, name: b, targetPort: 9}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (entry("[]").replace(f"[{HOST}]", "[a, b]"), "one host"),
        (entry(BOTH).replace("location", "workloadSelector: {labels: {a: b}}, location"), "either endpoints or"),
        (entry("[{address: 192.0.2.1, ports: {a: 7}}]", ports=PORTS), "one port behind each target port"),
        (entry("[{address: 192.0.2.1, weight: -1}]"), "weight must be a whole number"),
        (entry("[]", "DYNAMIC_DNS"), "resolution must be one of"),
        (entry("[{ip: 192.0.2.1}]"), "an endpoint has no field 'ip'"),
    ],
)
def test_what_is_not_known_is_refused(text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        read_text(text, "x.yaml")


@pytest.mark.mesh
@pytest.mark.asyncio(loop_scope="session")
async def test_a_real_client_calls_what_is_listed(lab: Lab) -> None:
    """Here the plain port of a pod, as if it were outside the mesh."""
    address, _, port = lab.mesh.pods["echo-v2"].admin.rpartition(":")
    text = entry(f"[{{address: {address}, ports: {{grpc: {port}}}}}]")
    await lab.apply(service=lab.SERVICE, ledger=text)
    await lab.until_works(url=f"xds:///{HOST}:7070")
    (output,) = await lab.forward(url=f"xds:///{HOST}:7070")
    lines = output.splitlines()
    assert "[0 body] ServicePort=17171" in lines
    assert "[0 body] ServiceVersion=v2" in lines
