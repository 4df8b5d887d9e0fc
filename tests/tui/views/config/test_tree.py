"""View 2, the tree: it reads as a sentence, keeps its place, and shows what moved."""

from __future__ import annotations

import pytest
from textual.app import App

from meshtui.model.xds.resource import CDS, Status
from meshtui.tui.views.config.tree import ConfigTree
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.world.config import HOST
from tests.world.seed import cluster, endpoints, healthy, listener, missing, nacked, routes

SIZES = [(80, 24), (160, 45)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_tree(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        await pilot.press("2", "j")
        golden(pilot.app, f"config-tree-{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_trouble_bubbles_up(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        await pilot.press("2")
        source.replace(
            routes({"v1": 80, "v9": 20}, version="43", updated=bench.clock()),
            missing(CDS, f"outbound|7070|v9|{HOST}", Status.REQUESTED),
            nacked(cluster("v1"), "44", "[field:lb_policy error:not supported]", bench.clock()),
        )
        await bench.frame(pilot)
        bench.clock.pass_(4)
        await settle(pilot)
        golden(pilot.app, f"config-trouble-{size[0]}")


async def test_a_change_glows_then_is_a_dot_then_nothing(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2")
        assert "●" not in _tree(pilot.app)
        source.replace(routes({"v1": 20, "v2": 80}))
        await bench.frame(pilot)
        marks = []
        for seconds in (0, 3, 60):
            bench.clock.pass_(seconds)
            await settle(pilot)
            marks.append(_tree(pilot.app).count("●"))
            glowing = "bold" in str(_style_of(pilot.app, "outbound|7070||"))
            assert glowing == (seconds == 0)
        assert marks == [1, 1, 0]


async def test_the_cursor_stays_with_its_row(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "G")
        assert "inbound" in _cursor_line(pilot.app)
        source.resources.insert(0, listener("aaa.echo-grpc.svc.cluster.local:7070", routes=""))
        await bench.frame(pilot)
        assert "inbound" in _cursor_line(pilot.app)


async def test_a_vanished_row_leaves_the_cursor_with_its_parent(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "j", "j", "j", "j")
        assert "127.0.1.12:17070" in _cursor_line(pilot.app)
        source.replace(endpoints("v2", "127.0.1.99:17070"))
        await bench.frame(pilot)
        assert "v2" in _cursor_line(pilot.app)


async def test_folding_by_keys_and_by_mouse(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2")
        whole = _tree(pilot.app)
        await pilot.press("h")
        assert "▸ ✓ echo" in _tree(pilot.app)
        assert "v1" not in _tree(pilot.app)
        await pilot.press("l")
        assert _tree(pilot.app) == whole
        await pilot.click("#config-tree", offset=(1, 0))
        assert "▸ ✓ echo" in _tree(pilot.app)
        await pilot.press("plus")
        assert _tree(pilot.app) == whole
        await pilot.press("minus")
        assert _tree(pilot.app).count("✓") == 2
        await pilot.press("l", "l", "h", "h")
        assert _tree(pilot.app).count("✓") == 2


async def test_folds_survive_a_change(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "h")
        source.replace(routes({"v1": 1, "v2": 1}))
        await bench.frame(pilot)
        assert "▸ ✓ echo" in _tree(pilot.app)


async def test_a_click_moves_and_a_double_click_opens(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (80, 24)) as pilot:
        await pilot.press("2")
        await pilot.click("#config-tree", offset=(30, 3))
        assert "100 %" in _cursor_line(pilot.app)
        await pilot.click("#config-tree", offset=(30, 3), times=2)
        assert "Summary" in screen_text(pilot.app)


def _tree(app: App[None]) -> str:
    view = app.screen.query_one(ConfigTree)
    return "\n".join(view.render_line(y).text for y in range(min(view.count(), view.size.height)))


def _cursor_line(app: App[None]) -> str:
    view = app.screen.query_one(ConfigTree)
    return "".join(piece.text for piece in view.line(view.cursor, 100))


def _style_of(app: App[None], text: str) -> str:
    view = app.screen.query_one(ConfigTree)
    for y in range(view.count()):
        for segment in view.render_line(y):
            if segment.text.startswith(text):
                return str(segment.style)
    raise AssertionError(text)
