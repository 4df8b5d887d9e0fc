"""Names, details and addresses from outside are shown on every surface and obeyed on none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from meshtui.model.errors import TargetUnreachable
from meshtui.model.finding import Area, Finding, Severity
from meshtui.model.subject import FileSubject
from meshtui.model.xds.resource import LDS, Status
from meshtui.model.xds.snapshot import NodeIdentity
from meshtui.session.demo_control import DemoControl, Offer, Scenario
from meshtui.session.observation import PartChecked
from meshtui.tui.kit.palette import palette_of
from meshtui.tui.kit.style import Role, Span
from meshtui.tui.kit.text import cut, cut_end, cut_name, fit, pad, pad_left, shown, strip_of, wrap, wrap_hanging
from meshtui.tui.views.config.tree import ConfigTree
from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import cluster, healthy, listener, missing, nacked

TARGET = "[@click=app.quit]x[/]\x1b[2J\u202e"

HOSTILE = [
    "[/]",
    "[@click=app.quit]x[/]",
    "[bold red]x",
    "\x1b[2J\x1b]0;owned\x07",
    "a\r\nb\tc\x00d\x7f",
    "\u202egnp.exe\u202c",
    "z\u200bero\u2066w\u2069idth\ufeff",
    "Z" + "\u0301\u0316" * 40 + "algo",
    "日本語のとても長い名前" * 4,
    "👩‍👩‍👧‍👦🇩🇪👍🏽",
    "x" * 10_000,
    "\ud800",
    "%s{0}$(reboot)`id`",
    "",
]
"""The empty name last: it must at least not hurt."""


KEYS = ("k", "v", "v", "v", "t", "G", "t", "e", "slash", "escape", "escape", "y", "s", "escape", "o", "escape", "1")
"""Through every surface of the main screen."""


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)
async def test_every_surface(bench: Bench, run: Run, size: tuple[int, int]) -> None:
    listeners = [listener(name) for name in HOSTILE]
    absent = [missing(LDS, name + "2", Status.DOES_NOT_EXIST) for name in HOSTILE]
    source = bench.add(TARGET, [*healthy(), *listeners, *absent])
    recents = tuple(Offer(name + "3", name, name) for name in HOSTILE)
    async with run(bench.app(TARGET, recents=recents), size) as pilot:
        for name in HOSTILE:
            source.replace(nacked(cluster("v2"), name, name, bench.clock()))
            ids = f"sidecar~1~{name}.{name}~{name}"
            source.node = NodeIdentity(id=ids, user_agent=name, user_agent_version=name)
            defect = Finding(
                code=name,
                area=Area.MESHTUI,
                severity=Severity.ERROR,
                subject=FileSubject(name),
                title=name,
                explanation=name,
                fix=name,
                evidence=(name,),
            )
            bench.sessions[TARGET]._book.observe(PartChecked(at=bench.clock(), part=name, defect=defect))
            await bench.frame(pilot, TARGET)
            assert_harmless(screen_text(pilot.app), size)
        await pilot.press("2")
        tree = pilot.app.screen.query_one(ConfigTree)
        for place in range(tree.count() - 2 * len(HOSTILE), tree.count()):
            tree.cursor = place
            await pilot.pause()
            assert_harmless(screen_text(pilot.app), size)
        for key in KEYS:
            await pilot.press(key)
            assert_harmless(screen_text(pilot.app), size)
        for name in HOSTILE:
            source.error = TargetUnreachable(name, name)
            await bench.frame(pilot, TARGET)
            assert_harmless(screen_text(pilot.app), size)
        assert pilot.app.is_running


async def test_the_start_screen(bench: Bench, run: Run) -> None:
    recents = tuple(Offer(name, name, name) for name in HOSTILE)
    scenarios = tuple(Scenario(name, name) for name in HOSTILE)

    def never(name: str | None) -> DemoControl:
        raise AssertionError(name)

    app = bench.app(None, recents=recents, scenarios=scenarios, open_demo=never)
    async with run(app, (110, 45)) as pilot:
        await pilot.pause()
        assert_harmless(screen_text(app), (110, 45))


def assert_harmless(text: str, size: tuple[int, int]) -> None:
    lines = text.rstrip("\n").split("\n")
    assert len(lines) <= size[1]
    for line in lines:
        assert cell_len(line) <= size[0]
        for character in line:
            assert unicodedata.category(character) not in ("Cc", "Cf", "Cs"), (line, character)


TEXT = st.text(st.characters(exclude_categories=[]), max_size=80)


@given(TEXT)
def test_shown_occupies_only_its_own_cells(text: str) -> None:
    seen = shown(text)
    assert shown(seen) == seen
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in seen)


@given(TEXT, st.integers(-1, 60))
def test_cutting_keeps_to_its_cells(text: str, cells: int) -> None:
    assert cell_len(cut(text, cells)) <= max(cells, 0)
    assert cell_len(cut_end(text, cells)) <= max(cells, 0)
    assert cell_len(cut_name(text, cells)) <= max(cells, 0)
    assert cell_len(pad(text, max(cells, 0))) == max(cells, 0)
    assert cell_len(pad_left(text, max(cells, 0))) == max(cells, 0)


@given(TEXT, st.integers(2, 60))
def test_wrapping_loses_nothing_but_blanks(text: str, cells: int) -> None:
    for lines in (wrap(text, cells), wrap_hanging(text, cells)):
        assert all(cell_len(line) <= cells for line in lines)
    kept = "".join("".join(wrap(text, cells)).split())
    assert kept == "".join("".join(wrap(text, 10_000)).split())


@settings(max_examples=50)
@given(st.lists(st.tuples(TEXT, st.sampled_from(Role)), max_size=6), st.integers(1, 60))
def test_a_drawn_line_is_exactly_as_wide_as_it_should_be(spans: list[tuple[str, Role]], cells: int) -> None:
    line = tuple(Span(text, role) for text, role in spans)
    strip = strip_of(line, cells, palette_of({}), Style())
    assert sum(cell_len(segment.text) for segment in strip) == cells
    assert sum(cell_len(piece.text) for piece in fit(tuple(Span(shown(t), r) for t, r in spans), cells)) == cells
