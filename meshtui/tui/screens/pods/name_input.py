"""Where a pod is typed that is in no list."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class NameInput(Input):
    """Where a pod is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Attach", id="pods.attach", tooltip="Attach to it"),
        Binding("escape", "leave", "Back to the list", id="pods.list", tooltip="Back to the list"),
    ]

    class Left(Message):
        """The typing ended."""

    def action_leave(self) -> None:
        self.post_message(self.Left())
