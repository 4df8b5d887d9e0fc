"""A login plugin that hangs is ended with meshtui, whatever ends that: real processes and signals, a real terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.processes import runs
from tests.program import running
from tests.terminal.conftest import IN_A_TERMINAL, Start
from tests.waiting import until

STUBBORN = "trap '' TERM HUP"
"""Shell that takes no signal that can be refused; what it starts takes none either."""


class Hanging:
    """A kubeconfig whose login plugin hangs, with a child that hangs too; the cluster is never asked."""

    def __init__(self, folder: Path, mode: str, shell: str) -> None:
        self._folder = folder
        plugin = folder / "login"
        # More than a pipe takes goes only once it is read, by when meshtui has what guards the plugin told of it.
        read = "head -c 1000000 /dev/zero"
        ready = f"{read}; echo $$ $! > {folder}/begun; mv {folder}/begun {folder}/pids"
        plugin.write_text(f"#!/bin/sh\n{shell}\nsleep 600 &\n{ready}\nwait; sleep 600\n")
        plugin.chmod(0o755)
        says = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": mode}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
            "users": [{"name": "u", "user": {"exec": says}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        (folder / "kubeconfig").write_text(json.dumps(config))
        self.arguments = ["xds", "status", "pod/x", "--kubeconfig", str(folder / "kubeconfig")]

    @property
    def begun(self) -> bool:
        """Whether it hangs by now."""
        return (self._folder / "pids").exists()

    @property
    def pids(self) -> list[int]:
        """The plugin and its child."""
        return [int(pid) for pid in (self._folder / "pids").read_text().split()]

    def alive(self) -> list[int]:
        """Which of the two still run."""
        return [pid for pid in self.pids if runs(pid)]


@pytest.mark.parametrize("shell", ["", STUBBORN], ids=["plain", "stubborn"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_it_ends_with_a_command(tmp_path: Path, number: signal.Signals, shell: str) -> None:
    hanging = Hanging(tmp_path, "Never", shell)
    async with running(*hanging.arguments) as command:
        await until(lambda: hanging.begun, "the plugin")
        assert hanging.alive() == hanging.pids
        command.send(number)
        done = await command.done()
        await until(lambda: not hanging.alive(), "the end of the plugin and of what it started")
    assert done.code == (130 if number is signal.SIGINT else -number)


class AtTerminal:
    """A command in a pseudo-terminal of its own, which is its controlling one."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_A_TERMINAL, *arguments], stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def close(self) -> None:
        """End it and hang up."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def at_terminal() -> Iterator[Callable[..., AtTerminal]]:
    """Start the program in a terminal of its own; all are ended with the test."""
    started: list[AtTerminal] = []

    def start(*arguments: str) -> AtTerminal:
        started.append(AtTerminal(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.close()


async def test_it_ends_with_ctrl_c(tmp_path: Path, at_terminal: Callable[..., AtTerminal]) -> None:
    hanging = Hanging(tmp_path, "Never", "")
    command = at_terminal(*hanging.arguments)
    await until(lambda: hanging.begun, "the plugin")
    os.write(command.master, b"\x03")
    await until(lambda: not hanging.alive(), "the end of the plugin and of what it started")
    await until(lambda: command.process.poll() is not None, "the end of the command")
    assert command.process.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_one_that_was_lent_the_terminal_ends_with_a_command(
    tmp_path: Path, at_terminal: Callable[..., AtTerminal], number: signal.Signals
) -> None:
    hanging = Hanging(tmp_path, "Always", "")
    command = at_terminal(*hanging.arguments)
    await until(lambda: hanging.begun, "the plugin")
    plugin, child = hanging.pids
    assert os.getpgid(plugin) == command.process.pid  # of the shell's job, which is not ours to end
    command.process.send_signal(number)
    await until(lambda: plugin not in hanging.alive(), "the end of the plugin")
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_it_ends_with_the_screen(tmp_path: Path, terminal: Start, number: signal.Signals) -> None:
    hanging = Hanging(tmp_path, "Never", STUBBORN)
    screen = terminal("attach", *hanging.arguments[2:])
    screen.wait_for_text("Connecting to")
    await until(lambda: hanging.begun, "the plugin")
    screen.process.send_signal(number)
    screen.wait_for_end()
    await until(lambda: not hanging.alive(), "the end of the plugin and of what it started")


def _ended(pid: int) -> bool:
    return not runs(pid)


ASKS = "printf 'Passcode for sso: ' >&2; read -r code; exit 1"
HEEDS_NOTHING = f"trap '' INT TERM; {ASKS}"


def asking(folder: Path, shell: str, mode: str = "Always") -> list[str]:
    """Arguments for a pod whose login plugin asks something."""
    Hanging(folder, mode, "")
    (folder / "login").write_text(f"#!/bin/sh\necho $$ > {folder}/pids\n{shell}\n")
    return ["attach", "pod/x", "--kubeconfig", str(folder / "kubeconfig")]


@pytest.mark.parametrize("shell", [ASKS, HEEDS_NOTHING], ids=["plain", "stubborn"])
async def test_ctrl_c_at_its_prompt_ends_the_plugin_and_not_the_screen(
    tmp_path: Path, terminal: Start, shell: str
) -> None:
    screen = terminal(*asking(tmp_path, shell), controlling=True, size=(300, 30))
    for _ in range(2):
        screen.wait_for_text("Passcode for sso: ")
        plugin = int((tmp_path / "pids").read_text())
        screen.screen.reset()  # so that what is seen then was drawn since
        screen.press("\x03")
        screen.wait_for_text("was broken off by Ctrl+C")
        screen.wait_for_text("Tried again only when you press r")
        await until(partial(_ended, plugin), "the end of the plugin")
        screen.press("r")
    screen.wait_for_text("Passcode for sso: ")
    screen.press("12345\n")
    screen.wait_for_text("failed with exit code 1.")
    screen.press("q")
    assert screen.wait_for_end() == 0


async def test_a_plugin_that_can_do_without_the_terminal_is_broken_off_too(tmp_path: Path, terminal: Start) -> None:
    interactive = 'case "$KUBERNETES_EXEC_INFO" in *\'"interactive": true\'*) ;; *) echo ask me >&2; exit 3;; esac'
    screen = terminal(*asking(tmp_path, f"{interactive}\n{ASKS}", "IfAvailable"), controlling=True, size=(300, 30))
    screen.wait_for_text("Passcode for sso: ")
    screen.press("\x03")
    screen.wait_for_text("was broken off by Ctrl+C")
    screen.wait_for_text("Press r to be asked again")
    screen.press("q")
    assert screen.wait_for_end() == 0


async def test_a_signal_that_ends_meshtui_ends_it_while_the_terminal_is_lent(tmp_path: Path, terminal: Start) -> None:
    screen = terminal(*asking(tmp_path, HEEDS_NOTHING), controlling=True, size=(300, 30))
    screen.wait_for_text("Passcode for sso: ")
    screen.process.send_signal(signal.SIGTERM)
    assert screen.wait_for_end() == 130
