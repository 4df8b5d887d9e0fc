"""What each command really loads: a light command must not pay for a heavy one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from meshtui.cli.main import COMMANDS, main
from tests import xds_messages as xds
from tests.csds_server import serving
from tests.waiting import PATIENCE_S

BOOTSTRAPS = Path(__file__).parents[1] / "data" / "bootstraps"

CLUSTER = ("aiohttp", "websockets", "aiohttp_socks")
"""What only a target in a Kubernetes cluster needs."""

HEAVY = (
    *("grpc", "google.protobuf", "envoy", "textual", "cryptography", "kubernetes", "prometheus_client", "yaml"),
    *CLUSTER,
)

NEVER_HEADLESS = ("textual", "rich", "kubernetes", "re2", "orjson", "yaml", "meshtui.tui", *CLUSTER)
"""What no headless command loads that does what most do: it draws no screen, meets no regular expression and no large
document.
"""

PARTS = (
    "asyncio",
    "grpc",
    "envoy",
    "grpc_channelz",
    "cryptography",
    "prometheus_client",
    "meshtui.sources.csds",
    "meshtui.sources.channelz",
    "meshtui.sources.echo",
    "meshtui.sources.workload",
    "meshtui.sources.certificates",
    "meshtui.sources.agent",
    "meshtui.sources.proto.decode",
    "meshtui.sources.proto.json_mapping",
    "meshtui.model.xds.graph",
    "meshtui.session.session",
    "meshtui.doctor",
    "meshtui.demo",
)
"""What takes time to load, or would have to be loaded for nothing."""

NOTHING: frozenset[str] = frozenset()

CSDS = frozenset({"asyncio", "grpc", "envoy", "meshtui.sources.csds"})

FILES = frozenset(
    {
        "asyncio",
        "cryptography",
        "meshtui.sources.workload",
        "meshtui.sources.certificates",
        "meshtui.doctor",
    }
)

ECHO = frozenset({"asyncio", "grpc", "meshtui.sources.echo", "meshtui.model.xds.graph", "meshtui.doctor"})

PROBE = """
import json, sys
from meshtui.cli.main import run
sys.argv = ["meshtui", *json.loads(sys.argv[1])]
try:
    run()
except SystemExit as ended:
    code = ended.code
loaded = sorted({name for name in sys.modules})
print("\\n" + json.dumps({"code": code, "loaded": loaded}))
"""


def loaded_by(*arguments: str, wanted: tuple[str, ...] = HEAVY) -> tuple[int, set[str]]:
    """Exit code and which of the wanted modules are in ``sys.modules`` after a command."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    report = json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])
    modules = set(report["loaded"])
    return int(report["code"]), {name for name in wanted if name in modules}


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("completion", "bash"), *((name, "--help") for name in COMMANDS)],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code, heavy = loaded_by(*arguments)
    assert code == 0
    assert heavy == set()


class Line(NamedTuple):
    """What a command may load, typed with some arguments; ``TARGET`` stands for a server of CSDS."""

    command: str
    arguments: tuple[str, ...]
    needed: frozenset[str]
    codes: tuple[int, ...] = (0, 1)
    """The exit codes that say it did its work."""


PROBE_OF_NOBODY = ("--url", "xds:///x:1", "--count", "1", "--timeout", "0.5", "127.0.0.1:1")

LINES = (
    Line("attach", ("TARGET",), NOTHING, codes=(2,)),  # there is no terminal
    Line("bootstrap", (str(BOOTSTRAPS / "good-istio.json"),), FILES),
    Line("certs", (str(BOOTSTRAPS),), FILES),
    Line("completion", ("bash",), NOTHING),
    Line("demo", ("--list",), frozenset({"meshtui.demo"})),
    Line("echo", PROBE_OF_NOBODY, ECHO, codes=(3,)),
    Line("echo", (*PROBE_OF_NOBODY, "--expect", "v1=50,v2=50"), ECHO, codes=(3,)),
    Line("echo", (*PROBE_OF_NOBODY, "--expect", "config"), ECHO | CSDS | {"meshtui.session.session"}, codes=(3,)),
    Line("log", ("TARGET",), frozenset({"asyncio"}), codes=(2,)),  # an address has none
    Line("xds config", ("TARGET", "-o", "json"), CSDS | {"meshtui.sources.proto.json_mapping"}),
    Line("xds status", ("TARGET",), CSDS),
    Line("xds status", ("TARGET", "-o", "json"), CSDS),
    Line("xds tree", ("TARGET",), CSDS | {"meshtui.sources.proto.decode", "meshtui.model.xds.graph"}),
)


@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join((line.command, *line.arguments[-2:])))
async def test_a_command_loads_what_it_needs_and_nothing_else(line: Line) -> None:
    async with serving(xds.canary_answer().SerializeToString()) as server:
        typed = (server.address if argument == "TARGET" else argument for argument in line.arguments)
        code, loaded = await asyncio.to_thread(
            loaded_by, *line.command.split(), *typed, wanted=(*PARTS, *NEVER_HEADLESS)
        )
    assert code in line.codes, "it must have done its work"
    assert loaded == line.needed


def _commands(group: click.Group, above: str = "") -> Iterator[str]:
    """Every command below the group, as it is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{above}{name} ")
        else:
            yield above + name


def test_every_command_has_a_line_that_says_what_it_may_load() -> None:
    assert sorted({line.command for line in LINES}) == sorted(_commands(main))


def test_a_command_loads_the_rules_of_what_it_looks_at(tmp_path: Path) -> None:
    rules = tuple(f"meshtui.doctor.rules.{part}" for part in ("bootstrap", "certificates", "config", "traffic"))
    (tmp_path / "cert-chain.pem").write_bytes(b"")
    assert loaded_by("certs", str(tmp_path), wanted=rules) == (1, {"meshtui.doctor.rules.certificates"})
    assert loaded_by("bootstrap", str(tmp_path / "none.json"), wanted=rules) == (1, {"meshtui.doctor.rules.bootstrap"})


def test_the_first_paint_needs_neither_session_nor_model() -> None:
    program = (
        "import sys; from meshtui import targets; from meshtui.session.workspace import Workspace; "
        "from meshtui.tui.app import MeshtuiApp; from meshtui.tui.screens.opening import OpeningScreen; "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    loaded = set(done.stdout.split())
    assert "textual.app" in loaded
    assert not loaded & {"grpc", "meshtui.session.session", "meshtui.doctor", "meshtui.model.xds.snapshot"}
