"""A cluster for pictures: the demo mesh's pods among others as a cluster has them, behind the double."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from meshtui.model.kubernetes.access import AccessLadder
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.session.kubernetes.picker import PodPicker
from meshtui.session.workspace import Workspace
from meshtui.targets import NOBODY, open_pods, open_session
from meshtui.targets.access import access_of
from meshtui.tui.app import MeshtuiApp
from tests.kubernetes.double.access import Rule, User
from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.mesh import NAMESPACE, put_pod
from tests.kubernetes.double.pods import container, namespace, pod, proxyless, running, waiting
from tests.kubernetes.double.running import Double, running_double
from tests.meshes import RunningMesh, headless_mesh
from tests.world.logs import SAID

MESH = {
    "client": "client-6d9c5f7b8d-4kx2p",
    "echo-v1": "echo-v1-7cf5b76586-bgn6t",
    "echo-v2": "echo-v2-5b9fd6c4c7-q8zln",
}
"""The mesh's pods by the names that a Deployment would give them."""

TARGET = f"pod/{MESH['client']} -n {NAMESPACE} --context prod-eu"

JANE = User(
    "jane",
    (
        Rule(("get", "list", "watch"), ("pods", "namespaces")),
        Rule(("get", "create"), ("pods/portforward",)),
        Rule(("get",), ("services",)),
        Rule(("get", "list"), ("*",), "apps"),
    ),
)
"""Somebody with the rights of most who read: nothing is run in a pod, and no log is read."""


@contextmanager
def pictured_cluster() -> Iterator[Double]:
    """The cluster with its mesh for the length of the block; ``KUBECONFIG`` names its kubeconfig."""
    before = os.environ.get("KUBECONFIG")
    with headless_mesh("canary") as mesh, running_double(_cluster(mesh)) as double:
        path = double.kubeconfig("jane")
        path.write_text(path.read_text().replace("current-context: test", "current-context: prod-eu"))
        path.write_text(path.read_text().replace("name: test\n", "name: prod-eu\n"))
        os.environ["KUBECONFIG"] = str(path)
        try:
            yield double
        finally:
            if before is None:
                del os.environ["KUBECONFIG"]
            else:
                os.environ["KUBECONFIG"] = before


def let_read_the_log(double: Double) -> None:
    """Grant the one right, and let the agent have written something in the last minutes."""
    double.cluster.users["jane"] = replace(JANE, rules=(*JANE.rules, Rule(("get",), ("pods/log",))))
    now = datetime.now(UTC)
    for number, said in enumerate(SAID):
        at = (now - timedelta(seconds=17 * (len(SAID) - number))).isoformat()
        double.cluster.logs.setdefault((NAMESPACE, MESH["client"], "istio-proxy"), []).append(f"{at} {at}\t{said}")


def app(target: str | None = None) -> MeshtuiApp:
    """The program as it is started without a target, or with one."""
    options = TargetOptions()

    async def access(line: str) -> AccessLadder | None:
        return await access_of(line, options, NOBODY)

    return MeshtuiApp(
        Workspace(lambda line: open_session(line, options)),
        target=target,
        open_picker=lambda: PodPicker(lambda cluster: open_pods(cluster, options.timeout), ClusterOptions()),
        ask_access=access,
        cluster_known=True,
    )


def _cluster(mesh: RunningMesh) -> Cluster:
    cluster = Cluster()
    cluster.users["jane"] = JANE
    for name in (NAMESPACE, "payments", "istio-system"):
        cluster.store.put(namespace(name))
    for name, known in mesh.pods.items():
        app, _, version = name.partition("-")
        age, node = timedelta(days=3, hours=4), "ip-10-0-31-7"
        cluster.store.put(_aged(proxyless(MESH[name], version=version or "v1", app=app, node=node), age))
        put_pod(cluster, MESH[name], known)
    for document in _others():
        cluster.store.put(document)
    return cluster


def _others() -> Iterator[dict[str, Any]]:
    """Pods that do not do well, and some that are not proxyless."""
    crashing = proxyless("echo-v2-5b9fd6c4c7-x2mkd", version="v2", node="ip-10-0-47-19")
    last = {"exitCode": 1, "reason": "Error", "finishedAt": _at(timedelta(minutes=2))}
    crashed = waiting("app", "CrashLoopBackOff", restarts=7, last=last)
    crashing["status"]["containerStatuses"] = [crashed, running("istio-proxy")]
    yield _aged(_unready(crashing), timedelta(minutes=26))
    pulling = proxyless("echo-v3-66d4f8b9f5-7hhtw", version="v3", node="ip-10-0-47-19")
    pulling["status"]["containerStatuses"] = [waiting("app", "ImagePullBackOff"), running("istio-proxy")]
    yield _aged(_unready(pulling), timedelta(minutes=4))
    unscheduled = proxyless("echo-v3-66d4f8b9f5-9sqzd", version="v3", node="", phase="Pending")
    yield _aged(unscheduled, timedelta(minutes=4))
    job = proxyless("load-test-28914-tz6wr", version="v1", app="load-test", node="ip-10-0-31-7", phase="Succeeded")
    yield _aged(job, timedelta(hours=9))
    envoy = [container("web"), container("istio-proxy", [("http-envoy-prom", 15090)])]
    yield _aged(pod("web-7f8d6c9b5-lm4vt", labels={"app": "web"}, containers=envoy, node="ip-10-0-31-7"), _WEEK)
    for name in ("redis-0", "redis-1"):
        yield _aged(pod(name, labels={"app": "redis"}, node="ip-10-0-47-19"), _WEEK)


_WEEK = timedelta(days=8)


def _unready(document: dict[str, Any]) -> dict[str, Any]:
    for condition in document["status"]["conditions"]:
        condition["status"] = "False" if condition["type"] != "PodScheduled" else "True"
    return document


def _aged(document: dict[str, Any], age: timedelta) -> dict[str, Any]:
    document["metadata"]["creationTimestamp"] = _at(age)
    return document


def _at(ago: timedelta) -> str:
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
