"""When a login plugin is run again, and when it is lent the terminal: with a clock of the test's own."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin
from meshtui.model.kubernetes.login_prompt import ByHand, LoginPrompt
from meshtui.sources.kubernetes.failures import LoginFailed
from meshtui.sources.kubernetes.plugin_login import SILENT, USED_FOR, PluginLogin

V1 = "client.authentication.k8s.io/v1"
START = datetime(2026, 11, 28, tzinfo=UTC)


class World:
    """A plugin, a clock and a person."""

    def __init__(self, folder: Path, mode: str = "Never") -> None:
        self.folder = folder
        self.seconds = 0.0
        self.lends = True
        self.lent = 0
        self.over = 0
        self.prompt = LoginPrompt(lambda line: None, self._terminal, self._over, ByHand())
        plugin = ExecPlugin(command=str(folder / "login"), interactive_mode=mode)
        environ = {"PATH": os.environ["PATH"]}
        self.login = PluginLogin(
            plugin,
            Cluster(server="https://c"),
            environ,
            clock=lambda: START + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
        )

    def _over(self) -> None:
        self.over += 1

    @asynccontextmanager
    async def _terminal(self, needed: bool) -> AsyncIterator[bool]:
        self.lent += self.lends and needed
        yield self.lends and needed

    def does(self, shell: str) -> None:
        (self.folder / "next").write_text(f"#!/bin/sh\necho run >> {self.folder}/runs\n{shell}\n")
        (self.folder / "next").chmod(0o755)
        (self.folder / "next").rename(self.folder / "login")

    def gives(self, token: str, expires: float | None = None) -> None:
        status = {"token": token}
        if expires is not None:
            status["expirationTimestamp"] = (START + timedelta(seconds=expires)).isoformat()
        self.does(f"echo '{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', 'status': status})}'")

    @property
    def runs(self) -> int:
        path = self.folder / "runs"
        return len(path.read_text().splitlines()) if path.exists() else 0

    async def token(self) -> str:
        return (await self.login.answer(self.prompt)).token

    async def again_in(self) -> float | None:
        with pytest.raises(LoginFailed) as failed:
            await self.token()
        return failed.value.again_in

    async def fails(self) -> None:
        with pytest.raises(LoginFailed, match="exit code 3"):
            await self.token()


async def test_an_answer_holds_until_its_time_is_over(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.gives("a", expires=60)
    assert await world.token() == "a"
    world.gives("b", expires=120)
    world.seconds = 59
    assert await world.token() == "a"
    world.seconds = 60
    assert await world.token() == "b"
    assert world.runs == 2


async def test_an_answer_that_seems_to_be_over_when_it_comes_is_used_until_the_server_refuses_it(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.gives("a", expires=-3600)  # our clock is ahead by an hour and more
    for _ in range(3):
        assert await world.token() == "a"
    assert world.runs == 1
    world.gives("b", expires=-3600)
    assert await world.login.again(world.prompt, 1) is True
    assert await world.token() == "b"
    assert world.runs == 2
    world.seconds += USED_FOR
    await world.token()
    assert world.runs == 3


async def test_a_failure_is_repeated_for_longer_and_longer_until_a_run_works(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.does("exit 3")
    for wait in (2, 4, 8, 16, 30, 30):
        runs = world.runs
        await world.fails()
        world.seconds += wait - 0.1
        await world.fails()
        assert world.runs == runs + 1
        world.seconds += 0.1
    world.gives("a")
    assert await world.token() == "a"
    assert await world.login.again(SILENT, world.login.runs) is False
    world.does("exit 3")
    world.seconds += 2
    with pytest.raises(LoginFailed):
        await world.login.again(SILENT, world.login.runs)
    world.seconds += 2  # and not 30: it had worked
    runs = world.runs
    await world.fails()
    assert world.runs == runs + 1


async def test_an_answer_that_is_refused_is_asked_for_anew_and_the_same_one_not_again_at_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.gives("a")
    await world.token()
    assert await world.login.again(SILENT, 1) is False
    assert world.runs == 2
    assert await world.login.again(SILENT, 2) is False
    assert world.runs == 2
    world.gives("b")
    world.seconds = 2
    assert await world.login.again(SILENT, 2) is True
    assert await world.login.again(SILENT, 2) is True  # somebody else has renewed it since
    assert world.runs == 3


async def test_a_failure_says_when_it_is_run_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.does("exit 3")
    assert await world.again_in() == 2
    world.seconds += 1.5
    assert await world.again_in() == 0.5
    world.seconds += 0.5
    assert await world.again_in() == 4
    assert world.runs == 2


async def test_one_that_needs_the_terminal_is_run_again_only_by_hand(tmp_path: Path) -> None:
    world = World(tmp_path, "Always")
    world.does("exit 3")
    assert await world.again_in() == inf
    world.seconds += 100_000
    assert await world.again_in() == inf
    assert world.runs == 1
    world.prompt.by_hand.asked_at = world.seconds
    assert await world.again_in() == inf
    assert world.runs == 2


@pytest.mark.parametrize("mode", ["Never", "Always"])
async def test_a_try_by_hand_is_a_run_at_once(mode: str, tmp_path: Path) -> None:
    world = World(tmp_path, mode)
    world.does("exit 3")
    await world.fails()
    world.seconds += 1
    world.prompt.by_hand.asked_at = world.seconds
    await world.fails()
    await world.fails()  # one more run for each time it is asked
    assert world.runs == 2


async def test_an_answer_that_was_refused_twice_is_asked_for_by_hand(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.gives("a")
    await world.token()
    assert await world.login.again(world.prompt, 1) is False
    world.gives("b")
    assert await world.login.again(world.prompt, 2) is False
    world.seconds += 1
    world.prompt.by_hand.asked_at = world.seconds
    assert await world.login.again(world.prompt, 2) is True


async def test_what_it_said_without_the_terminal_is_not_lost_by_a_run_with_it(tmp_path: Path) -> None:
    world = World(tmp_path, "IfAvailable")
    world.does(f"echo . >> {tmp_path}/said; if [ $(wc -l < {tmp_path}/said) = 1 ]; then echo open this >&2; fi; exit 3")
    with pytest.raises(LoginFailed, match="open this"):
        await world.token()
    assert world.lent == 1
    assert world.over == 1


@pytest.mark.parametrize("mode", ["Always", "IfAvailable"])
async def test_a_terminal_lent_in_vain_is_lent_again_only_by_hand(mode: str, tmp_path: Path) -> None:
    world = World(tmp_path, mode)
    world.does("exit 3")
    await world.fails()
    assert world.lent == 1
    for seconds in (5, 100, 100_000):
        world.seconds = seconds
        await world.fails()
    assert world.lent == 1
    world.seconds += 1
    world.prompt.by_hand.asked_at = world.seconds
    await world.fails()
    assert world.lent == 2
    world.seconds += 1
    world.prompt.by_hand.asked_at = world.seconds
    world.gives("a")
    assert await world.token() == "a"
    assert world.lent == (3 if mode == "Always" else 2)


async def test_one_that_does_without_a_terminal_says_that_it_takes_that_only_by_hand(tmp_path: Path) -> None:
    world = World(tmp_path, "IfAvailable")
    world.does("echo open this >&2; exit 3")
    for seconds in (0, 10, 1000):
        world.seconds = seconds
        with pytest.raises(LoginFailed, match="exit code 3: open this") as failed:
            await world.token()
        assert "Press r" in failed.value.hint
    assert world.lent == 1


async def test_one_that_must_ask_says_so_where_nobody_can_be_asked(tmp_path: Path) -> None:
    world = World(tmp_path, "Always")
    world.gives("a")
    world.lends = False
    with pytest.raises(LoginFailed, match="there is no terminal for it"):
        await world.token()
    assert world.runs == 0
