"""Login plugins, run for real: what they are told and given, how they fail, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin
from meshtui.model.kubernetes.login_answer import LoginAnswer
from meshtui.sources.kubernetes.failures import LoginFailed
from meshtui.sources.kubernetes.plugin import run_plugin
from tests.processes import runs
from tests.waiting import PATIENCE_S, until

V1 = "client.authentication.k8s.io/v1"
TOKEN = f'{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"t"}}}}'
CLUSTER = Cluster(
    server="https://c:6443", certificate_authority_data=b"PEM", tls_server_name="n", exec_config={"audience": "a"}
)


def script(tmp_path: Path, text: str) -> ExecPlugin:
    """A plugin that is a shell script."""
    path = tmp_path / "login"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return ExecPlugin(command=str(path))


async def run(plugin: ExecPlugin, said: list[str] | None = None, timeout: float = PATIENCE_S) -> LoginAnswer:
    heard = said if said is not None else []
    return await run_plugin(
        plugin, CLUSTER, {"PATH": os.environ["PATH"]}, interactive=False, says=heard.append, timeout=timeout
    )


async def test_it_is_told_what_kubectl_tells_and_has_no_stdin(tmp_path: Path) -> None:
    plain = script(
        tmp_path,
        f'cat > {tmp_path}/stdin; echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info; echo "$A $1" > {tmp_path}/given\n'
        f"echo '{TOKEN}'",
    )
    plugin = replace(plain, arguments=("b c",), environment=(("A", "a"),), provide_cluster_info=True)
    assert await run(plugin) == LoginAnswer(token="t")
    assert (tmp_path / "stdin").read_bytes() == b""
    assert (tmp_path / "given").read_text() == "a b c\n"
    assert json.loads((tmp_path / "info").read_text()) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://c:6443",
                "tls-server-name": "n",
                "certificate-authority-data": "UEVN",
                "config": {"audience": "a"},
            },
        },
    }


async def test_its_cluster_is_told_only_where_the_kubeconfig_says_so(tmp_path: Path) -> None:
    await run(script(tmp_path, f"echo \"$KUBERNETES_EXEC_INFO\" > {tmp_path}/info; echo '{TOKEN}'"))
    assert json.loads((tmp_path / "info").read_text())["spec"] == {"interactive": False}


async def test_it_has_no_terminal_to_ask_at(tmp_path: Path) -> None:
    plugin = script(tmp_path, f"if (: < /dev/tty) 2>/dev/null; then exit 9; fi; echo '{TOKEN}'")
    assert (await run(plugin)).token == "t"


async def test_a_bare_name_is_looked_for_in_path(tmp_path: Path) -> None:
    script(tmp_path, f"echo '{TOKEN}'")
    plugin = ExecPlugin(command="login", environment=(("PATH", f"{tmp_path}:{os.environ['PATH']}"),))
    assert (await run(plugin)).token == "t"


async def test_one_that_is_not_there_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(LoginFailed, match="login-nowhere is not installed: there is none in PATH") as raised:
        await run(ExecPlugin(command="login-nowhere", install_hint="Get it\nfrom \x1b[31mhere."))
    assert raised.value.hint == "Get it from ␛[31mhere."
    with pytest.raises(LoginFailed, match="is not installed: there is none") as raised:
        await run(ExecPlugin(command=str(tmp_path / "nope")))
    assert "Install it" in raised.value.hint


async def test_one_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    below = f"{script(tmp_path, 'exit 0').command}/below"
    plugin = ExecPlugin(command=below)
    with pytest.raises(LoginFailed, match="cannot be run"):
        await run(plugin)


async def test_its_own_words_are_in_the_failure_and_told_as_they_come(tmp_path: Path) -> None:
    said: list[str] = []
    plugin = script(tmp_path, "echo one >&2; printf 'Pass\\033[31mcode: ' >&2; echo s3cret; exit 255")
    with pytest.raises(LoginFailed) as raised:
        await run(plugin, said)
    assert "failed with exit code 255: one Pass␛[31mcode:." in raised.value.what
    assert "s3cret" not in str(raised.value)
    assert said == ["one", "Pass␛[31mcode:"]


async def test_a_killed_one_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(LoginFailed, match="failed by SIGKILL"):
        await run(script(tmp_path, "kill -9 $$"))


async def test_what_is_no_answer_is_said_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(LoginFailed, match="gave no credentials: what it wrote is no JSON: beware"):
        await run(script(tmp_path, "echo beware >&2; echo s3cret"))


async def test_a_flood_does_not_hold_it_up(tmp_path: Path) -> None:
    plugin = script(tmp_path, "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 3")
    with pytest.raises(LoginFailed, match="exit code 3"):
        await run(plugin)


def alive(path: Path) -> bool:
    return runs(int(path.read_text()))


def gone(path: Path) -> bool:
    return not alive(path)


async def test_one_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    plugin = script(tmp_path, f"echo wait >&2; sleep 600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/self; wait")
    with pytest.raises(LoginFailed, match=r"did not end within 0\.5 s"):
        await run(plugin, timeout=0.5)
    if (tmp_path / "self").exists():  # a busy machine may not have come so far
        await until(lambda: not alive(tmp_path / "self"), "the plugin's end")
        await until(lambda: not alive(tmp_path / "child"), "its child's end")


async def test_one_that_does_not_listen_is_ended_too_when_nobody_waits_any_more(tmp_path: Path) -> None:
    plugin = script(tmp_path, f"trap '' TERM; echo $$ > {tmp_path}/pid; mv {tmp_path}/pid {tmp_path}/self; sleep 600")
    running = asyncio.ensure_future(run(plugin))
    await until((tmp_path / "self").exists, "the plugin")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not alive(tmp_path / "self"), "the plugin's end")


def stand_still_until(path: Path, lines: int) -> None:
    """Hold the loop up, as a busy machine does, until so many lines are there."""
    for _ in range(int(PATIENCE_S * 100)):
        if path.exists() and len(path.read_text().splitlines()) >= lines:
            return
        time.sleep(0.01)
    raise AssertionError("the plugin never started")


async def test_cancelled_while_it_starts_it_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children, really = tmp_path / "children", asyncio.create_subprocess_exec
    plugin = script(tmp_path, f"sleep 600 & echo $! >> {children}; wait")
    begun = asyncio.Event()

    def begin(*arguments: Any, **options: Any) -> Any:
        begun.set()
        return really(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begin)
    for turns in range(8):
        begun.clear()
        running = asyncio.ensure_future(run(plugin))
        await begun.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns:  # without one the process has not begun
            stand_still_until(children, turns)
        running.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({running})
        assert running.cancelled()
    for number, pid in enumerate(children.read_text().split()):
        (tmp_path / f"child-{number}").write_text(pid)
        await until(partial(gone, tmp_path / f"child-{number}"), "the end of what the plugin started")


async def test_a_helper_that_it_leaves_behind_is_left_in_peace(tmp_path: Path) -> None:
    plugin = script(tmp_path, f"sleep 600 >/dev/null 2>&1 & echo $! > {tmp_path}/child; echo '{TOKEN}'")
    assert (await run(plugin)).token == "t"
    assert alive(tmp_path / "child")
    os.kill(int((tmp_path / "child").read_text()), 9)


async def test_a_helper_that_keeps_its_output_open_holds_nobody_up(tmp_path: Path) -> None:
    plugin = script(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; echo '{TOKEN}'")
    assert (await run(plugin)).token == "t"
    await until(lambda: not alive(tmp_path / "child"), "the helper's end")
