"""Completion: what a shell is offered, by its protocol and in real shells at a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from select import select
from time import monotonic
from typing import Any

import pytest
import yaml

from tests.kubernetes.double.pods import namespace, proxyless
from tests.kubernetes.double.running import Double
from tests.loopback import listening
from tests.waiting import PATIENCE_S

HERE = str(Path(__file__).parents[2])
BIN = str(Path(sys.executable).parent)
LONG = "arn:aws:eks:eu-central-1:123456789012:cluster/production"


@pytest.fixture
def many(double: Double) -> Path:
    """A kubeconfig with contexts whose names shells cut into pieces, and one whose name a shell would run."""
    double.cluster.store.put(namespace("shop"))
    double.cluster.store.put(proxyless("shop-api", where="shop", app="shop"))
    path = double.kubeconfig()
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    [context] = document["contexts"]
    document["contexts"] += [{**context, "name": name} for name in (LONG, "prod", "b;touch $(id)", "c\nd")]
    written = double.folder / "many.yaml"
    written.write_text(yaml.safe_dump(document))
    return written


async def offered(before: str, kubeconfig: Path, *, after: str = "", shell: str = "zsh") -> list[str]:
    """The words that are offered at the end of ``before``."""
    process = await asyncio.create_subprocess_exec(
        f"{BIN}/meshtui",
        env={
            **os.environ,
            "_MESHTUI_COMPLETE": f"{shell}_complete",
            "COMP_BEFORE": f"meshtui {before}",
            "COMP_AFTER": after,
            "COMP_PART": before.replace(":", " ").replace("=", " ").rpartition(" ")[2],  # as bash cuts it
            "KUBECONFIG": str(kubeconfig),
            "PYTHONPATH": HERE,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    between = "," if shell == "bash" else "\t"
    return [line.split(between)[1] for line in out.decode().splitlines() if line]


async def offered_in_time(before: str, kubeconfig: Path, *, after: str = "", shell: str = "zsh") -> list[str]:
    """What is offered, where that is anything. A busy machine may take longer than completion waits for a cluster; who
    presses tab then gets nothing, and presses it again."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await offered(before, kubeconfig, after=after, shell=shell)):
            pass
    return found


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("xds status po", "", ["pod/"]),
        ("xds status pod/echo", "", ["pod/echo-v1", "pod/echo-v2"]),
        ("xds tree -n ", "", ["echo-grpc", "shop"]),
        ("xds tree --context pr", "", ["prod"]),
        ("xds tree --context=pr", "", ["--context=prod"]),
        ("xds tree --context arn:aws", "", [LONG]),
        ("echo pod/echo -n nowhere", "", []),
        ("certs pod/", " -n shop", ["pod/shop-api"]),
        ("certs pod/", " --namespace=shop --check", ["pod/shop-api"]),
        ("certs pod/sh", "op --namespace=shop", ["pod/shop-api"]),
        ("certs -l ", " -n shop", ["app=shop", "version=v1"]),
        ("certs -l app=shop,v", " -n shop", ["app=shop,version=v1"]),
        ("certs -n echo-grpc svc/", "", []),
    ],
)
async def test_what_is_offered(many: Path, before: str, after: str, words: list[str]) -> None:
    assert await (offered_in_time if words else offered)(before, many, after=after) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("xds tree --context arn:aws:e", [LONG.removeprefix("arn:aws:")]),
        ("xds tree --context=pr", ["prod"]),
        ("xds tree --context b", ["b\\;touch\\ \\$\\(id\\)"]),
        ("xds tree --context c", []),
        ("certs -l app=e", ["echo"]),
    ],
)
async def test_bash_is_given_the_part_it_asks_for_as_it_has_to_stand_there(
    many: Path, before: str, words: list[str]
) -> None:
    assert await (offered_in_time if words else offered)(before, many, shell="bash") == words


