"""A process with the double of an API server: one pod that answers CSDS, and thousands beside it, until stdin ends."""

from __future__ import annotations

import sys

from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.pods import container, namespace, pod, proxyless
from tests.kubernetes.double.running import running_double
from tests.kubernetes.double.store import Document

MANY = "many"
"""The namespace of the pods that are listed."""


def _one_of_many(number: int) -> Document:
    """Every fourth is proxyless, the rest have Envoy or nothing, as in a cluster that came to Istio step by step."""
    app, name = f"service-{number // 10:03}", f"service-{number // 10:03}-7d9f8b6c5-{number:05}"
    if number % 4 == 0:
        return proxyless(name, app=app, where=MANY)
    containers = [container("app", [("http", 8080)])]
    if number % 4 != 2:
        containers.append(container("istio-proxy", [("metrics", 15020)], ISTIO_META_MESH_ID="cluster.local"))
    return pod(name, where=MANY, labels={"app": app, "version": "v1"}, containers=containers)


def main() -> None:
    """Serve, say where the kubeconfig is, and wait."""
    cluster = Cluster()
    for name in ("echo-grpc", MANY):
        cluster.store.put(namespace(name))
    cluster.store.put(proxyless("echo-v1"))
    cluster.targets["echo-grpc", "echo-v1", 17171] = sys.argv[2]
    for number in range(int(sys.argv[1])):
        cluster.store.put(_one_of_many(number))
    with running_double(cluster) as double:
        sys.stdout.write(f"{double.kubeconfig()}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
