"""Fixtures around the double of the API server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.pods import namespace, proxyless
from tests.kubernetes.double.running import Double, running_double


@pytest.fixture
def double() -> Iterator[Double]:
    """Two proxyless pods in ``echo-grpc`` in which nothing listens; a test adds what it needs."""
    cluster = Cluster()
    cluster.store.put(namespace("echo-grpc"))
    cluster.store.put(proxyless("echo-v1"))
    cluster.store.put(proxyless("echo-v2", version="v2"))
    with running_double(cluster) as running:
        yield running
