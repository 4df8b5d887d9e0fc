import pytest

from tests.tui.conftest import Golden, Run
from tests.tui.scripted import Bench, healthy

SIZES = [(80, 24), (160, 45)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_overview_of_a_whole_config(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        golden(pilot.app, f"overview-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_config_tree(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        await pilot.press("2")
        await pilot.pause()
        golden(pilot.app, f"config-{size[0]}x{size[1]}")
