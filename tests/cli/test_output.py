"""Standard output, standard error and exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshtui.cli.diagnostics import ExitCode, code_of, fail
from meshtui.cli.output import emit, render
from meshtui.model.errors import BadInput, MeshtuiError, ServiceMissing, TargetUnreachable, UsageError
from meshtui.model.printable import printable, printable_lines
from meshtui.present.documents.document import document, rfc3339
from meshtui.present.table import Table
from meshtui.present.text_lines import Lines


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TargetUnreachable("x"), ExitCode.UNREACHABLE),
        (ServiceMissing("x"), ExitCode.UNREACHABLE),
        (UsageError("x"), ExitCode.USAGE),
        (BadInput("x"), ExitCode.USAGE),
        (MeshtuiError("x"), ExitCode.WRONG),
    ],
)
def test_each_error_has_its_code(error: MeshtuiError, code: ExitCode) -> None:
    assert code_of(error) is code


def test_a_failure_is_said_on_stderr_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(TargetUnreachable("pod \x1b[2J is gone.", "look again")) is ExitCode.UNREACHABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "meshtui: pod ␛[2J is gone.\ntry: look again\n"


def test_json_and_yaml_hold_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    data = document("here", items=[{"name": "é", "at": rfc3339(datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC))}])
    emit("json", lambda: data, lambda: Lines(()))
    first = json.loads(capsys.readouterr().out)
    emit("yaml", lambda: data, lambda: Lines(()))
    assert yaml.safe_load(capsys.readouterr().out) == first == data
    assert first["schema"] == 2
    assert first["items"][0]["at"] == "2026-01-02T03:04:05.678Z"


def test_times_are_utc() -> None:
    assert rfc3339(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000Z"
    assert rfc3339(None) is None


def test_columns_line_up() -> None:
    table = Table(("A", "NAME"), [("1", "x"), ("22", "y\x1b[31m")], before=("head",), after=("tail",))
    assert render(table) == "head\nA   NAME\n1   x\n22  y␛[31m\ntail\n"


@given(st.text())
def test_printable_is_one_harmless_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable() or all(character.isprintable() or character.isspace() for character in shown)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@given(st.text())
def test_printable_lines_keeps_line_ends(text: str) -> None:
    assert printable_lines(text).count("\n") == text.count("\n")
