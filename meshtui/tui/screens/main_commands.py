"""The commands of the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshtui.tui.commands import Command
from meshtui.tui.views.registry import VIEWS

if TYPE_CHECKING:
    from meshtui.tui.screens.main import MainScreen
    from meshtui.tui.views.config.view import ConfigView


def main_commands(screen: MainScreen) -> tuple[Command, ...]:
    """What can be typed after a colon, in the order it is listed."""

    def config() -> ConfigView:
        from meshtui.tui.views.config.view import ConfigView

        view = screen.show_view("config")
        assert isinstance(view, ConfigView)
        return view

    def open_(target: str) -> None:
        screen.attach(target) if target else screen.action_targets()

    def view(name: str) -> None:
        found = [spec for spec in VIEWS if spec.id == name or spec.key == name]
        if found:
            screen.show_view(found[0].id)
        else:
            screen.complain(f"There is no view {name}; there are {', '.join(spec.id for spec in VIEWS)}.")

    def filter_(text: str) -> None:
        from meshtui.present.tree_rows import Filter

        shown = config()
        shown.filter = Filter(text, shown.filter.only_trouble)

    def form(as_table: bool) -> None:
        config().as_table = as_table

    def quit_() -> None:
        screen.app.run_worker(screen.app.action_quit())

    def theme(name: str) -> None:
        if name in screen.app.available_themes:
            screen.app.theme = name
        else:
            screen.complain(f"There is no theme {name}.")

    from meshtui.tui.kit.themes import NAMES

    return (
        Command("open", "Attach a target, or choose one", open_, "TARGET"),
        Command("view", "Open a view", view, "NAME", required=True, choices=tuple(spec.id for spec in VIEWS)),
        Command("filter", "Show only what contains these words", filter_, "WORDS"),
        Command("trouble", "Show only what is not fine, or everything again", lambda _: config().action_trouble()),
        Command("tree", "Show the config as a tree", lambda _: form(False)),
        Command("table", "Show the config as a table by type", lambda _: form(True)),
        Command("freeze", "Hold the screen still, or let it go on", lambda _: screen.action_freeze()),
        Command("poll", "Look at the target now", lambda _: screen.action_poll()),
        Command("theme", "Use other colours", theme, "NAME", required=True, choices=NAMES),
        Command("help", "Every key, mark and command", lambda _: screen.action_help()),
        Command("quit", "Leave meshtui", lambda _: quit_()),
    )
