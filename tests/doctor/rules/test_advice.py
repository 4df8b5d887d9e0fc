"""What to do, by who makes the config: Istio's objects are no advice to a client of Traffic Director or of others."""

from __future__ import annotations

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.doctor.explain.catalogue import IN_A_CALL
from meshtui.doctor.explain.known_error import KnownError
from meshtui.doctor.explain.refusals.catalogue import REFUSALS
from meshtui.model.control_plane_kind import ControlPlaneKind, kind_by_client, kind_by_name
from meshtui.model.finding import Finding
from meshtui.model.xds.config import ClusterLoadAssignment
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, ErrorState, Resource, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from tests.world.clock import NOW
from tests.world.config import cluster, resource, routes

OF_ISTIO = (
    "DestinationRule", "VirtualService", "EnvoyFilter", "PeerAuthentication", "AuthorizationPolicy", "ServiceEntry",
    "WorkloadEntry", "RequestAuthentication", "istio",
)  # fmt: skip
"""What is in advice that holds on Istio alone."""

GOOGLE_ID = "projects/1234/networks/default/nodes/52fdfc07-2182-454f-963f-5f0f9a621d72"
CLUSTER = "cloud-internal-istio:cloud_mp_1234_5678"
INBOUND = "grpc/server?xds.resource.listening_address=0.0.0.0:50051"


def seen(*resources: Resource, node: str = GOOGLE_ID, uris: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    found = {each.key: each for each in resources}
    snapshot = Snapshot(taken_at=NOW, node=NodeIdentity(id=node, user_agent="gRPC Go"), resources=found)
    evidence = ConfigEvidence(now=NOW, snapshot=snapshot, graph=build(snapshot), server_uris=uris)
    return diagnose(Evidence(config=evidence))


def missing(type_: str, name: str) -> Resource:
    return resource(type_, name, None, status=Status.DOES_NOT_EXIST)


def refused(type_: str, name: str, details: str) -> Resource:
    return resource(type_, name, None, status=Status.NACKED, error=ErrorState("7", details, NOW))


@pytest.mark.parametrize(
    ("type_", "name", "words"),
    [
        (LDS, "wallet.grpcwallet.io", "GRPCRoute"),
        (LDS, INBOUND, "endpoint policy"),
        (RDS, "URL_MAP/1234_map_0_wallet", "URL map"),
        (CDS, CLUSTER, "backend service"),
        (EDS, CLUSTER, "network endpoint groups"),
    ],
)
def test_what_traffic_director_makes_a_resource_from(type_: str, name: str, words: str) -> None:
    """Google's pages on proxyless gRPC: the listener of a name comes from the host rules, the port from the forwarding
    rule; names of resources as in gRFC A75 and grpc's interop tests.
    """
    (found,) = seen(missing(type_, name))
    assert words in found.fix
    assert found.fix.startswith("Traffic Director makes it from")


def test_what_another_control_plane_has_is_its_own_affair() -> None:
    (found,) = seen(missing(LDS, "echo:7070"), node="test-id")
    assert found.fix == "see that the control plane has a listener of exactly this name for the node id of this client"


def test_a_resource_says_by_its_name_who_makes_it() -> None:
    """gRFC A47: one client may have several control planes."""
    names = ("xdstp://traffic-director-global.xds.googleapis.com/envoy.config.listener.v3.Listener/1/m/a", "b.c:1")
    of_google, of_istio = sorted(
        seen(*(missing(LDS, name) for name in names), node="sidecar~10.0.0.7~a.b~b.svc.cluster.local"),
        key=lambda finding: "istiod" in finding.fix,
    )
    assert "Traffic Director makes it" in of_google.fix
    assert "istiod makes it" in of_istio.fix


def test_a_port_of_no_service_is_no_listener_of_the_server() -> None:
    """istiod makes no inbound listener for a port that is no Service's targetPort (``grpcgen/lds.go``)."""
    (found,) = seen(missing(LDS, "xds.istio.io/grpc/lds/inbound/0.0.0.0:17070"), node="")
    assert "targetPort" in found.fix


def test_no_advice_for_traffic_director_names_istios_objects() -> None:
    """Whatever is found in such a config: refused, empty, waited for."""
    broken = refused(CDS, "refused", "unexpected lbPolicy MAGLEV in response")
    envoy = refused(LDS, INBOUND, "unsupported field 'listener_filters'")
    empty = ClusterLoadAssignment(CLUSTER, ())
    for node, uris in ((GOOGLE_ID, ()), ("", ("trafficdirector.googleapis.com:443",)), ("test-id", ())):
        found = seen(
            broken,
            envoy,
            missing(RDS, "routes"),
            resource(RDS, "table", routes()),
            resource(CDS, CLUSTER, cluster(CLUSTER)),
            resource(EDS, CLUSTER, empty),
            node=node,
            uris=uris,
        )
        assert len(found) >= 4
        for finding in found:
            assert not [word for word in OF_ISTIO if word in finding.fix], finding


@pytest.mark.parametrize(
    ("node", "uris", "names", "kind"),
    [
        (GOOGLE_ID, (), ("outbound|1||a",), ControlPlaneKind.GOOGLE),
        ("", ("dns:///trafficdirector.googleapis.com:443",), (), ControlPlaneKind.GOOGLE),
        ("sidecar~10.0.0.7~a.b~b.svc.cluster.local", ("unix:///etc/istio/proxy/XDS",), (), ControlPlaneKind.ISTIO),
        ("", (), ("a.b:1", "outbound|1||a"), ControlPlaneKind.ISTIO),
        ("", (), ("a.b:1", CLUSTER), ControlPlaneKind.GOOGLE),
        ("test-id", ("localhost:18000",), ("a.b:1",), ControlPlaneKind.OTHER),
    ],
)
def test_who_the_control_plane_is(
    node: str, uris: tuple[str, ...], names: tuple[str, ...], kind: ControlPlaneKind
) -> None:
    assert kind_by_client(node, uris, names) is kind


def test_a_name_that_is_nobodys() -> None:
    assert kind_by_name("echo.echo-grpc.svc.cluster.local:7070") is None
    assert kind_by_name("xdstp://example.com/envoy.config.listener.v3.Listener/a") is None


@pytest.mark.parametrize("known", [*IN_A_CALL, *REFUSALS], ids=lambda known: known.code)
def test_a_way_out_that_names_istios_objects_is_marked(known: KnownError) -> None:
    assert known.of_istio == any(word in known.fix for word in OF_ISTIO)
