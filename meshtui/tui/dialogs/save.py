"""Where to write. Nothing is ever overwritten: a name that is taken is said, and another asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.model.errors import BadInput
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.safe import content
from meshtui.tui.saving import write_new


class SaveDialog(ModalScreen[Path | None]):
    """Returns the path written, or ``None`` when left.

    ``make`` gives the text for a path, off the event loop; it raises ``BadInput`` for a name it cannot serve.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="save.back", tooltip="Write nothing"),
    ]

    def __init__(self, make: Callable[[Path], str], suggested: str, title: str) -> None:
        super().__init__()
        self._make, self._title = make, title
        self._input = Input(suggested, compact=True, id="save-input", select_on_focus=False)
        self._said = Static(content(""), id="save-said")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title(self._title, "enter writes · esc back")
            yield self._input
            yield self._said

    def on_mount(self) -> None:
        self._input.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip()
        if name:
            self.run_worker(self._write(Path(name).expanduser()), exclusive=True, exit_on_error=False)

    async def _write(self, path: Path) -> None:
        self._said.update(content("writing …"))
        try:
            text = await asyncio.to_thread(self._make, path)
            await asyncio.to_thread(write_new, path, text)
        except BadInput as error:
            self._said.update(content(f"✗ {error}"))
        else:
            self.dismiss(path)
