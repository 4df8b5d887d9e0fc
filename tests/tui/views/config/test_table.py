"""View 2, the table: one row a resource, by type."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import cluster, healthy, nacked


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)
async def test_table(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        source.replace(nacked(cluster("v2"), "44", "[field:lb_policy error:not supported]", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("2", "t")
        golden(pilot.app, f"config-table-{size[0]}")


async def test_the_resource_stays_chosen_between_the_forms(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "j", "j", "j")
        before = _pane(screen_text(pilot.app))
        await pilot.press("t")
        assert _pane(screen_text(pilot.app)) == before
        await pilot.press("t")
        assert _pane(screen_text(pilot.app)) == before


async def test_filter_in_the_table(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "t", "slash", *"cds v2", "enter")
        text = screen_text(pilot.app)
        assert "1 row" in text
        await pilot.press("escape")
        assert "row" not in screen_text(pilot.app).split("\n")[-3]


def _pane(text: str) -> list[str]:
    return [line[86:] for line in text.split("\n")[3:8]]
