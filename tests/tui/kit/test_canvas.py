"""Of what a canvas shows, only what differs is painted, and what was painted is let go of."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span


class Words(Rows):
    """Shows one word a row; notes what it is asked to paint."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.words = words
        self.painted: list[Region] = []

    def count(self) -> int:
        return len(self.words)

    def line(self, index: int, width: int) -> Line:
        return (Span(self.words[index], Role.TEXT),)

    def refresh(self, *regions: Region, **how: Any) -> Words:
        self.painted += regions
        return super().refresh(*regions, **how)

    def rows_painted(self) -> set[int]:
        """The rows that were to be painted since this was asked last."""
        rows = {region.y for region in self.painted}
        self.painted.clear()
        return rows


class WordsApp(App[None]):
    """A canvas alone on the screen."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.shown = Words(words)

    def compose(self) -> ComposeResult:
        yield self.shown

    def on_screen(self) -> list[str]:
        """The words of each row as they stand on the screen."""
        return [strip.text.strip(" ▁▂▃▄▅▆▇") for strip in self.screen._compositor.render_strips()]


@pytest.fixture
def app() -> WordsApp:
    return WordsApp([f"word {number}" for number in range(100)])


async def test_a_line_that_differs_is_painted_and_no_other(app: WordsApp) -> None:
    async with app.run_test(size=(30, 10)) as pilot:
        app.shown.rows_painted()
        app.shown.redraw()
        assert not app.shown.rows_painted()
        app.shown.words[3] = "another"
        app.shown.words[50] = "out of sight"
        app.shown.redraw()
        assert app.shown.rows_painted() == {3}
        await pilot.pause()
        assert app.on_screen()[2:5] == ["word 2", "another", "word 4"]


async def test_rows_that_go_leave_nothing_behind(app: WordsApp) -> None:
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("end")
        del app.shown.words[4:]
        app.shown.redraw()
        await pilot.pause()
        assert app.on_screen() == ["word 0", "word 1", "word 2", "word 3", *[""] * 6]


async def test_the_cursor_moves_from_one_line_to_another(app: WordsApp) -> None:
    async with app.run_test(size=(30, 10)) as pilot:
        app.shown.rows_painted()
        await pilot.press("down")
        assert app.shown.rows_painted() == {0, 1}


async def test_what_was_out_of_sight_is_shown_as_it_is_now(app: WordsApp) -> None:
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("end")
        assert app.on_screen()[-1] == "word 99"
        app.shown.words[0] = "changed meanwhile"
        app.shown.redraw()
        await pilot.press("home")
        assert app.on_screen()[:2] == ["changed meanwhile", "word 1"]


async def test_a_wider_screen_and_another_theme_paint_everything(app: WordsApp) -> None:
    async with app.run_test(size=(30, 10)) as pilot:
        before = app.shown.render_line(1)
        app.theme = "textual-light"
        await pilot.pause()
        light = app.shown.render_line(1)
        assert light.text == before.text
        assert list(light) != list(before)
        await pilot.resize_terminal(50, 10)
        assert app.shown.render_line(1).cell_length == 50


async def test_the_bar_moves_with_the_rows(app: WordsApp) -> None:
    def bar() -> list[Segment]:
        strips = app.screen._compositor.render_strips()
        return [segment for strip in strips for segment in strip.crop(29, 30)]

    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        top = bar()
        await pilot.press("end")
        await pilot.pause()
        assert bar()[0] != top[0]
        assert bar()[-1] != top[-1]
        await pilot.press("home")
        await pilot.pause()
        assert bar() == top


async def test_lines_that_are_gone_wait_for_no_collector(app: WordsApp) -> None:
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("pagedown", "pagedown")
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await pilot.press(*["pagedown"] * 5)
            gc.collect()
            left = [thing for thing in gc.garbage if isinstance(thing, Strip)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
        assert not left
