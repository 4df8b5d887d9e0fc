"""The command line, the palette and the help say the same things."""

from __future__ import annotations

import pytest

from meshtui.tui.commands import Command, understand
from meshtui.tui.kit.page import Page
from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.seed import healthy

COMMANDS = (
    Command("open", "", lambda _: None, argument="TARGET"),
    Command("theme", "", lambda _: None, argument="NAME", required=True),
    Command("tree", "", lambda _: None),
    Command("quit", "", lambda _: None),
)


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("quit", "quit", ""),
        (" q ", "quit", ""),
        ("open a:1", "open", "a:1"),
        ("o", "open", ""),
        ("th x y", "theme", "x y"),
    ],
)
def test_what_a_line_means(text: str, name: str, argument: str) -> None:
    said = understand(text, COMMANDS)
    assert said.command is not None
    assert (said.command.name, said.argument, said.problem) == (name, argument, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nope", "no command nope"),
        ("t", "theme or tree"),
        ("theme", "theme NAME"),
        ("tree x", "takes nothing"),
    ],
)
def test_why_a_line_means_nothing(text: str, problem: str) -> None:
    said = understand(text, COMMANDS)
    assert said.command is None
    assert problem in said.problem


def test_an_empty_line_is_no_mistake() -> None:
    assert understand("  ", COMMANDS).problem == ""


async def test_typed_commands_run(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("colon", *"filter canary", "enter")
        await pilot.pause()
        assert "/ canary" in screen_text(pilot.app)
        await pilot.press("colon", *"table", "enter")
        await pilot.pause()
        assert "STATUS" in screen_text(pilot.app)
        await pilot.press("colon", *"theme nord", "enter")
        assert pilot.app.theme == "nord"
        await pilot.press("colon", *"wrong", "enter")
        await pilot.pause()
        assert "There is no command wrong" in screen_text(pilot.app)
        await pilot.press("colon", "escape", "colon", *"quit", "enter")
        await pilot.pause()
    assert pilot.app.return_code == 0


async def test_the_palette_finds_commands(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    assert len(bench.app().COMMANDS) == 1
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("ctrl+p", *"view config")
        await until(lambda: "Open a view" in screen_text(pilot.app), "the command in the palette")
        await pilot.press("enter")
        await until(lambda: len(pilot.app.screen_stack) == 2, "the palette closes")
        await settle(pilot)
        assert "outbound|7070" in screen_text(pilot.app)


async def test_help_lists_every_key_and_command(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 60)) as pilot:
        await pilot.press("2", "question_mark")
        text = pilot.app.screen.query_one("#help-page", Page).text
        for words in ("Show only what contains", "Hold the screen still", "ACKED", "NACKED", "open TARGET", "quit"):
            assert words in text
        await pilot.press("escape")
        assert "Keys" not in screen_text(pilot.app)


async def test_every_binding_can_be_remapped_and_explained(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2")
        focused = pilot.app.screen.focused
        assert focused is not None
        ours = [
            binding
            for node in focused.ancestors_with_self
            if type(node).__module__.startswith("meshtui.")
            for base in type(node).__mro__
            if base.__module__.startswith("meshtui.")
            for binding in vars(base).get("BINDINGS", ())
        ]
        assert len(ours) > 25
        assert all(binding.id and binding.tooltip for binding in ours)


async def test_what_cannot_be_done_is_greyed(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2")
        active = pilot.app.screen.active_bindings
        assert not active["right_square_bracket"].enabled  # one target only
        assert not active["n"].enabled  # nothing was searched for
        assert "c" not in active  # no demo, no next step
        assert active["y"].enabled
