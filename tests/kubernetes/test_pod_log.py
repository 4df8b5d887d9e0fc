"""The logs of a pod as a session reads them, against the double."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.access import roles_yaml
from meshtui.model.kubernetes.log_lines import LogLine
from meshtui.model.kubernetes.log_pod import LogForbidden, OtherPod, place_after
from meshtui.model.kubernetes.reference import ClusterOptions, Kind, Reference
from meshtui.model.target import TargetOptions
from meshtui.sources.kubernetes.pod_log import PodLog
from meshtui.targets import NOBODY
from meshtui.targets.reach import resolved
from tests.kubernetes.double.access import Rule, User
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.pods import proxyless
from tests.kubernetes.double.running import Double
from tests.waiting import PATIENCE_S

KEY = ("echo-grpc", "echo-v1", "istio-proxy")


def said(second: int, text: str) -> str:
    return f"2026-11-28T18:44:{second:02}.123456789Z 2026-11-28T18:44:{second:02}.12Z\tinfo\txdsproxy\t{text}"


@asynccontextmanager
async def log_of(double: Double, token: str = "full", name: str = "echo-v1") -> AsyncIterator[PodLog]:
    options = TargetOptions(cluster=ClusterOptions(kubeconfig=str(double.kubeconfig(token))), timeout=PATIENCE_S)
    log = PodLog(lambda: resolved(Reference(Kind.POD, name), options, NOBODY))
    try:
        yield log
    finally:
        await log.close()


async def test_nothing_is_asked_before_it_is_wanted(double: Double) -> None:
    async with log_of(double):
        pass
    assert double.cluster.log == []


async def test_the_pod_and_its_log(double: Double) -> None:
    lines = double.cluster.logs[KEY] = [said(1, "one"), said(1, "two")]
    async with log_of(double) as log:
        pod = await log.pod()
        assert (pod.words, pod.agent, pod.state) == ("pod/echo-v1 (echo-grpc)", "istio-proxy", "Running")
        assert [each.name for each in pod.containers] == ["istio-proxy", "app"]
        async with aclosing(log.follow("istio-proxy", None)) as batches:
            first = await anext(batches)
        assert [line.text for line in first] == ["one", "two"]
        lines.append(said(1, "three, of the same moment"))
        async with aclosing(log.follow("istio-proxy", place_after(None, first))) as batches:
            assert [line.text for line in await anext(batches)] == ["three, of the same moment"]
    assert {verb for verb, _ in double.verbs()} == {"get"}


async def test_the_process_before(double: Double) -> None:
    double.cluster.previous_logs[KEY] = [said(1, "before")]
    async with log_of(double) as log:
        assert [line.text for line in await log.previous("istio-proxy")] == ["before"]
        with pytest.raises(TargetUnreachable, match='previous terminated container "app" in pod "echo-v1"') as none:
            await log.previous("app")
    assert none.value.hint.startswith("The container was not restarted")


async def test_the_right_that_lacks_is_a_value(double: Double) -> None:
    async with log_of(double, "readonly") as log:
        with pytest.raises(LogForbidden) as refused:
            await anext(log.follow("istio-proxy", None))
        with pytest.raises(LogForbidden):
            await log.previous("istio-proxy")
    lacking = refused.value.lacking
    assert lacking.right is not None
    assert 'resources: ["pods/log"]' in roles_yaml((lacking.right,), lacking.namespace)


async def test_who_may_read_the_log_alone(double: Double) -> None:
    double.cluster.users["reader"] = User("reader", (Rule(("get",), ("pods/log",)),))
    double.cluster.logs[KEY] = [said(1, "one")]
    async with log_of(double, "reader") as log:
        pod = await log.pod()
        assert (pod.containers, pod.agent) == ((), "istio-proxy")
        assert len(await anext(log.follow(pod.agent, None))) == 1


async def test_a_pod_that_is_gone_and_one_of_its_name(double: Double) -> None:
    async with log_of(double) as log:
        await log.pod()
        double.cluster.store.delete(PODS, "echo-grpc", "echo-v1")
        with pytest.raises(TargetUnreachable, match="is gone"):
            await log.pod()
        double.cluster.store.put(proxyless("echo-v1"))
        with pytest.raises(OtherPod):
            await log.pod()


async def test_whatever_bytes_a_program_writes(double: Double) -> None:
    double.cluster.logs[KEY] = [
        said(1, "bad \udcff\udcfe bytes"),
        said(2, "x" * (1 << 20)),
        said(3, "\x1b[2J\x07[@click=app.quit]"),
    ]
    async with log_of(double) as log:
        read: list[LogLine] = []
        async with aclosing(log.follow("istio-proxy", None)) as batches:
            while len(read) < 3:
                read += await anext(batches)
    assert read[0].text == "bad �� bytes"
    assert (read[1].cut, len(read[1].text) < 5_000) == (True, True)
    assert read[2].text == "␛[2J␇[@click=app.quit]"
