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
from meshtui.session.private_file import create_new
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.text import content


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
            self.run_worker(self._write(name), exclusive=True, exit_on_error=False)

    async def _write(self, name: str) -> None:
        self._said.update(content("writing …"))
        try:
            path = _meant(name)
            text = await asyncio.to_thread(self._make, path)
            await asyncio.to_thread(create_new, path, text)
        except BadInput as error:
            self._said.update(content(f"✗ {error}"))
        except Exception as error:  # the edge of a worker: what was typed or is saved never ends the screen
            self._said.update(content(f"✗ Nothing was written: meshtui has a defect here ({type(error).__name__})."))
        else:
            self.dismiss(path)


def _meant(name: str) -> Path:
    """The path that a typed name stands for. Raises ``BadInput`` for the home of a user that does not exist."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        user = name.partition("/")[0]
        raise BadInput(f"There is no home directory for {user}.", "type the whole path") from None
