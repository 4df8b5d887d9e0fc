"""A session over a pod hears from the cluster: of endpoints that lead nowhere, of versions, of the pod's events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.model.timeline import EventKind
from meshtui.session.session import Session
from meshtui.session.state import Fact, SessionState
from meshtui.targets import open_session
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.running import Double
from tests.kubernetes.mesh_objects import NAMESPACE, endpoint, endpoint_slice, istio, service
from tests.meshes import RunningMesh
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.mesh


@asynccontextmanager
async def attached(double: Double, token: str = "full") -> AsyncIterator[Session]:
    cluster = ClusterOptions(kubeconfig=str(double.kubeconfig(token)))
    session = open_session("pod/client", TargetOptions(cluster=cluster), interval=0.2)
    session.start()
    try:
        yield session
    finally:
        await session.stop()


async def until(session: Session, holds: Callable[[SessionState], object]) -> SessionState:
    async with asyncio.timeout(PATIENCE_S):
        while not holds(session.state):
            await asyncio.sleep(0.02)
    return session.state


def ip(mesh: RunningMesh, pod: str) -> str:
    """Where the demo's echo server of a pod listens, as the endpoints have it."""
    address = mesh.pods[pod]["echo"]
    assert isinstance(address, str)
    return address.rpartition(":")[0]


def put_service(double: Double, mesh: RunningMesh, *, ending: str = "") -> None:
    """The Service echo, its slice and its pods at their true addresses; one of them is ending for a minute."""
    store = double.cluster.store

    def edit(pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        pod["status"] |= {"podIP": ip(mesh, name), "podIPs": [{"ip": ip(mesh, name)}]}
        for key in ("deletionTimestamp", "deletionGracePeriodSeconds"):
            pod["metadata"].pop(key, None)
        if name == ending:
            asked = datetime.now(UTC) - timedelta(minutes=1)
            pod["metadata"] |= {
                "deletionTimestamp": (asked + timedelta(seconds=600)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "deletionGracePeriodSeconds": 600,
            }

    for name in ("echo-v1", "echo-v2"):
        store.change(PODS, NAMESPACE, name, edit)
    store.put(service())
    store.put(
        endpoint_slice(endpoint(ip(mesh, name), name, terminating=name == ending) for name in ("echo-v1", "echo-v2"))
    )


async def test_a_pod_that_is_ending_and_still_gets_calls(shifted_mesh: RunningMesh, cluster_of_mesh: Double) -> None:
    put_service(cluster_of_mesh, shifted_mesh, ending="echo-v2")
    async with attached(cluster_of_mesh) as session:
        state = await until(session, lambda state: any(each.code == "endpoint-pod-ending" for each in state.findings))
        finding = next(each for each in state.findings if each.code == "endpoint-pod-ending")
        assert finding.title == "Calls to echo.echo-grpc still go to pod echo-v2, which is ending"
        assert "EndpointSlice echo-5fm2t" in finding.explanation
        # the version labels are known for the split
        assert state.behind is not None
        assert set(state.behind.versions.values()) == {"v1", "v2"}
        # it is mended: the finding goes
        put_service(cluster_of_mesh, shifted_mesh)
        await until(session, lambda state: not any(each.code.startswith("endpoint-pod") for each in state.findings))
    assert {verb for verb, _ in cluster_of_mesh.verbs()} <= {"get", "list", "watch", "create"}


async def test_a_pod_that_is_gone_and_still_gets_calls(shifted_mesh: RunningMesh, cluster_of_mesh: Double) -> None:
    put_service(cluster_of_mesh, shifted_mesh)
    store = cluster_of_mesh.cluster.store
    async with attached(cluster_of_mesh) as session:
        await until(session, lambda state: state.behind is not None and len(state.behind.versions) == 2)
        store.delete(PODS, NAMESPACE, "echo-v2")
        store.put(endpoint_slice([endpoint(ip(shifted_mesh, "echo-v1"), "echo-v1")]))
        state = await until(session, lambda state: any(each.code == "endpoint-pod-gone" for each in state.findings))
        finding = next(each for each in state.findings if each.code == "endpoint-pod-gone")
        assert "pod echo-v2" in finding.title
        assert "(EndpointSlice echo-5fm2t)" in finding.evidence[0]


async def test_istio_s_objects_of_the_services(shifted_mesh: RunningMesh, cluster_of_mesh: Double) -> None:
    put_service(cluster_of_mesh, shifted_mesh)
    cluster_of_mesh.cluster.store.put(istio("VirtualService", "echo", {"hosts": ["echo"], "http": [{}]}))
    async with attached(cluster_of_mesh) as session:
        state = await until(session, lambda state: state.istio is not None)
        assert state.istio is not None
        assert [found.name.words for found in state.istio.objects] == ["VirtualService echo in echo-grpc"]
        assert Fact.ISTIO not in {missing.fact for missing in state.missing}
    async with attached(cluster_of_mesh, "forward") as session:
        state = await until(session, lambda state: Fact.ISTIO in {missing.fact for missing in state.missing})
        lost = next(missing for missing in state.missing if missing.fact is Fact.ISTIO)
        assert re.fullmatch(r"You may not list \d+ kinds of them in echo-grpc\.", lost.why)


async def test_a_cluster_in_order_has_no_findings(shifted_mesh: RunningMesh, cluster_of_mesh: Double) -> None:
    put_service(cluster_of_mesh, shifted_mesh)
    async with attached(cluster_of_mesh) as session:
        state = await until(session, lambda state: state.behind is not None)
        assert [finding.code for finding in state.findings if finding.code.startswith("endpoint")] == []


async def test_events_of_the_pod_and_rights_that_lack(cluster_of_mesh: Double) -> None:
    client = cluster_of_mesh.cluster.store.get(PODS, NAMESPACE, "client")
    assert client is not None
    cluster_of_mesh.cluster.store.put(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "client.1", "namespace": NAMESPACE},
            "involvedObject": {
                "kind": "Pod",
                "name": "client",
                "namespace": NAMESPACE,
                "uid": client["metadata"]["uid"],
            },
            "reason": "Unhealthy",
            "message": "Readiness probe failed",
            "type": "Warning",
            "lastTimestamp": "2026-11-22T11:00:00Z",
        }
    )
    async with attached(cluster_of_mesh) as session:
        state = await until(session, lambda state: state.pod_events)
        assert "Unhealthy: Readiness probe failed" in [
            event.text for event in state.events if event.kind is EventKind.POD
        ]
    # somebody who may read pods and forward, and nothing else
    async with attached(cluster_of_mesh, "forward") as session:
        state = await until(session, lambda state: len([f for f in state.missing if f.fact in LACKING]) == 2)
        why = {fact.fact: fact.why for fact in state.missing}
        assert why[Fact.POD_EVENTS] == "You may not list events in echo-grpc."
        assert "list endpointslices.discovery.k8s.io" in why[Fact.CLUSTER]
        assert state.snapshot is not None  # and everything else is there


LACKING = (Fact.CLUSTER, Fact.POD_EVENTS)
