"""The keys of the main screen: its own, and those that begin a view's command."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

from meshtui.tui.screens.pod_banner import FOLLOW_KEY
from meshtui.tui.views.registry import VIEWS

MAIN_KEYS: Final[list[BindingType]] = [
    *(
        Binding(
            view.key,
            f"view('{view.id}')",
            view.title,
            show=False,
            id=f"view.{view.id}",
            tooltip=f"View {view.title}",
        )
        for view in VIEWS
    ),
    Binding("o,ctrl+o", "targets", "Targets", id="main.targets", tooltip="Choose among targets, or attach another"),
    Binding("right_square_bracket", "switch(1)", "Next target", show=False, id="main.next", tooltip="The next target"),
    Binding(
        "left_square_bracket",
        "switch(-1)",
        "Target before",
        show=False,
        id="main.before",
        tooltip="The target before",
    ),
    Binding("escape,backspace", "return", "Back", id="main.return", tooltip="Back to where you came from"),
    Binding("space", "freeze", "Freeze", id="main.freeze", tooltip="Hold the screen still, or let it go on"),
    Binding(
        FOLLOW_KEY,
        "next_pod",
        "Follow",
        id="main.next-pod",
        tooltip="Go on with the pod that takes the place of one that ends",
    ),
    Binding("r", "poll", "Look now", show=False, id="main.poll", tooltip="Look at the target now"),
    Binding("c", "step", "Next step", id="main.step", tooltip="Play the demo's next step, once you agreed"),
    Binding("A", "access", "Access", show=False, id="main.access", tooltip="What can be had, and what gives the rest"),
    Binding("tab", "app.focus_next", "Next pane", show=False, id="main.pane", tooltip="Between list and detail"),
    Binding("colon", "command", "Command", show=False, id="main.command", tooltip="Type a command"),
    *(
        Binding(
            command.key,
            f"command('{command.name} ')",
            command.name.capitalize(),
            show=False,
            id=f"main.{command.name}",
            tooltip=command.tooltip,
        )
        for view in VIEWS
        for command in view.commands
        if command.key
    ),
    Binding("question_mark", "help", "Help", id="main.help", tooltip="Every key, mark and command"),
    Binding("q", "app.quit", "Quit", id="main.quit", tooltip="Leave meshtui"),
]
"""In the order in which they are shown and listed."""
