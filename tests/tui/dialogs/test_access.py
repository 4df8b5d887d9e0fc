"""The access dialog of an attached target, on the screen."""

from __future__ import annotations

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.access import AccessLadder
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.pods import ladder
from tests.world.seed import healthy

TARGET = "pod/echo-v1 -n echo-grpc --context rig"


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)
async def test_what_is_there_and_what_gives_the_rest(
    bench: Bench, run: Run, golden: Golden, size: tuple[int, int]
) -> None:
    bench.add(TARGET, healthy())
    asked: list[str] = []

    async def ask(target: str) -> AccessLadder:
        asked.append(target)
        return ladder(may_list=False)

    async with run(bench.app(TARGET, ask_access=ask), size) as pilot:
        await bench.frame(pilot, TARGET)
        await pilot.press("A")
        await until(lambda: "Y all" in screen_text(pilot.app), "the ladder")
        await until(lambda: asked == [TARGET], "the rights are asked for")
        await until(lambda: "of 18" in screen_text(pilot.app), "the rights")
        await pilot.press("g", *["j"] * 8)
        await until(lambda: "You may not list pods." in screen_text(pilot.app), "why not")
        await settle(pilot)
        golden(pilot.app, f"access-target-{size[0]}")
        await pilot.press("y")
        assert "kind: Role\n" in pilot.app.clipboard
        await pilot.press("g", "y")
        assert "kind: Role\n" in pilot.app.clipboard  # nothing to paste: it is there
        await pilot.press("escape")
        await until(lambda: "Y all" not in screen_text(pilot.app), "back")


async def test_a_right_that_was_granted_meanwhile_is_seen_at_r(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    granted: list[bool] = []

    async def ask(target: str) -> AccessLadder:
        return ladder(may_list=bool(granted))

    async with run(bench.app(TARGET, ask_access=ask), (110, 30)) as pilot:
        await bench.frame(pilot, TARGET)
        await pilot.press("A")
        await until(lambda: "✗ follow" in screen_text(pilot.app), "what is missing")
        granted.append(True)
        await pilot.press("r")
        await until(lambda: "✓ follow" in screen_text(pilot.app), "what was granted")


async def test_rights_that_cannot_be_asked_for(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())

    async def ask(target: str) -> AccessLadder:
        raise TargetUnreachable("The API server does not answer.", "wait for it")

    async with run(bench.app(TARGET, ask_access=ask), (110, 30)) as pilot:
        await bench.frame(pilot, TARGET)
        await pilot.press("colon", *"access", "enter")
        await until(lambda: "admin port" in screen_text(pilot.app), "the ladder")
        await pilot.press("G")
        await until(lambda: "The API server does not answer." in screen_text(pilot.app), "why")
        assert "wait for it" in screen_text(pilot.app)


async def test_an_address_has_no_rights(bench: Bench, run: Run) -> None:
    bench.add("127.0.1.13:17171", healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await bench.frame(pilot)
        await pilot.press("A")
        await until(lambda: "of 5" in screen_text(pilot.app), "the ladder")
        assert "rights" not in screen_text(pilot.app)
