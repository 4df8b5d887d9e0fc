"""What each command really loads: a light command must not pay for a heavy one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S

HEAVY = ("grpc", "google.protobuf", "envoy", "textual", "cryptography", "kubernetes", "prometheus_client", "yaml")

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


COMMANDS = ("attach", "bootstrap", "certs", "completion", "demo", "echo", "xds")


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("completion", "bash"), *((name, "--help") for name in COMMANDS)],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code, heavy = loaded_by(*arguments)
    assert code == 0
    assert heavy == set()


@pytest.mark.parametrize(
    "arguments",
    [("xds", "status"), ("xds", "config"), ("xds", "tree"), ("echo", "--url", "xds:///x:1", "--count", "1")],
    ids=" ".join,
)
def test_headless_commands_never_load_the_screen(arguments: tuple[str, ...]) -> None:
    code, heavy = loaded_by(*arguments, "127.0.0.1:1", "--timeout", "0.5")
    assert code == 3
    assert "grpc" in heavy, "the command must have tried"
    assert not heavy & {"textual", "kubernetes", "yaml"}


@pytest.mark.parametrize("command", ["status", "config", "tree"])
def test_a_single_look_loads_no_session(command: str) -> None:
    code, loaded = loaded_by(
        "xds",
        command,
        "127.0.0.1:1",
        "--timeout",
        "0.5",
        wanted=("meshtui.session.session", "meshtui.doctor.diagnose", "re2"),
    )
    assert (code, loaded) == (3, set())


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


def test_a_screen_without_a_terminal_is_a_usage_error_before_anything_is_loaded() -> None:
    code, heavy = loaded_by("attach", "127.0.0.1:1")
    assert code == 2
    assert heavy == set()
