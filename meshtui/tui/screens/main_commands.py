"""The commands of the main screen: its own, and those its views add."""

from __future__ import annotations

from typing import Any, Protocol

from textual.app import App

from meshtui.tui.commands import Command
from meshtui.tui.kit.themes import NAMES
from meshtui.tui.views.registry import VIEWS, View, ViewCommand


class Commanded(Protocol):
    """What the commands need of the screen they are typed on."""

    @property
    def app(self) -> App[Any]:
        """The program."""
        ...

    def show_view(self, id_: str) -> View:
        """Bring a view to the front."""
        ...

    def attach(self, target: str) -> None:
        """Bring a target to the front."""
        ...

    def complain(self, text: str) -> None:
        """Say what went wrong."""
        ...

    def action_view(self, id_: str) -> None:
        """Open a view as its key does."""
        ...

    def action_targets(self) -> None:
        """Ask for a target."""
        ...

    def action_pods(self) -> None:
        """Show the pods of a cluster."""
        ...

    def action_access(self) -> None:
        """Show what each right, port and file gives."""
        ...

    def action_freeze(self) -> None:
        """Hold the screen still, or let it go on."""
        ...

    def action_poll(self) -> None:
        """Look at the target now."""
        ...

    def action_help(self) -> None:
        """Show every key."""
        ...


def main_commands(screen: Commanded) -> tuple[Command, ...]:
    """What can be typed after a colon, in the order it is listed."""

    def open_(target: str) -> None:
        screen.attach(target) if target else screen.action_targets()

    def view(name: str) -> None:
        found = [spec for spec in VIEWS if name in (spec.id, spec.key)]
        if found:
            screen.action_view(found[0].id)
        else:
            screen.complain(f"There is no view {name}; there are {', '.join(spec.id for spec in VIEWS)}.")

    def quit_() -> None:
        screen.app.run_worker(screen.app.action_quit())

    def theme(name: str) -> None:
        if name in screen.app.available_themes:
            screen.app.theme = name
        else:
            screen.complain(f"There is no theme {name}.")

    return (
        Command("open", "Attach a target, or choose one", open_, argument="TARGET"),
        Command("pods", "Pick a pod of a cluster", lambda _: screen.action_pods()),
        Command("access", "What can be had of the target, and what gives the rest", lambda _: screen.action_access()),
        Command("view", "Open a view", view, argument="NAME", required=True, choices=tuple(spec.id for spec in VIEWS)),
        *(_of_view(screen, spec.id, command) for spec in VIEWS for command in spec.commands),
        Command("freeze", "Hold the screen still, or let it go on", lambda _: screen.action_freeze()),
        Command("poll", "Look at the target now", lambda _: screen.action_poll()),
        Command("theme", "Use other colours", theme, argument="NAME", required=True, choices=NAMES),
        Command("help", "Every key, mark and command", lambda _: screen.action_help()),
        Command("quit", "Leave meshtui", lambda _: quit_()),
    )


def _of_view(screen: Commanded, view: str, command: ViewCommand) -> Command:
    def run(argument: str) -> None:
        screen.show_view(view).run_command(command.name, argument)

    return Command(command.name, command.help, run, argument=command.argument)
