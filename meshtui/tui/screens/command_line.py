"""The line after a colon: shown while a command is typed, gone with the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from meshtui.tui.commands import Command, completion, spellings


class CommandLine(Input):
    """Posts ``Input.Submitted`` for a line, :class:`Left` when none is wanted. Whatever takes the focus closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", id="command.complete", tooltip="Take what is suggested"),
        Binding("escape", "leave", "Back", id="command.back", tooltip="Run nothing"),
    ]

    class Left(Message):
        """The line is closed without a command."""

    def __init__(self, commands: Sequence[Command], *, id: str | None = None) -> None:
        super().__init__(
            placeholder="command",
            compact=True,
            id=id,
            select_on_focus=False,
            suggester=SuggestFromList(spellings(commands), case_sensitive=False),
        )
        self._commands = tuple(commands)
        self.display = False

    def open(self, text: str) -> None:
        """Begin to type, with something typed already. The focus moves at once, so that no paint can hide the line."""
        self.value = text
        self.cursor_position = len(text)
        self.display = True
        self.screen.set_focus(self)

    def close(self) -> None:
        """Hide it."""
        self.display = False

    def on_blur(self) -> None:
        self.close()

    def action_complete(self) -> None:
        self.value = completion(self.value, self._commands)
        self.cursor_position = len(self.value)

    def action_leave(self) -> None:
        self.post_message(self.Left())
