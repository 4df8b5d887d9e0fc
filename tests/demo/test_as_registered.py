"""What the demo reads from manifests beside what a real istiod had in its registry (``/debug/*``, 2080 applied)."""

from __future__ import annotations

import json
from typing import Any

import yaml
from envoy.config.endpoint.v3 import endpoint_pb2

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.manifests import in_force, read_text
from meshtui.demo.xds.generate import ENDPOINTS, Client, generate
from tests.demo.test_as_istiod import CAPTURES, CREATED, FQDN, SHIFTED, WORKLOADS, config_of, fields, sent


def said(name: str) -> Any:
    return json.loads((CAPTURES / f"istiod-{name}.json").read_text())


def registered() -> MeshConfig:
    """The mesh of the objects that istiod says it has."""
    text = yaml.safe_dump_all(said("debug-configz"))
    objects = read_text(text, "configz").objects
    return in_force(objects, {object_.origin.identity: CREATED for object_ in objects}, WORKLOADS)


def test_the_objects_it_has_make_what_it_sent() -> None:
    """Read from its own list of them, for the pod it was connected to."""
    config = registered()
    client = Client("echo-grpc", WORKLOADS[0])
    resources = [*sent(said("config_dump-echo-v1")), *sent(said("edsz-echo-v1"))]
    assert len(resources) == 7
    for resource in resources:
        name = str(resource.get("name") or resource["clusterName"])
        (made,) = generate(config, client, resource["@type"], [name])
        assert fields(made) == resource
    assert said("edsz-echo-v2") == {}, "an app without a channel was sent no endpoints"


def test_services_and_their_ports() -> None:
    config = config_of(*SHIFTED)
    for told in said("debug-registryz"):
        service = config.service(told["hostname"])
        assert service is not None
        assert service.origin.namespace == told["Attributes"]["Namespace"]
        assert service.cluster_ip == told["defaultAddress"]
        assert dict(service.selector) == told["Attributes"]["LabelSelectors"]
        routed = {port["port"]: port["protocol"] in ("HTTP", "GRPC") for port in told["ports"]}
        assert {port.number: port.routed for port in service.ports} == routed


def test_which_pod_serves_which_port() -> None:
    """What an xDS server's listener is made by."""
    config = config_of(*SHIFTED)
    for pod, targets in said("debug-instancesz").items():
        (workload,) = (workload for workload in WORKLOADS if pod.startswith(f"{workload.name}-"))
        served = [
            (service.host, port.number, port.target)
            for service in config.services
            if workload in config.behind(service)
            for port in service.ports
        ]
        assert served == [
            (one["Service"]["hostname"], one["Port"]["port"], one["Port"]["TargetPort"]) for one in targets
        ]


def test_endpoints_of_every_port() -> None:
    config = config_of(*SHIFTED)
    (shards,) = (shards["Shards"].values() for host in said("debug-endpointz").values() for shards in host.values())
    told = [endpoint for shard in shards for endpoint in shard]
    assert {endpoint["LegacyClusterPortKey"] for endpoint in told} == {80, 7070, 9090}
    for port in (80, 7070, 9090):
        wanted = {
            (address, one["EndpointPort"], one["Locality"]["Label"], one["WorkloadName"], one["TLSMode"])
            for one in told
            if one["LegacyClusterPortKey"] == port
            for address in one["Addresses"]
        }
        assert made(config, port) == wanted


def made(config: MeshConfig, port: int) -> set[tuple[str, int, str, str, str]]:
    """The endpoints that the demo sends for a port."""
    name = f"outbound|{port}||{FQDN}"
    (packed,) = generate(config, Client("echo-grpc", WORKLOADS[0]), ENDPOINTS, [name])
    out = set()
    for group in endpoint_pb2.ClusterLoadAssignment.FromString(packed.value).endpoints:
        place = f"{group.locality.region}/{group.locality.zone}/{group.locality.sub_zone}"
        for end in group.lb_endpoints:
            address = end.endpoint.address.socket_address
            about = end.metadata.filter_metadata
            workload = str(about["istio"]["workload"]).partition(";")[0]
            mode = str(about["envoy.transport_socket_match"]["tlsMode"])
            out.add((address.address, address.port_value, place, workload, mode))
    return out
