"""Ten thousand resources: all there, only the visible drawn."""

from __future__ import annotations

import pytest

from meshtui.model.xds.resource import Resource
from meshtui.tui.kit.style import Line
from meshtui.tui.views.config.tree import ConfigTree
from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import cluster, listener

COUNT = 5_000


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    found = [listener(f"svc-{number:04}.ns.svc.cluster.local:80", routes="") for number in range(COUNT)]
    return found + [cluster(f"s{number:04}") for number in range(COUNT)]


async def test_ten_thousand_rows(
    bench: Bench, run: Run, resources: list[Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = 0
    real = ConfigTree.line

    def counted(self: ConfigTree, index: int, width: int) -> Line:
        nonlocal drawn
        drawn += 1
        return real(self, index, width)

    monkeypatch.setattr(ConfigTree, "line", counted)
    source = bench.add(resources=resources)
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2")
        tree = pilot.app.screen.query_one(ConfigTree)
        assert tree.count() == 2 * COUNT
        await pilot.press("G")
        assert "s4999" in screen_text(pilot.app)
        await pilot.press("g", "pagedown")
        assert 0 < tree.cursor < 30
        assert f"svc-{tree.cursor:04}" in screen_text(pilot.app)
        assert drawn < 1_000
        await pilot.press("slash", *"svc-0777", "enter")
        assert tree.count() == 1
        await pilot.press("escape", "slash", *"s4321", "escape", "n")
        assert tree.row is not None
        assert "s4321" in tree.row.node.name
        assert "s4321" in screen_text(pilot.app)
        source.resources = source.resources[: COUNT + 10]
        await bench.frame(pilot)
        assert tree.count() == COUNT + 10
        await pilot.press("t", "G")
        assert "s0009" in screen_text(pilot.app)
