"""Standard output and error that are narrow, full, closed or gone: no traceback, and an exit code that says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HOSTILE = "sidecar~✓~é\x1b[31m\x85\u202e~\U0001f600"

FULL = Path("/dev/full")


@pytest.fixture
def bootstrap(tmp_path: Path) -> str:
    """A bootstrap with text that few encodings have, and that a terminal would obey."""
    file = tmp_path / "bootstrap.json"
    server = {"server_uri": "unix:///XDS", "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}
    file.write_text(json.dumps({"xds_servers": [server], "node": {"id": HOSTILE}}), encoding="utf-8")
    return str(file)


def run(command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The program under a shell line, in which ``"$@"`` is the program with its arguments."""
    program = [sys.executable, "-m", "meshtui", *arguments]
    return subprocess.run(
        ["sh", "-c", command, "sh", *program],
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


NARROW = (
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)


@pytest.mark.parametrize("environment", NARROW, ids=lambda one: next(iter(one.values())))
def test_documents_are_escaped_for_a_narrow_encoding_and_mean_the_same(
    bootstrap: str, environment: dict[str, str]
) -> None:
    wide = run('"$@"', "bootstrap", bootstrap, "-o", "json", PYTHONIOENCODING="utf-8")
    as_json = run('"$@"', "bootstrap", bootstrap, "-o", "json", **environment)
    as_yaml = run('"$@"', "bootstrap", bootstrap, "-o", "yaml", **environment)
    document = json.loads(wide.stdout)
    assert document["bootstrap"]["node"]["id"] == HOSTILE
    assert json.loads(as_json.stdout.decode("ascii")) == document
    assert yaml.safe_load(as_yaml.stdout.decode("ascii")) == document
    assert as_json.returncode == as_yaml.returncode == wide.returncode == 1
    assert b"Traceback" not in as_json.stderr + as_yaml.stderr


@pytest.mark.parametrize("environment", NARROW, ids=lambda one: next(iter(one.values())))
def test_a_table_gets_stand_ins_for_its_marks(bootstrap: str, environment: dict[str, str]) -> None:
    done = run('"$@"', "bootstrap", bootstrap, **environment)
    text = done.stdout.decode(environment.get("PYTHONIOENCODING", "ascii"))
    assert "\nx error:" in text
    assert "sidecar~+~" in text
    assert done.returncode == 1
    assert not done.stderr


@pytest.mark.parametrize("format_", ["json", "yaml"])
def test_nothing_that_a_terminal_obeys_is_written_into_a_document(bootstrap: str, format_: str) -> None:
    text = run('"$@"', "bootstrap", bootstrap, "-o", format_, PYTHONIOENCODING="utf-8").stdout.decode()
    assert not set("\x1b\x85\u202e") & set(text)


COMMANDS = (("--help",), ("completion", "bash"), ("demo", "--list"), ("certs", "--help"))


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_said_and_exits_with_74(arguments: tuple[str, ...]) -> None:
    done = run('"$@" > /dev/full', *arguments)
    assert done.returncode == 74
    assert done.stderr.startswith(b"meshtui: The output could not be written: No space left on device.\ntry: ")


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("format_", ["table", "json", "yaml"])
def test_a_report_that_is_lost_is_not_told_by_the_code_of_what_it_found(bootstrap: str, format_: str) -> None:
    assert run('"$@" > /dev/full', "bootstrap", bootstrap, "-o", format_).returncode == 74
    assert run('"$@" > /dev/full 2>&1', "bootstrap", bootstrap, "-o", format_).returncode == 74


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_closed_output_is_said_and_exits_with_74(arguments: tuple[str, ...]) -> None:
    done = run('"$@" >&-', *arguments)
    assert done.returncode == 74
    assert b"could not be written" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure(bootstrap: str) -> None:
    # Empty lines are written until the reader has ended: what follows goes into a pipe without a reader.
    until_ended = "(trap '' PIPE; while echo; do :; done) 2>/dev/null"
    without_reader = f'{{ {until_ended}; "$@"; echo "$?" >&2; }} | true'
    done = run(without_reader, "bootstrap", bootstrap)
    assert done.stderr == b"1\n"
    assert run(without_reader, "--help").stderr == b"0\n"


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_an_error_that_cannot_be_said_changes_neither_output_nor_exit_code(where: str) -> None:
    if "full" in where and not FULL.exists():
        pytest.skip("a device that is always full is Linux's")
    done = run(f'"$@" {where}', "xds", "status", "127.0.0.1:1", "--timeout", "0.5")
    assert (done.returncode, done.stdout) == (3, b"")
    usage = run(f'"$@" {where}', "nosuch")
    assert (usage.returncode, usage.stdout) == (2, b"")


BROKEN = """
import sys
import meshtui.cli.demo as demo
from meshtui.cli.main import run

def scenarios():
    raise {error}

demo.scenarios = scenarios
sys.argv = ["meshtui", "demo", "--list"]
run()
"""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("ZeroDivisionError('by\\n zero')", "meshtui: This should not happen: ZeroDivisionError: by zero."),
        ("RecursionError()", "meshtui: What was read is nested too deeply."),
        ("MemoryError()", "meshtui: There is not enough memory for this."),
        ("OSError(24, 'Too many open files')", "meshtui: Too many files are open."),
        ("ExceptionGroup('several', [KeyError('x')])", "meshtui: This should not happen: KeyError: 'x'."),
    ],
)
def test_what_nobody_expected_is_one_sentence_and_no_traceback(error: str, said: str) -> None:
    program = BROKEN.format(error=error)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 70
    assert done.stderr.splitlines()[0] == said
    assert done.stderr.splitlines()[1].startswith("try: ")
    assert "Traceback" not in done.stderr
    told = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "MESHTUI_TRACEBACK": "1"},
    )
    assert "Traceback" in told.stderr


FORGOTTEN = """
import asyncio, gc, sys
import meshtui.cli.demo as demo
from meshtui.cli.main import run

async def fails():
    raise ValueError("token")

async def forget():
    asyncio.ensure_future(fails())
    await asyncio.sleep(0)  # it runs, and nobody takes its outcome
    gc.collect()

def scenarios():
    asyncio.run(forget())
    return ()

demo.scenarios = scenarios
sys.argv = ["meshtui", "demo", "--list"]
run()
"""


def test_what_fails_where_nobody_waits_for_it_writes_no_traceback_over_the_screen() -> None:
    def told(**environment: str) -> str:
        program = [sys.executable, "-c", FORGOTTEN]
        done = subprocess.run(
            program, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment}
        )
        return done.stderr

    assert "never retrieved" not in told()
    assert "token" not in told()
    assert "never retrieved" in told(MESHTUI_TRACEBACK="1")
