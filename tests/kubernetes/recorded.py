"""What was recorded of a real API server, and a cluster of the double that holds the same."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from tests.kubernetes.double.access import READ, USERS, Rule, User
from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.pods import BOOTSTRAP
from tests.kubernetes.kubectl_cases import RECORDED

_ISTIO: Final = ("networking.istio.io", "security.istio.io")

FULL: Final = User(
    USERS["full"].name,
    (
        Rule(READ, ("pods", "namespaces", "services", "pods/log")),
        Rule(("get", "create"), ("pods/portforward", "pods/exec")),
        Rule(READ, ("endpointslices",), "discovery.k8s.io"),
        *(Rule(READ, ("*",), group) for group in _ISTIO),
    ),
)
"""The rights of ``full`` in the cluster that was recorded."""


@cache
def recorded() -> dict[str, Any]:
    """The recording; nobody changes it."""
    document: dict[str, Any] = json.loads(RECORDED.read_text())
    return document


def recorded_cluster() -> Cluster:
    """The cluster that was recorded."""
    cluster = Cluster(users={**USERS, "full": FULL})
    for document in recorded()["objects"]:
        cluster.store.put(document)
    cluster.files["*", "*", "*", BOOTSTRAP] = recorded()["bootstrap"].encode()
    cluster.distroless.add(("echo-grpc", "distroless", "*"))
    return cluster
