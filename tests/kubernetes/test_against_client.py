"""The double against Kubernetes' own Python client, ``kubernetes.aio``, which reads every answer into typed models."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.pods import BOOTSTRAP, proxyless
from tests.kubernetes.double.running import Double, running_double
from tests.kubernetes.recorded import recorded, recorded_cluster
from tests.loopback import hung_up
from tests.waiting import until

HERE = "echo-grpc"


@pytest.fixture
def real() -> Iterator[Double]:
    with running_double(recorded_cluster()) as double:
        yield double


@asynccontextmanager
async def core(double: Double, token: str = "full", *, streams: bool = False) -> AsyncIterator[Any]:
    """``CoreV1Api`` of the double; with ``streams`` one that opens websockets."""
    from kubernetes.aio import client
    from kubernetes.aio.stream import WsApiClient

    config: Any = importlib.import_module("kubernetes.aio.config")  # it has no types
    settings = client.Configuration()
    await config.load_kube_config(config_file=str(double.kubeconfig(token)), client_configuration=settings)
    async with hung_up(double.url), (WsApiClient if streams else client.ApiClient)(settings) as api:
        yield client.CoreV1Api(api)


async def test_every_pod_is_read_in_pages(real: Double) -> None:
    names: list[str] = []
    following = None
    async with core(real) as api:
        while following != "":
            page = await api.list_namespaced_pod(HERE, limit=7, _continue=following)
            names += [pod.metadata.name for pod in page.items]
            following = page.metadata.var_continue or ""
    documents = [one["metadata"] for one in recorded()["objects"] if one["kind"] == "Pod"]
    assert names == sorted(one["name"] for one in documents if one["namespace"] == HERE)


async def test_other_kinds_are_read(real: Double) -> None:
    async with core(real) as api:
        services = await api.list_namespaced_service(HERE)
        namespaces = await api.list_namespace()
    assert [service.metadata.name for service in services.items] == ["echo", "headless"]
    assert HERE in [one.metadata.name for one in namespaces.items]


async def test_a_watch_tells_what_changes(real: Double) -> None:
    watch: Any = importlib.import_module("kubernetes.aio.watch")  # it has no types
    seen: list[tuple[str, str]] = []
    async with core(real) as api:
        version = (await api.list_namespaced_pod(HERE)).metadata.resource_version
        real.cluster.store.put(proxyless("new"))
        real.cluster.store.change(PODS, HERE, "new", lambda pod: pod["metadata"]["labels"].update(more="x"))
        real.cluster.store.delete(PODS, HERE, "new")
        async with watch.Watch().stream(api.list_namespaced_pod, HERE, resource_version=version) as events:
            async for event in events:
                seen.append((event["type"], event["object"].metadata.name))
                if len(seen) == 3:
                    break
    assert seen == [("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "new")]
    await until(lambda: real.watches() == 0)


@pytest.mark.parametrize(
    ("token", "name", "status", "words"),
    [
        ("full", "nope", 404, 'pods \\"nope\\" not found'),
        ("nothing", "echo-v1", 403, 'cannot get resource \\"pods\\"'),
        ("wrong", "echo-v1", 401, "Unauthorized"),
    ],
)
async def test_a_refusal_is_its_error(real: Double, token: str, name: str, status: int, words: str) -> None:
    from kubernetes.aio.client.exceptions import ApiException

    async with core(real, token) as api:
        with pytest.raises(ApiException) as caught:
            await api.read_namespaced_pod(name, HERE)
    assert caught.value.status == status
    assert words in str(caught.value.body)


async def test_a_file_is_read_by_exec(real: Double) -> None:
    async with core(real, streams=True) as api:
        said = await api.connect_get_namespaced_pod_exec(
            "echo-v1", HERE, command=["cat", BOOTSTRAP, "/nope"], container="app", stdout=True, stderr=True
        )
    # The client writes both channels one after the other.
    assert "xds_servers" in said
    assert said.endswith("cat: can't open '/nope': No such file or directory\n")


async def test_a_log_is_read_to_its_tail(real: Double) -> None:
    real.cluster.logs[HERE, "echo-v1", "app"] = ["one", "two", "three"]
    async with core(real) as api:
        assert await api.read_namespaced_pod_log("echo-v1", HERE, container="app", tail_lines=2) == "two\nthree\n"
