"""Write a run to a new file: JSON with everything, or CSV of its course over time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.doctor.explain import cause_of
from meshtui.model.echo_export import run_csv, run_json
from meshtui.model.errors import BadInput
from meshtui.session.echo_state import EchoState
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.safe import content
from meshtui.tui.saving import file_name, write_new


def export_text(state: EchoState, path: Path) -> str:
    """The run in the form that the name's ending asks for. Raises ``BadInput`` for another ending."""
    if path.suffix == ".csv":
        return run_csv(state.tally)
    if path.suffix == ".json":
        return run_json(
            state.spec,
            state.tally,
            state.assessment,
            state.epochs,
            state.started or datetime.now(UTC),
            lambda sample: cause_of(sample).explanation,
        )
    raise BadInput(f"{path.name} is neither .json nor .csv.", "end the name with one of them")


def suggested_name(state: EchoState) -> str:
    """``echo-client-20260801-100000.json``."""
    return file_name("echo", state.probe, f"{state.started:%Y%m%d-%H%M%S}" if state.started else "")


class EchoExportDialog(ModalScreen[Path | None]):
    """Returns the path written, ``None`` when left. Nothing is ever overwritten."""

    CSS_PATH = ["dialogs.tcss", "echo.tcss"]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="echo-export.back", tooltip="Write nothing"),
    ]

    def __init__(self, state: EchoState) -> None:
        super().__init__()
        self._state = state
        self._input = Input(suggested_name(state), compact=True, id="echo-export-input", select_on_focus=False)
        self._said = Static(content(""), id="echo-export-said")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Title("Save this run to a new file, .json or .csv", "enter writes · esc back")
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
            text = await asyncio.to_thread(export_text, self._state, path)
            await asyncio.to_thread(write_new, path, text)
        except BadInput as error:
            self._said.update(content(f"✗ {error}"))
        else:
            self.dismiss(path)
