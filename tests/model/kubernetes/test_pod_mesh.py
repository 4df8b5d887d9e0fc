"""What a pod's spec says of the mesh, of whether it can be reached, and of its admin port."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshtui.model.kubernetes.admin_ports import ANNOTATION, admin_ports
from meshtui.model.kubernetes.pod import Pod, pod_of
from meshtui.model.kubernetes.pod_mesh import MeshKind, mesh_of, revision_of, version_of
from meshtui.model.kubernetes.pod_reach import exec_in, forward_to

ROWS = json.loads((Path(__file__).parents[2] / "data" / "kubernetes" / "pods_table.json").read_text())["rows"]


def real(name: str) -> Pod:
    return pod_of(next(row["object"] for row in ROWS if row["cells"][0] == name))


@pytest.mark.parametrize("name", ["echo-v1", "native", "noports", "distroless", "sad-init", "unscheduled"])
def test_pods_of_the_grpc_template_are_proxyless(name: str) -> None:
    assert mesh_of(real(name)).is_proxyless


def test_an_envoy_sidecar_and_a_plain_pod_are_not() -> None:
    assert mesh_of(real("envoy")).kind is MeshKind.ENVOY
    assert mesh_of(real("plain")).kind is MeshKind.NO_SIGN


@pytest.mark.parametrize(
    ("containers", "annotations", "kind", "part"),
    [
        (
            [{"name": "a", "env": [{"name": "GRPC_XDS_BOOTSTRAP", "value": "/b"}]}],
            {},
            MeshKind.PROXYLESS,
            "container a",
        ),
        (
            [{"name": "a", "env": [{"name": "GRPC_XDS_BOOTSTRAP_CONFIG", "valueFrom": {}}]}],
            {},
            MeshKind.PROXYLESS,
            "CONFIG",
        ),
        (
            [{"name": "a"}, {"name": "istio-proxy", "env": [{"name": "GRPC_XDS_BOOTSTRAP", "value": "/b"}]}],
            {},
            MeshKind.ENVOY,
            "is an Envoy",
        ),
        ([{"name": "a"}], {"inject.istio.io/templates": "sidecar, grpc-agent"}, MeshKind.NOT_INJECTED, "grpc-agent"),
        ([{"name": "a", "envFrom": [{"configMapRef": {}}]}], {}, MeshKind.NO_SIGN, "envFrom gives container a"),
        ([], {"inject.istio.io/templates": "grpc-agent"}, MeshKind.NOT_INJECTED, "nothing was injected"),
        (
            [],
            {"inject.istio.io/templates": "grpc-agent", "sidecar.istio.io/status": "{}"},
            MeshKind.PROXYLESS,
            "grpc-agent",
        ),
        ([], {"sidecar.istio.io/status": '{"volumes": ["istio-xds"]}'}, MeshKind.PROXYLESS, "for gRPC"),
        ([], {"sidecar.istio.io/status": '{"volumes": ["istio-envoy", "istio-data"]}'}, MeshKind.ENVOY, "Envoy"),
        ([], {"sidecar.istio.io/status": "[" * 100_000}, MeshKind.NO_SIGN, "cannot be read"),
        ([], {}, MeshKind.NO_SIGN, "no annotation"),
    ],
)
def test_signs_of_the_mesh(containers: list[object], annotations: dict[str, str], kind: MeshKind, part: str) -> None:
    mesh = mesh_of(pod_of({"metadata": {"annotations": annotations}, "spec": {"containers": containers}}))
    assert mesh.kind is kind
    assert part in mesh.why


def test_version_and_revision() -> None:
    assert (version_of(real("echo-v2")), revision_of(real("echo-v2"))) == ("v2", "default")
    assert version_of(real("noports")) == ""
    assert version_of(pod_of({"metadata": {"labels": {"app.kubernetes.io/version": "3"}}})) == "3"


@pytest.mark.parametrize(
    ("name", "possible", "part"),
    [
        ("echo-v1", True, ""),
        ("sad-notready", True, ""),
        ("sad-crashloop", True, "its container app does not run: CrashLoopBackOff"),
        ("sad-imagepull", True, "ImagePullBackOff"),
        ("sad-pending", False, "runs no container yet (ContainerCreating"),
        ("sad-init", False, "runs no container yet (PodInitializing"),
        ("sad-completed", False, "has ended: none of its containers runs (Completed"),
        ("sad-failed", False, "has ended"),
        ("sad-evicted", False, "(ContainerStatusUnknown: Evicted: The node was low on resource: memory.)"),
        ("unscheduled", False, "has no node yet (Pending: "),
    ],
)
def test_whether_a_forward_can_work(name: str, possible: bool, part: str) -> None:
    reach = forward_to(real(name))
    assert reach.possible is possible
    assert part in reach.why
    assert bool(part) == bool(reach.why)
    assert reach.is_over is (name in {"sad-completed", "sad-failed", "sad-evicted"})


def test_exec_needs_the_container_to_run() -> None:
    crashing = real("sad-crashloop")
    assert exec_in(crashing, "istio-proxy").possible
    assert "CrashLoopBackOff" in exec_in(crashing, "app").why
    assert exec_in(crashing, "nope").why == "has no container nope, but app, istio-proxy"


def test_files_are_read_in_the_app_first() -> None:
    assert real("otherport").reading_order() == ("server", "istio-proxy")
    assert real("native").reading_order() == ("app", "istio-proxy")


def ports(pod: Pod) -> list[int]:
    return [each.port for each in admin_ports(pod).candidates]


def test_admin_ports_of_real_pods() -> None:
    assert ports(real("echo-v1")) == [17171]
    assert ports(real("noports")) == [17171]
    assert ports(real("otherport")) == [9999, 17171, 8080]


@pytest.mark.parametrize("written", ["9999", " 9999 "])
def test_the_annotation_decides(written: str) -> None:
    found = admin_ports(pod_of({"metadata": {"annotations": {ANNOTATION: written}}}))
    assert found.said
    assert [each.port for each in found.candidates] == [9999]
    assert [each.port for each in admin_ports(real("otherport"), typed=1).candidates] == [1]


@pytest.mark.parametrize("written", ["", "0", "65536", "admin", "-1", "٣", "9" * 5000, "17171\x1b[0m"])
def test_an_annotation_that_is_no_port_is_said(written: str) -> None:
    found = admin_ports(pod_of({"metadata": {"annotations": {ANNOTATION: written}}}))
    assert ANNOTATION in found.problem
    assert found.problem.isprintable()
    assert [each.port for each in found.candidates] == [17171]
