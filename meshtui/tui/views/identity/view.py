"""View 4: who the workload is, and what its bootstrap says.

::

      spiffe://cluster.local/ns/echo-grpc/sa/client                               who
      ▸ leaf   77:01:02:03… ├━━━━━●──────────┊────────┤  ends in 50m              the chain, each with its life
      ▸ root   34:c5:5e:ed… ●─────────────────────────┤  ends in 9y 364d
      issued ✓   on disk ✓   in use ✓   expected ✓                                the four corners compared

      Towards clusters            ▾ Bootstrap  ✓ Istio's shape, 1 server          TLS and agent │ the bootstrap
      ✓ v1 mTLS  expects spiffe…    { "xds_servers": [
      Agent  ✓ ready                   …

Below ``SIDE_BY_SIDE`` cells all stands in one list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from meshtui.model.identity.workload import Workload
from meshtui.model.subject import BootstrapSubject, Subject
from meshtui.tui.frame import Frame
from meshtui.tui.kit.backdrop import Row
from meshtui.tui.kit.rows import Rows
from meshtui.tui.views.identity.lines.bootstrap import BOOTSTRAP_TITLE, place_in_bootstrap
from meshtui.tui.views.identity.lines.entry import BLANK, IdentityEntry
from meshtui.tui.views.identity.lines.page import body_entries, foot_entries, head_entries
from meshtui.tui.views.identity.rows import IdentityRows
from meshtui.tui.views.registry import View

SIDE_BY_SIDE: Final = 120
"""Cells from which TLS and agent stand beside the bootstrap, under a chain that has the whole width."""

HEAD_SHARE: Final = 0.6
"""The most of the height the upper part takes; it scrolls when it needs more."""


class IdentityView(View):
    """Three lists on a wide screen; one under the other in a single list on a narrow one."""

    needs_config: ClassVar[bool] = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="identity.copy", tooltip="Copy the whole name, serial or line"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._head = IdentityRows(id="identity-head")
        self._body = IdentityRows(id="identity-body")
        self._foot = IdentityRows(id="identity-foot")
        self._opened: dict[str, set[str]] = defaultdict(set)
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        yield self._head
        with Row(id="identity-lower"):
            yield self._body
            yield self._foot

    def enter(self) -> None:
        self.screen.set_focus(self._head)

    def on_mount(self) -> None:
        self.call_after_refresh(self.watch_frame)

    def go_to(self, subject: Subject) -> None:
        """Put the cursor on the line of the bootstrap that says it, or on the nearest one that holds it."""
        if isinstance(subject, BootstrapSubject):
            self._wanted = subject.path
            self.watch_frame()

    def _arrive(self) -> None:
        path, self._wanted = self._wanted, None
        if path is None or self.frame is None:
            return
        narrow = self.has_class("-narrow")
        opened = self._opened[self.frame.state.target]
        if (BOOTSTRAP_TITLE in opened) is not narrow:
            self._turn(BOOTSTRAP_TITLE)
        rows = self._head if narrow else self._foot
        self.screen.set_focus(rows)
        rows.go_to(lambda entry: place_in_bootstrap(entry, path))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < SIDE_BY_SIDE, "-narrow")
        self.watch_frame()

    # painting

    def watch_frame(self) -> None:
        frame = self.frame
        workload = frame.state.workload if frame is not None else None
        if frame is None or workload is None or not self.is_mounted:
            return
        if self._wanted is not None:
            self.call_after_refresh(self._arrive)
        opened = self._opened[frame.state.target]
        if self.has_class("-narrow"):
            self._head.styles.height = "1fr"
            self._head.paint(partial(_all_entries, frame, workload, opened))
            return
        self._head.paint(lambda width: head_entries(frame, workload, width, opened))
        most = max(int(self.size.height * HEAD_SHARE), 8)
        self._head.styles.height = min(self._head.lines_at(max(self.size.width - 1, 1)), most)
        self._body.paint(lambda width: body_entries(frame, workload, width))
        self._foot.paint(lambda width: foot_entries(frame, workload, width, opened, whole=True))

    # what is chosen

    def on_rows_moved(self, message: Rows.Moved) -> None:
        message.stop()

    def on_rows_entered(self, message: Rows.Entered) -> None:
        message.stop()
        rows = message.rows
        entry = rows.entry if isinstance(rows, IdentityRows) else None
        if entry is None:
            return
        if entry.subject is not None:
            self.post_message(self.GoTo(entry.subject))
        elif entry.folds:
            self._turn(entry.id)

    def on_identity_rows_folded(self, message: IdentityRows.Folded) -> None:
        message.stop()
        self._turn(message.entry.id)

    def _turn(self, id_: str) -> None:
        if self.frame is not None:
            opened = self._opened[self.frame.state.target]
            opened.symmetric_difference_update({id_})
            self.watch_frame()

    def action_copy(self) -> None:
        rows = next((rows for rows in (self._head, self._body, self._foot) if rows.has_focus), self._head)
        entry = rows.entry
        if entry is not None and entry.copy:
            self.post_message(self.Copy(entry.copy, entry.copy))


def _all_entries(frame: Frame, workload: Workload, opened: set[str], width: int) -> Iterator[IdentityEntry]:
    yield from head_entries(frame, workload, width, opened)
    yield from body_entries(frame, workload, width)
    yield BLANK
    yield from foot_entries(frame, workload, width, opened, whole=False)
