"""Services of the type ExternalName: another name of a Service (istio 1.29.1 ``pilot/pkg/model/push_context.go``,
resolveServiceAliases; ``pilot/pkg/networking/core/httproute.go``, generateVirtualHostDomains)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.services import NO_ADDRESS
from meshtui.demo.xds.generate import CLUSTER, ENDPOINTS, LISTENER, ROUTE, generate, identify
from tests.demo.generated import ALL, FQDN, NODE, config_of, destination_rule, one, virtual_service
from tests.demo.test_sidecar import by_port

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

ALIAS = FQDN.replace("echo", "other", 1)
GREETER = FQDN.replace("echo", "greeter", 1)


def alias(name: str, of: str, ports: str = "[{port: 7070}]") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: echo-grpc}}
spec: {{type: ExternalName, externalName: {of}, ports: {ports}}}
"""


def domains(config: MeshConfig) -> dict[str, list[str]]:
    """By virtual host, those without a port."""
    table = one(config, ROUTE, ALL, route_pb2.RouteConfiguration)
    return {host.name: [name for name in host.domains if ":" not in name] for host in table.virtual_hosts}


def reasons(config: MeshConfig) -> list[str]:
    return [note.reason for note in unresolved(config)]


def test_it_is_another_name_of_the_service_and_has_no_virtual_host() -> None:
    config = config_of("discovery", alias("other", FQDN))
    listener = one(config, LISTENER, f"{ALIAS}:7070", listener_pb2.Listener)
    assert listener.address.socket_address.address == NO_ADDRESS
    found = domains(config)
    assert set(found) == {f"{FQDN}:7070", f"{GREETER}:7070"}
    names = found[f"{FQDN}:7070"]
    short = ["other", "other.echo-grpc.svc", "other.echo-grpc"]
    assert names[5:10] == [ALIAS, f"{ALIAS}.", *short], "after its own names, before its address"
    assert names[0] == FQDN
    assert reasons(config) == []


def test_an_alias_of_an_alias_is_one_of_the_service() -> None:
    third = ALIAS.replace("other", "third")
    config = config_of("discovery", alias("other", FQDN), alias("third", ALIAS))
    assert {ALIAS, third} < set(domains(config)[f"{FQDN}:7070"])
    circle = config_of("discovery", alias("other", third), alias("third", ALIAS))
    assert not {ALIAS, third} & {name for names in domains(circle).values() for name in names}
    assert len([reason for reason in reasons(circle) if "finds no virtual host" in reason]) == 2


def test_what_is_not_in_the_mesh_has_a_listener_and_no_virtual_host() -> None:
    config = config_of("discovery", alias("other", "example.com"))
    assert one(config, LISTENER, f"{ALIAS}:7070", listener_pb2.Listener).name == f"{ALIAS}:7070"
    assert ALIAS not in {name for names in domains(config).values() for name in names}
    (reason,) = reasons(config)
    assert reason.startswith("it stands for example.com, which is no Service that its clients are told of")
    assert reason.endswith(": who calls it finds no virtual host")


def test_a_route_that_leads_to_it_leads_to_the_service() -> None:
    """With the subsets of the Service's rules, and one step only (istio, GetDestinationCluster)."""
    subsets = "subsets: [{name: v1, labels: {version: v1}}]"
    route = virtual_service(f"[{{route: [{{destination: {{host: {ALIAS}, subset: v1}}}}]}}]")
    config = config_of("discovery", alias("other", FQDN), route, destination_rule("echo", subsets))
    table = one(config, ROUTE, ALL, route_pb2.RouteConfiguration)
    assert table.virtual_hosts[0].routes[0].route.cluster == f"outbound|7070|v1|{FQDN}"
    assert reasons(config) == []
    away = config_of("discovery", alias("other", "example.com"), route)
    assert "no Service is called example.com: its share of calls fails" in reasons(away)


def test_its_own_virtual_service_makes_a_virtual_host_of_its_own() -> None:
    route = virtual_service("[{route: [{destination: {host: greeter}}]}]", "own").replace(FQDN, ALIAS)
    found = domains(config_of("discovery", alias("other", FQDN), route))
    assert found[f"{ALIAS}:7070"][0] == ALIAS
    assert ALIAS not in found[f"{FQDN}:7070"]
    assert NO_ADDRESS not in found[f"{ALIAS}:7070"]


def test_without_ports_nobody_finds_a_listener() -> None:
    config = config_of("discovery", alias("other", FQDN, "[]"))
    client = identify(config, NODE, "echo-grpc")
    assert generate(config, client, LISTENER, [f"{ALIAS}:7070"]) == []
    assert ALIAS in domains(config)[f"{FQDN}:7070"]


def test_a_sidecar_that_does_not_name_it_hides_its_names() -> None:
    config = config_of("discovery", alias("other", FQDN), by_port(f"{{hosts: ['./{FQDN}']}}"))
    assert ALIAS not in domains(config)[f"{FQDN}:7070"]


def test_its_own_cluster_has_no_endpoints() -> None:
    """Nothing leads to it; it is there for who asks."""
    config = config_of("discovery", alias("other", FQDN))
    name = f"outbound|7070||{ALIAS}"
    assert len(generate(config, identify(config, NODE, "echo-grpc"), CLUSTER, [name])) == 1
    assert not one(config, ENDPOINTS, name, endpoint_pb2.ClusterLoadAssignment).endpoints


@pytest.mark.mesh
@pytest.mark.asyncio(loop_scope="session")
async def test_a_real_client_calls_by_it(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, alias=alias("other", FQDN), nowhere=alias("nowhere", "example.com"))
    await lab.until_works(url=f"xds:///{ALIAS}:7070")
    (output,) = await lab.forward(url=f"xds:///{ALIAS}:7070")
    assert f"[0 body] Host={ALIAS}:7070" in output.splitlines()
    error = await lab.failure(url=f"xds:///{ALIAS.replace('other', 'nowhere')}:7070")
    assert "could not find VirtualHost" in (error.details() or "")
