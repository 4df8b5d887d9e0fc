"""Frozen, the screen stands still while the session goes on."""

from __future__ import annotations

from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.world.seed import healthy, routes


async def test_freeze_holds_the_screen_and_says_for_how_long(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "space")
        frozen = _body(screen_text(pilot.app))
        source.replace(routes({"v1": 1, "v2": 99}))
        await bench.frame(pilot)
        bench.clock.pass_(5)
        await settle(pilot)
        text = screen_text(pilot.app)
        assert _body(text) == frozen
        assert "‖ frozen 5 s" in text
        await pilot.press("j", "j")  # reading goes on
        await pilot.press("space")
        await settle(pilot)
        assert "99 %" in screen_text(pilot.app)
        assert "frozen" not in screen_text(pilot.app)


def _body(text: str) -> list[str]:
    return text.split("\n")[2:-2]
