"""The picker over a real API server's protocol: what it lists, what it is refused, and that it asks no more."""

from __future__ import annotations

from collections.abc import Callable

from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.session.kubernetes.picker import PodPicker
from meshtui.session.kubernetes.pod_book import Phase
from meshtui.sources.kubernetes.cluster_pods import ClusterPods
from tests.kubernetes.double.pods import proxyless
from tests.kubernetes.double.running import Double
from tests.waiting import PATIENCE_S, until


def picking(double: Double, token: str = "full", **kubeconfig: str) -> PodPicker:
    options = ClusterOptions(kubeconfig=str(double.kubeconfig(token, **kubeconfig)))
    picker = PodPicker(opener(), options)
    picker.start()
    return picker


def opener() -> Callable[[ClusterOptions], ClusterPods]:
    return lambda cluster: ClusterPods(cluster, PATIENCE_S)


def names(picker: PodPicker) -> set[str]:
    return {row.name for row in picker.state.book.pods.values()}


async def test_pods_namespaces_and_rights_by_reading_alone(double: Double) -> None:
    picker = picking(double)
    await until(lambda: picker.state.book.phase is Phase.LIVE and picker.state.access and picker.state.namespaces)
    assert names(picker) == {"echo-v1", "echo-v2"}
    assert picker.state.namespaces == ("echo-grpc",)
    assert picker.state.context_name == "test"
    assert picker.place.context == "test"
    assert all(row.mesh.is_proxyless and row.reach.possible for row in picker.state.book.pods.values())
    double.cluster.store.put(proxyless("echo-v3"))
    await until(lambda: "echo-v3" in names(picker))
    await picker.close()
    assert {verb for verb, _ in double.verbs()} <= {"get", "list", "watch", "create"}
    assert {resource for verb, resource in double.verbs() if verb == "create"} == {"selfsubjectaccessreviews"}


async def test_a_user_without_rights_keeps_the_kubeconfig_and_learns_what_is_missing(double: Double) -> None:
    picker = picking(double, "nothing")
    await until(lambda: picker.state.book.phase is Phase.TROUBLED and picker.state.access is not None)
    await until(lambda: picker.state.namespaces_problem is not None)
    problem, access = picker.state.book.problem, picker.state.access
    assert problem is not None
    assert 'cannot list resource "pods"' in problem.what
    assert access is not None
    assert "portforward" in access.paste
    await picker.close()


async def test_a_server_that_is_gone_is_said_and_its_return_is_seen(double: Double) -> None:
    picker = picking(double)
    await until(lambda: picker.state.book.phase is Phase.LIVE)
    double.stop()
    await until(lambda: picker.state.book.phase is Phase.TROUBLED)
    assert names(picker) == {"echo-v1", "echo-v2"}
    double.start_again()
    picker.again()
    await until(lambda: picker.state.book.phase is Phase.LIVE)
    await picker.close()


async def test_a_namespace_that_is_no_name_is_not_the_kubeconfigs_fault(double: Double) -> None:
    options = ClusterOptions(kubeconfig=str(double.kubeconfig("full")), namespace="Bad_Name")
    picker = PodPicker(opener(), options)
    picker.start()
    await until(lambda: picker.state.book.phase is Phase.FAILED and picker.state.namespaces)
    problem = picker.state.book.problem
    assert problem is not None
    assert "is no name of a namespace" in problem.what
    assert picker.state.namespace == "Bad_Name"  # the title names it, and not the kubeconfig
    picker.use_namespace("echo-grpc")
    await until(lambda: names(picker) == {"echo-v1", "echo-v2"})
    await picker.close()
