"""What may be done with a target, and what would give the rest.

::

     Access   9 of 12   namespace echo-grpc       y copy · Y all · r anew · esc
     ✓ forward     yes     config, channels, echo runs, the agent: …
     ✗ exec        no      the bootstrap and the certificate files
     …
     why not       You may not get and create pods/exec.
     without it    the agent's metrics and the certificates on live connections

     This gives it   y copies it
       kind: Role …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshtui.model.kubernetes.access import Access, AccessLadder, Step
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.access_lines import detail_lines, step_line, summary
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.paragraphs import paragraph
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import EMPTY, Line, Role
from meshtui.tui.kit.text import shown

LOOKS = 5
"""Looks a second: the answer may come while the dialog is open."""

HINT = "y copy · Y all · r anew · esc"


class AccessRows(Rows):
    """A row for each step."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.steps: tuple[Step, ...] = ()

    @property
    def step(self) -> Step | None:
        """The step under the cursor."""
        return self.steps[self.cursor] if 0 <= self.cursor < len(self.steps) else None

    def count(self) -> int:
        return len(self.steps)

    def line(self, index: int, width: int) -> Line:
        return step_line(self.steps[index], width)


class AccessDialog(ModalScreen[None]):
    """``look`` gives the ladder, or why there is none yet; ``ask`` asks for the rights anew: somebody may have granted
    some meanwhile."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="access.copy", tooltip="Copy what gives the step under the cursor"),
        Binding("Y", "copy_all", "Copy all", id="access.copy-all", tooltip="Copy what gives all missing rights"),
        Binding("r", "ask", "Anew", id="access.ask", tooltip="Ask anew for the rights"),
        Binding(
            "tab", "app.focus_next", "Next", show=False, id="access.next", tooltip="Between steps and their detail"
        ),
        Binding("escape,u,A,q", "dismiss(None)", "Back", id="access.back", tooltip="Back to where you came from"),
    ]

    def __init__(self, look: Callable[[], AccessLadder | str], ask: Callable[[], None]) -> None:
        super().__init__()
        self._look = look
        self._ask = ask
        self._seen: AccessLadder | str = ""
        self._title = Title("Access", HINT)
        self._rows = AccessRows(id="access-rows")
        self._detail = Page(id="access-detail")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield self._title
            yield self._rows
            yield self._detail

    def on_mount(self) -> None:
        self._rows.focus()
        self._look_again()
        self.set_interval(1 / LOOKS, self._look_again)

    def _look_again(self) -> None:
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            self._paint()

    def _paint(self) -> None:
        seen = self._seen
        steps = seen.steps if isinstance(seen, AccessLadder) else ()
        before = self._rows.step
        self._rows.steps = steps
        self._rows.display = bool(steps)
        self._rows.redraw()
        if before is None or before.name not in [step.name for step in steps]:
            # What is missing is what one comes for.
            at = next((at for at, step in enumerate(steps) if step.access is Access.MISSING), 0)
        else:
            at = [step.name for step in steps].index(before.name)
        self._rows.cursor = at
        if isinstance(seen, AccessLadder):
            self._title.say(f"Access   {summary(seen)}   {seen.about}")
        self._paint_detail()

    def _paint_detail(self, *, top: bool = False) -> None:
        self._detail.show(lambda width: list(self._lines(width)), top=top)

    def _lines(self, width: int) -> Iterator[Line]:
        yield EMPTY
        step = self._rows.step
        if isinstance(self._seen, str):
            yield from paragraph(self._seen, width, Role.TEXT, indent=1)
        elif step is not None:
            yield from detail_lines(step, width)

    def on_rows_moved(self, message: Rows.Moved) -> None:
        message.stop()
        self._paint_detail(top=True)

    def action_ask(self) -> None:
        self._ask()

    def action_copy(self) -> None:
        step = self._rows.step
        if step is not None and step.paste:
            self._copy(step.paste, f"what gives {step.name}")
        else:
            self.notify(shown("There is nothing to paste for this step"), markup=False)

    def action_copy_all(self) -> None:
        if isinstance(self._seen, AccessLadder) and self._seen.paste:
            self._copy(self._seen.paste, "the Role for all rights that are missing")
        else:
            self.notify(shown("No right is missing for certain"), markup=False)

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(shown(f"Copied {what}"), markup=False)
