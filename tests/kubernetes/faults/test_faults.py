"""Each fault of the table is tried for real: it ends in time, with its exit code, in one sentence and what to try."""

from __future__ import annotations

import os
import re
import shlex
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.cli import streams
from meshtui.cli.main import run
from tests.kubernetes.double.running import Double, running_double
from tests.kubernetes.faults.arranging import Fault
from tests.kubernetes.faults.exec_table import FOUND
from tests.kubernetes.faults.table import FAULTS
from tests.kubernetes.recorded import recorded_cluster

SAID = Path(__file__).parent / "said.txt"

LONGEST = 1300
"""Characters of all that is said of one fault; a missing right takes the rule to paste."""

PATIENT = ("--timeout", "40")
"""Given where no other time-out is: a fault that ends by itself ends in milliseconds, on a busy machine in seconds."""


@pytest.fixture
def real() -> Iterator[Double]:
    with running_double(recorded_cluster()) as double:
        yield double


def _ended(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["meshtui", *words])
    monkeypatch.setattr(streams, "install", lambda: None)  # what is written stays with pytest
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0)


def _neutral(text: str, double: Double) -> str:
    """What was said, without what differs from run to run."""
    text = text.replace(str(double.folder), "FOLDER").replace(f"127.0.0.1:{double.port}", "SERVER")
    text = re.sub(r"http://127\.0\.0\.1:\d{4,}", "http://SERVER", text)
    # The time for one answer is split among the steps to it.
    text = re.sub(r"within [0-9.]+ s\b", "within SECONDS", text)
    # Click's own head of a usage error names the program by how the tests were started.
    return "\n".join(line for line in text.split("\n") if line and not line.startswith(("Usage: ", "Try '")))


def _recorded() -> dict[str, str]:
    blocks = SAID.read_text(encoding="utf-8").split("\n\n") if SAID.exists() else []
    pairs = (block.strip("\n").partition("\n") for block in blocks if block.strip())
    return {head: body for head, _, body in pairs}


def _heading(fault: Fault) -> str:
    """The line of ``said.txt`` that names the fault."""
    return f"{fault.name} | {fault.command}  → {fault.code}"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_the_cluster_is_said_in_a_sentence(
    fault: Fault, real: Double, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in fault.env:
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(real.folder))
    fault.arrange(real)
    path = fault.kubeconfig(real) if fault.kubeconfig else real.kubeconfig(fault.user)
    words = [*shlex.split(fault.command), "--kubeconfig", str(path)]
    code = _ended(words if "--timeout" in words else [*words, *PATIENT], monkeypatch)
    out, err = capfd.readouterr()
    said = _neutral((out + err).strip("\n"), real)
    assert code == fault.code, f"{out}{err}"
    assert code == FOUND or out == ""
    assert len(err) < LONGEST
    assert "Traceback" not in err
    assert "secret" not in err
    assert not [one for one in err if one != "\n" and unicodedata.category(one) in ("Cc", "Cf", "Cs")]
    assert re.search(r"^try: \S", said, re.MULTILINE) or not fault.hinted, f"it does not say what to try: {said}"
    _compare(_heading(fault), said)


def _compare(heading: str, said: str) -> None:
    if not os.environ.get("UPDATE_GOLDEN"):
        assert said == _recorded().get(heading), (
            "if that is meant: UPDATE_GOLDEN=1 (without -n), and read what it writes"
        )
        return
    known = {**_recorded(), heading: said}
    ordered = [name for name in map(_heading, FAULTS) if name in known]
    SAID.write_text("\n\n".join(f"{name}\n{known[name]}" for name in ordered) + "\n", encoding="utf-8")


def test_no_two_faults_are_alike_and_each_was_recorded() -> None:
    headings = [_heading(fault) for fault in FAULTS]
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert list(_recorded()) == headings
