"""Filter, search and 'only trouble'."""

from __future__ import annotations

from meshtui.tui.views.config.tree import ConfigTree
from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import cluster, healthy, listener, nacked


async def test_the_filter_follows_each_letter(bench: Bench, run: Run) -> None:
    bench.add(resources=[*healthy(), listener("other.ns.svc.cluster.local:80", routes="")])
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "slash", *"inb")
        tree = _tree(screen_text(pilot.app))
        assert "inbound 127.0.1.13" in tree
        assert "echo.echo-grpc.svc.cluster.local:7070" not in tree
        await pilot.press("backspace", "backspace", "backspace", *"other.ns")
        assert "inbound" not in _tree(screen_text(pilot.app))
        await pilot.press("escape")
        assert "inbound" in _tree(screen_text(pilot.app))


async def test_a_kept_filter_says_so(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "slash", *"canary", "enter")
        text = screen_text(pilot.app)
        assert "/ canary" in text
        assert "esc shows all" in text
        assert "(everything else)" not in _tree(text)


async def test_search_goes_on_after_the_filter_is_gone(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "slash", *"127.0.1.12", "escape", "minus", "g")
        found = []
        for key in ("n", "n", "n", "N"):
            await pilot.press(key)
            tree = pilot.app.screen.query_one(ConfigTree)
            assert tree.row is not None
            found.append(tree.row.path)
        assert all(path[-1].endswith("127.0.1.12:17070") for path in found)
        assert found[0] == found[2]  # there are two, and after the last comes the first
        assert found[1] == found[3]


async def test_nothing_found_is_said(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "slash", *"nowhere", "enter", "n")
        await pilot.pause()
        assert "No row contains nowhere" in screen_text(pilot.app)


async def test_only_trouble(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        source.replace(nacked(cluster("v2"), "44", "no", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("2", "e")
        tree = _tree(screen_text(pilot.app))
        assert tree.count("✗") == 6  # listener, route configuration, both routes, the cluster twice
        assert "✓" not in tree
        await pilot.press("e")
        assert "✓" in _tree(screen_text(pilot.app))


def _tree(text: str) -> str:
    return "\n".join(line[:86] for line in text.split("\n")[2:-2])
