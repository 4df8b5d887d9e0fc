"""From what was typed to a pod, against the double: each kind, who may not read what, and what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.model.kubernetes.reference import parse_reference
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.resolve import NoPod, resolve
from meshtui.sources.kubernetes.resolved import Resolved
from tests.kubernetes.asked import api_of
from tests.kubernetes.double.pods import pod, proxyless
from tests.kubernetes.double.running import Double

Document = dict[str, Any]


def object_of(kind: str, name: str, spec: Document, *, api: str = "apps/v1", **metadata: Any) -> Document:
    head = {"name": name, "namespace": "echo-grpc", "uid": f"uid-of-{name}", **metadata}
    return {"apiVersion": api, "kind": kind, "metadata": head, "spec": spec}


def owner(kind: str, name: str) -> list[Document]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-of-{name}", "controller": True}]


def made_by(kind: str, name: str, pod_name: str, created: str = "", **more: Any) -> Document:
    labels = {"pod-template-hash": name.rpartition("-")[2]} if kind == "ReplicaSet" else {}
    metadata: Document = {"creationTimestamp": created} if created else {}
    return proxyless(pod_name, app="shop", labels=labels, ownerReferences=owner(kind, name), **metadata, **more)


SELECTS = {"selector": {"matchLabels": {"app": "shop"}}}


@pytest.fixture
def shop(double: Double) -> Double:
    """A Deployment ``shop`` in the middle of a rollout, and a pod of another with the same labels."""
    put = double.cluster.store.put
    put(object_of("Deployment", "shop", SELECTS))
    put(
        object_of(
            "ReplicaSet", "shop-aaa", SELECTS, labels={"app": "shop"}, ownerReferences=owner("Deployment", "shop")
        )
    )
    put(
        object_of(
            "ReplicaSet", "shop-bbb", SELECTS, labels={"app": "shop"}, ownerReferences=owner("Deployment", "shop")
        )
    )
    put(made_by("ReplicaSet", "shop-aaa", "shop-aaa-1", "2026-11-22T10:00:00Z"))
    put(made_by("ReplicaSet", "shop-bbb", "shop-bbb-1", "2026-11-22T11:00:00Z"))
    put(made_by("ReplicaSet", "shop-bbb", "shop-bbb-2", "2026-11-22T12:00:00Z", phase="Pending"))
    put(made_by("ReplicaSet", "stranger-ccc", "stranger-ccc-1", "2026-11-22T13:00:00Z"))
    return double


async def resolved(double: Double, typed: str, token: str = "full") -> Resolved:
    reference = parse_reference(typed) if "/" in typed else parse_reference("", selector=typed)
    assert reference is not None
    async with api_of(double, token) as api:
        return await resolve(api, "echo-grpc", reference)


async def test_a_named_pod_is_asked_for_and_nothing_else(double: Double) -> None:
    found = await resolved(double, "pod/echo-v1", "getonly")
    assert (found.words, found.pod is not None and found.pod.name) == ("pod/echo-v1", "echo-v1")
    assert [(asked.verb, asked.full_resource) for asked in double.cluster.log] == [("get", "pods")]


@pytest.mark.parametrize("token", ["full", "onens"])
async def test_a_deployment_means_its_newest_ready_pod(shop: Double, token: str) -> None:
    found = await resolved(shop, "deploy/shop", token)  # onens may read neither Deployments nor ReplicaSets
    assert found.words == "pod/shop-bbb-1, the newest ready of 3 pods of deployment/shop"


async def test_a_replica_set_means_its_own_pods(shop: Double) -> None:
    assert (await resolved(shop, "rs/shop-aaa")).words == "pod/shop-aaa-1, the only pod of replicaset/shop-aaa"


@pytest.mark.parametrize(
    ("kind", "typed", "api"),
    [("StatefulSet", "sts", "apps/v1"), ("DaemonSet", "ds", "apps/v1"), ("Job", "job", "batch/v1")],
)
@pytest.mark.parametrize("token", ["full", "onens"])
async def test_other_controllers(double: Double, kind: str, typed: str, api: str, token: str) -> None:
    double.cluster.store.put(object_of(kind, "one", SELECTS, api=api))
    double.cluster.store.put(made_by(kind, "one", "one-0"))
    double.cluster.store.put(made_by(kind, "two", "two-0"))
    assert (await resolved(double, f"{typed}/one", token)).name == "one-0"


def service(**spec: Any) -> Document:
    return object_of("Service", "shop", spec, api="v1")


async def test_a_service_means_a_pod_it_selects_and_its_ports_lead_into_it(shop: Double) -> None:
    ports = [{"port": 80, "targetPort": "grpc"}, {"port": 81}, {"port": 53, "protocol": "UDP"}]
    ports += [{"port": 82, "targetPort": "none"}]
    shop.cluster.store.put(service(selector={"app": "shop"}, ports=ports))
    found = await resolved(shop, "svc/shop")
    assert found.pod is not None
    assert found.name == "stranger-ccc-1"
    assert [(port.number, port.in_pod(found.pod)) for port in found.ports] == [(80, 17070), (81, 81), (82, None)]


async def test_a_service_without_a_selector_means_what_its_slices_name(double: Double) -> None:
    double.cluster.store.put(service(ports=[{"port": 80}]))
    slices: Document = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "s", "namespace": "echo-grpc", "labels": {"kubernetes.io/service-name": "shop"}},
        "endpoints": [{"addresses": ["10.0.0.9"], "targetRef": {"kind": "Pod", "name": "echo-v2"}}, {"addresses": []}],
    }
    double.cluster.store.put(slices)
    assert (await resolved(double, "svc/shop")).words == "pod/echo-v2, the only pod of service/shop"


async def test_a_service_outside_of_the_cluster_has_no_pods(double: Double) -> None:
    double.cluster.store.put(service(type="ExternalName", externalName="example.com"))
    with pytest.raises(NoPod, match=r"service/shop stands for example\.com"):
        await resolved(double, "svc/shop")


async def test_proxyless_pods_are_meant_before_others(double: Double) -> None:
    double.cluster.store.put(pod("newer", labels={"app": "echo"}, creationTimestamp="2026-11-23T00:00:00Z"))
    found = await resolved(double, "app=echo")
    assert found.words == "pod/echo-v1, the newest ready proxyless of 3 pods with -l app=echo"


@pytest.mark.parametrize("typed", ["pod/nope", "deploy/nope", "svc/nope", "job/nope"])
async def test_what_is_not_there_is_said_with_its_place(double: Double, typed: str) -> None:
    with pytest.raises(NoPod, match=r"There is no .*/nope in namespace echo-grpc of context test"):
        await resolved(double, typed)


async def test_what_has_no_pods_is_said(double: Double) -> None:
    double.cluster.store.put(object_of("Deployment", "idle", {"selector": {"matchLabels": {"app": "idle"}}}))
    with pytest.raises(NoPod, match="deployment/idle has no pods"):
        await resolved(double, "deploy/idle")
    with pytest.raises(NoPod, match=r"No pod in namespace echo-grpc .* matches -l app=idle"):
        await resolved(double, "app=idle")


@pytest.mark.parametrize(
    ("typed", "token", "rule"),
    [
        ("deploy/shop", "getonly", '{apiGroups: [""], resources: ["pods"], verbs: ["list"]}'),  # enough by itself
        ("svc/shop", "onens", '{apiGroups: [""], resources: ["services"], verbs: ["get"]}'),
        ("app=shop", "getonly", '{apiGroups: [""], resources: ["pods"], verbs: ["list"]}'),
    ],
)
async def test_a_refusal_comes_with_the_rule(shop: Double, typed: str, token: str, rule: str) -> None:
    with pytest.raises(ApiRefused) as caught:
        await resolved(shop, typed, token)
    assert rule in caught.value.hint
    assert caught.value.code == 403


async def test_a_pod_that_may_not_be_read_is_tried_all_the_same(double: Double) -> None:
    found = await resolved(double, "pod/echo-v1", "nothing")
    assert (found.pod, found.name) == (None, "echo-v1")
    assert '{apiGroups: [""], resources: ["pods"], verbs: ["get"]}' in found.unseen


@pytest.mark.parametrize("typed", ["pod/echo-v1", "deploy/shop", "app=echo"])
async def test_who_is_not_logged_in_is_offered_no_rule(double: Double, typed: str) -> None:
    with pytest.raises(ApiRefused, match="not logged in") as caught:
        await resolved(double, typed, "")
    assert "Role" not in caught.value.hint
