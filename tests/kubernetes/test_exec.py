"""Commands in a container of the double: what they write, and each way in which they come to nothing."""

from __future__ import annotations

import pytest

from meshtui.model.errors import BadAnswer, MeshtuiError
from meshtui.sources.kubernetes.exec import (
    LARGEST_OUTPUT,
    ExecFailed,
    ExecFailure,
    ExecResult,
    PodContainer,
    run_command,
)
from meshtui.sources.kubernetes.pod_server import PodReplaced
from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Held, Ran
from tests.kubernetes.double.pods import proxyless, waiting
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import Says, plain
from tests.kubernetes.pod_server import NAMESPACE, asking
from tests.waiting import PATIENCE_S

PATH = "/etc/some.json"


def an_exec(asked: Asked) -> bool:
    return asked.subresource == "exec"


async def cat(
    double: Double,
    *paths: str,
    pod: str = "echo-v1",
    container: str = "app",
    user: str = "full",
    read_only: bool = False,
    timeout: float = PATIENCE_S,
    largest: int = LARGEST_OUTPUT,
    uid: str = "",
) -> ExecResult:
    place = PodContainer(NAMESPACE, pod, container, uid)
    async with asking(double, user) as api:
        command = ["cat", *(paths or (PATH,))]
        return await run_command(api, place, command, read_only=read_only, timeout=timeout, largest=largest)


async def failure(
    double: Double,
    *,
    user: str = "full",
    read_only: bool = False,
    timeout: float = PATIENCE_S,
    largest: int = LARGEST_OUTPUT,
) -> ExecFailed:
    with pytest.raises(ExecFailed) as caught:
        await cat(double, user=user, read_only=read_only, timeout=timeout, largest=largest)
    return caught.value


@pytest.mark.parametrize("size", [0, 1, 32 * 1024, 32 * 1024 + 1, LARGEST_OUTPUT])
async def test_what_it_writes_comes_whole(double: Double, size: int) -> None:
    contents = bytes(range(256)) * (size // 256) + bytes(size % 256)
    double.cluster.files[NAMESPACE, "echo-v1", "app", PATH] = contents
    assert await cat(double) == ExecResult(contents, "", 0)
    assert double.verbs() == {("get", "pods/exec")}


async def test_it_complains_and_fails(double: Double) -> None:
    result = await cat(double, "/nope")
    assert result.output == b""
    assert result.code == 1
    assert "'/nope': No such file or directory" in result.complaints


async def test_more_than_is_taken(double: Double) -> None:
    double.cluster.files[NAMESPACE, "echo-v1", "app", PATH] = bytes(2_000)
    failed = await failure(double, largest=1_999)
    assert failed.failure is ExecFailure.TOO_LARGE
    assert "more than 2.0 KiB" in failed.what


async def test_a_container_without_programs(double: Double) -> None:
    double.cluster.distroless.add((NAMESPACE, "echo-v1", "app"))
    failed = await failure(double)
    assert failed.failure is ExecFailure.NO_PROGRAM
    assert failed.what == "Container app has no cat: its image may hold nothing but the app (distroless)."
    assert "executable file not found in $PATH" in failed.said


@pytest.mark.parametrize("code", [126, 127])
async def test_a_runtime_that_says_so_by_the_exit_code(double: Double, code: int) -> None:
    double.cluster.programs["cat"] = lambda _: Ran(code=code)
    assert (await failure(double)).failure is ExecFailure.NO_PROGRAM


@pytest.mark.parametrize("old", [False, True])
async def test_a_container_that_does_not_run(double: Double, old: bool) -> None:
    document = proxyless("echo-v1")
    document["status"]["containerStatuses"][0] = waiting("app", "CrashLoopBackOff")
    double.cluster.store.put(document)
    double.cluster.old_nodes = old
    failed = await failure(double)
    assert failed.failure is ExecFailure.NOT_RUNNING
    assert failed.what == "Container app does not run."


@pytest.mark.parametrize("user", ["forward", "forward-get", "readonly"])
async def test_a_missing_right_and_its_rule(double: Double, user: str) -> None:
    failed = await failure(double, user=user)
    assert failed.failure is ExecFailure.FORBIDDEN
    assert 'resources: ["pods/exec"]' in failed.hint
    assert "create" in failed.hint


async def test_read_only_sends_nothing(double: Double) -> None:
    failed = await failure(double, read_only=True)
    assert failed.failure is ExecFailure.READ_ONLY
    assert double.cluster.log == []


async def test_too_late(double: Double) -> None:
    held = Held()
    double.cluster.instead(held, an_exec)
    try:
        failed = await failure(double, timeout=0.01)
    finally:
        held.release()
    assert failed.failure is ExecFailure.TOO_LATE


async def test_cut_before_its_end(double: Double) -> None:
    def cut(_: list[str]) -> Ran:
        for live in double.server.streams.of_pod(NAMESPACE, "echo-v1"):
            assert live.request.transport is not None
            live.request.transport.close()
        return Ran(b"never comes")

    double.cluster.programs["cat"] = cut
    failed = await failure(double)
    assert failed.failure is ExecFailure.CUT
    assert failed.what == "The connection was cut before cat in container app ended."


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Says(403, b"", None), BadAnswer, "none of exec's protocols"),
        (plain(500, "what the kubelet says"), MeshtuiError, "what the kubelet says"),
    ],
)
async def test_other_refusals_stay_what_they_are(
    double: Double, answer: Says, error: type[MeshtuiError], said: str
) -> None:
    double.cluster.instead(answer, an_exec)
    with pytest.raises(error, match=said):
        await cat(double)


async def test_a_container_that_is_not_there(double: Double) -> None:
    with pytest.raises(MeshtuiError, match="container nope is not valid for pod echo-v1"):
        await cat(double, container="nope")


async def test_never_in_another_pod_of_the_same_name(double: Double) -> None:
    with pytest.raises(PodReplaced):
        await cat(double, uid="another")
