"""The demo mesh behind a double: its pods under their own names, as a cluster would show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.pods import BOOTSTRAP, CERTIFICATES, namespace, proxyless
from tests.kubernetes.double.running import Double, running_double
from tests.meshes import RunningMesh

NAMESPACE = "echo-grpc"

PORTS = {"admin": 17171, "agent": 15020, "echo": 17070}
"""Container ports by the names under which the mesh says where they are."""


def cluster_of(mesh: RunningMesh) -> Cluster:
    """A cluster with the mesh's pods, ports and files."""
    cluster = Cluster()
    cluster.store.put(namespace(NAMESPACE))
    for name, pod in mesh.pods.items():
        app, _, version = name.partition("-")
        document = proxyless(name, version=version or "v1", app=app)
        cluster.store.put(document)
        put_pod(cluster, name, pod)
    return cluster


def put_pod(cluster: Cluster, name: str, pod: dict[str, Any], *, where: str = NAMESPACE) -> None:
    """Let the ports and files of a demo pod be those of the pod ``name``."""
    for key, port in PORTS.items():
        if pod.get(key):
            cluster.targets[where, name, port] = pod[key].removeprefix("http://")
    certificates, bootstrap = Path(pod["certs"]), Path(pod["bootstrap"])
    cluster.files[where, name, "*", BOOTSTRAP] = lambda: _bootstrap(bootstrap, certificates)
    for file in ("cert-chain.pem", "root-cert.pem"):
        cluster.files[where, name, "*", f"{CERTIFICATES}/{file}"] = certificates / file


def _bootstrap(file: Path, certificates: Path) -> bytes:
    """The bootstrap as it is in a pod: with the paths of a pod instead of the demo's folder."""
    text = file.read_text().replace(str(certificates), CERTIFICATES)
    return text.replace(f"{file.parent}/", f"{Path(BOOTSTRAP).parent}/").encode()


@contextmanager
def double_of(mesh: RunningMesh) -> Iterator[Double]:
    """A double in front of the mesh for the length of the block."""
    with running_double(cluster_of(mesh)) as double:
        yield double
