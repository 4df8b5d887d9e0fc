"""Names and configs leave the screen whole, and no file is ever overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.config import HOST
from tests.world.seed import healthy


async def test_the_whole_name_is_copied(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (80, 24)) as pilot:
        await pilot.press("2", "j", "j", "j", "y")
        assert pilot.app.clipboard == f"outbound|7070|v2|{HOST}"


async def test_the_page_that_is_read_is_copied(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "j", "v", "enter", "y")
        assert yaml.safe_load(pilot.app.clipboard)["name"] == f"outbound|7070||{HOST}"


async def test_one_resource_and_all_are_saved(
    bench: Bench, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "j", "s", "enter")
        await _until_closed(pilot)
        await pilot.press("S", "enter")
        await _until_closed(pilot)
    one = json.loads((tmp_path / f"rds-outbound-7070-{HOST}.json").read_text())
    assert [shown["status"] for shown in one["resources"]] == ["ACKED"]
    assert one["resources"][0]["config"]["name"] == f"outbound|7070||{HOST}"
    assert one["schema"] == 2
    everything = json.loads((tmp_path / "xds-127.0.1.13-17171.json").read_text())
    assert len(everything["resources"]) == 7


async def test_a_taken_name_is_said_and_nothing_lost(
    bench: Bench, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = tmp_path / f"rds-outbound-7070-{HOST}.json"
    taken.write_text("precious")
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "j", "s", "enter")
        await until(lambda: "exists already" in _words(pilot), "the refusal")
        assert "exists already" in _words(pilot)
        await pilot.press("escape")
    assert taken.read_text() == "precious"


def _modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


def _words(pilot: Pilot[None]) -> str:
    """The screen without line breaks and the blanks at them."""
    return " ".join(screen_text(pilot.app).split())


async def _until_closed(pilot: Pilot[None]) -> None:
    await until(lambda: len(pilot.app.screen_stack) == 2, "the dialog closes")
    await settle(pilot)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("~nosuchuser/x.json", "There is no home directory for ~nosuchuser"),
        ("no/such/place/x.json", "cannot be written: No such file or directory"),
        ("x" * 300 + ".json", "cannot be written: File name too long"),
        ("/dev/full", "exists already"),
        ("nul\x00byte.json", "no usable file name"),
    ],
)
async def test_a_name_that_cannot_be_used_is_said_and_another_can_be_typed(
    bench: Bench, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "j", "s")
        name = pilot.app.screen.query_one("#save-input", Input)
        name.value = typed
        await pilot.press("enter")
        await until(lambda: said in _words(pilot), said)
        name.value = "fine.json"
        await pilot.press("enter")
        await _until_closed(pilot)
    assert _modes(tmp_path) == {"fine.json": 0o600}
