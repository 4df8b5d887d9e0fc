"""Which version answers for which subset, where the names do not say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.text import content, cut
from meshtui.tui.views.echo.dialogs.choice_input import OfferingInput


class EchoMapDialog(ModalScreen[dict[str, str] | None]):
    """Returns subset to version, without those left empty; ``None`` when left."""

    CSS_PATH = ["../../../dialogs/dialogs.tcss", "echo.tcss"]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="echo-map.back", tooltip="Map nothing"),
    ]

    def __init__(self, subsets: Sequence[str], versions: Sequence[str], known: Mapping[str, str]) -> None:
        super().__init__()
        self._subsets = tuple(subsets)
        self._versions = tuple(versions)
        self._known = known

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Title("Which version answers for a subset", "↓ versions seen · enter maps · esc back")
            for place, subset in enumerate(self._subsets):
                with Horizontal():
                    yield Static(content(f"{cut(subset, 20)}  →"), classes="label")
                    yield OfferingInput(
                        self._known.get(subset, ""), self._versions, placeholder="version", id=f"echo-map-{place}"
                    )

    def on_mount(self) -> None:
        self.query(Input).first().focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        values = [self.query_one(f"#echo-map-{place}", Input).value.strip() for place in range(len(self._subsets))]
        self.dismiss({subset: value for subset, value in zip(self._subsets, values, strict=True) if value})