async def test_the_kubeconfig_on_the_line_is_the_one_that_is_asked(many: Path, tmp_path: Path) -> None:
    for line in (f"xds tree --kubeconfig {many} --context pr", f"xds tree --kubeconfig={many} --context pr"):
        assert await offered(line, tmp_path / "none") == ["prod"]
    assert await offered("xds tree --context pr", tmp_path / "none", after=f" --kubeconfig {many}") == ["prod"]


async def test_nothing_is_said_of_what_may_not_be_listed(double: Double) -> None:
    assert await offered("xds status -n echo-grpc deploy/", double.kubeconfig("nothing")) == []


@pytest.mark.parametrize("written", ["no: [yaml", ""])
async def test_nothing_is_said_of_a_kubeconfig_that_is_none(tmp_path: Path, written: str) -> None:
    (tmp_path / "config").write_text(written)
    assert await offered("xds tree --context ", tmp_path / "config") == []


async def test_a_cluster_that_is_silent_is_given_up(tmp_path: Path) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(hold) as address:
        named = {"name": "a", "cluster": {"server": f"https://{address}"}}
        context = {"name": "a", "context": {"cluster": "a"}}
        config = tmp_path / "config"
        config.write_text(yaml.safe_dump({"clusters": [named], "contexts": [context], "current-context": "a"}))
        assert await offered("xds tree pod/", config) == []


# real shells


@dataclass
class Terminal:
    """A shell at a terminal of its own."""

    fd: int

    def send(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def shows(self, text: str) -> None:
        """Waits until the shell has written it, whatever codes stand between."""
        shown, end = "", monotonic() + PATIENCE_S
        while text not in shown:
            ready, _, _ = select([self.fd], [], [], max(0.0, end - monotonic()))
            assert ready, f"{text!r} is not in {shown!r}"
            shown += os.read(self.fd, 65_536).decode(errors="replace").replace("\b", "").replace("\r", "")


START = {
    "bash": (("bash", "--norc", "--noprofile", "-i"), 'eval "$(meshtui completion bash)"'),
    "zsh": (("zsh", "-f", "-i"), 'autoload -U compinit; compinit -D -u; eval "$(meshtui completion zsh)"'),
    "fish": (("fish", "--no-config", "-i"), "meshtui completion fish | source"),
}


OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Takes standard input for its controlling terminal, as a shell of a person has one, and becomes the program."""


@contextmanager
def at_a_terminal(shell: str, kubeconfig: Path, home: Path) -> Iterator[Terminal]:
    """The shell with the completion script, ready for a line."""
    words, script = START[shell]
    path = f"{BIN}:{os.environ['PATH']}"
    own = {"PATH": path, "HOME": str(home), "TERM": "xterm", "KUBECONFIG": str(kubeconfig), "PYTHONPATH": HERE}
    fd, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_TERMINAL, *words],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={**os.environ, **own},
        start_new_session=True,
    )
    os.close(inside)
    try:
        terminal = Terminal(fd)
        terminal.send(f"stty cols 300; {script}; echo rea'd'y\n")
        terminal.shows("ready")
        yield terminal
    finally:
        process.kill()
        process.wait()
        os.close(fd)


@pytest.mark.parametrize("shell", [shell for shell in START if shutil.which(shell)])
def test_a_real_shell_completes_names_with_colons(many: Path, tmp_path: Path, shell: str) -> None:
    with at_a_terminal(shell, many, tmp_path) as terminal:
        terminal.send("meshtui xds tree --context arn:aws:e\t")
        terminal.shows("ks:eu-central-1:123456789012:cluster/production")


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh") if shutil.which(shell)])
def test_a_real_shell_tells_what_is_behind_the_cursor(many: Path, tmp_path: Path, shell: str) -> None:
    with at_a_terminal(shell, many, tmp_path) as terminal:
        terminal.send("meshtui certs pod/sh -n shop" + "\x02" * len(" -n shop") + "\t")
        terminal.shows("op-api")
