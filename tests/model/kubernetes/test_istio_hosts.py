"""Which of Istio's objects name the host of a resource."""

from __future__ import annotations

import pytest

from meshtui.model.kubernetes.istio import DestinationRule, IstioObjects, Sidecar, Subset, VirtualService
from meshtui.model.kubernetes.istio_hosts import host_of, naming
from meshtui.model.kubernetes.objects import ObjectName
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, ResourceKey
from meshtui.present.istio_section import istio_section

HOST = "echo.echo-grpc.svc.cluster.local"
KEY = ResourceKey("", CDS, f"outbound|7070|v1|{HOST}")


def virtual(host: str, *, at: str = "echo-grpc", gateways: tuple[str, ...] = ()) -> VirtualService:
    return VirtualService(
        name=ObjectName("VirtualService", at, "echo"), version="v1", hosts=("other", host), gateways=gateways
    )


@pytest.mark.parametrize(
    ("kind", "name", "host"),
    [
        (LDS, f"{HOST}:7070", HOST),
        (RDS, f"outbound|7070||{HOST}", HOST),
        (CDS, KEY.name, HOST),
        (EDS, KEY.name, HOST),
        (LDS, "xds.istio.io/grpc/lds/inbound/[::]:17070", ""),
        (CDS, "inbound|7070||", ""),
        (CDS, "plain", ""),
    ],
)
def test_the_host_of_a_resource(kind: str, name: str, host: str) -> None:
    assert host_of(ResourceKey("", kind, name)) == host


@pytest.mark.parametrize(
    ("written", "at", "names"),
    [
        ("echo", "echo-grpc", True),
        ("echo", "shop", False),
        (HOST, "shop", True),
        ("*", "shop", True),
        ("*.echo-grpc.svc.cluster.local", "shop", True),
        ("*.shop.svc.cluster.local", "shop", False),
        ("echo.echo-grpc", "echo-grpc", False),  # Istio completes no name that has a dot
        ("", "echo-grpc", False),
    ],
)
def test_a_host_as_it_is_written(written: str, at: str, names: bool) -> None:
    objects = IstioObjects(objects=(virtual(written, at=at),))
    assert bool(naming(objects, HOST)) is names


def test_what_is_for_gateways_alone_names_no_host_of_the_mesh() -> None:
    assert not naming(IstioObjects(objects=(virtual("echo", gateways=("shop/edge",)),)), HOST)
    assert naming(IstioObjects(objects=(virtual("echo", gateways=("shop/edge", "mesh")),)), HOST)


def test_the_section_names_each_with_what_it_has() -> None:
    rule = DestinationRule(
        name=ObjectName("DestinationRule", "echo-grpc", "split"),
        version="v1beta1",
        host="echo",
        subsets=(Subset(name="v1"),),
    )
    sidecar = Sidecar(name=ObjectName("Sidecar", "echo-grpc", "default"))
    section = istio_section(KEY, IstioObjects(objects=(rule, sidecar, virtual("echo"))))
    assert section is not None
    assert [(fact.label, fact.value) for fact in section.facts] == [
        ("DestinationRule", "split in echo-grpc (v1beta1): subsets v1"),
        ("VirtualService", "echo in echo-grpc (v1): 0 HTTP routes"),
    ]
    assert istio_section(KEY, IstioObjects()) is None
    assert istio_section(KEY, None) is None
