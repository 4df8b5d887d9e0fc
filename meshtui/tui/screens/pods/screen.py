"""The picker: the pods of a namespace as they come and go, and one of them to look at.

::

     meshtui   echo-grpc · rig   https://127.0.0.1:6443            14 pods, 5 proxyless   ● live
        NAME▴                       VERSION  READY  STATUS             RESTARTS     AGE
      ● echo-v1-7cf5b76586-bgn6t    v1         2/2  Running                   0     26m
      ◌ shop-api-5d9c               v3         1/2  CrashLoopBackOff          7     26m
      · redis-0                     –          1/1  Running                   0      3d
     echo-grpc/echo-v1-7cf5b76586-bgn6t   node worker-1   revision 1-29   ip 10.0.0.4
     proxyless gRPC: istio-proxy runs with ISTIO_META_GENERATOR=grpc

It only ever paints what :class:`PodPicker` knows, and asks it for something else; neither waits for a cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.model.kubernetes.reference import parse_reference
from meshtui.model.kubernetes.typed import line_of, parse_line
from meshtui.present.pod_filter import NO_FILTER, PodFilter, pod_filter
from meshtui.present.pods import BY_NAME, Column, Order, in_order
from meshtui.session.kubernetes.picker import PodPicker
from meshtui.session.kubernetes.protocols import ALL_NAMESPACES
from meshtui.session.kubernetes.state import PickerState
from meshtui.tui.kit.backdrop import Backdrop
from meshtui.tui.kit.filter_bar import FilterBar, filter_line
from meshtui.tui.kit.key_bar import KeyBar
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import shown
from meshtui.tui.pump import RATE
from meshtui.tui.screens.pods.head import PodsHead
from meshtui.tui.screens.pods.lines import about_lines, filter_lines
from meshtui.tui.screens.pods.name_input import NameInput
from meshtui.tui.screens.pods.notice import notice_lines, trouble_lines
from meshtui.tui.screens.pods.table import PodHeading, PodTable

SORTS: Final = (Column.NAME, Column.STATUS, Column.RESTARTS, Column.AGE, Column.VERSION, Column.READY, Column.NODE)
"""What ``s`` goes through."""


class PodsScreen(Screen[str | None], Backdrop):
    """Returns the target that was picked or typed, as a line; ``None`` when left."""

    CSS_PATH = "pods.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="pods.filter", tooltip="Show only pods of which something holds"),
        Binding("n", "namespace", "Namespace", id="pods.namespace", tooltip="Another namespace, or all of them"),
        Binding("c", "context", "Context", id="pods.context", tooltip="Another context of the kubeconfig"),
        Binding("a", "type", "Type a name", id="pods.type", tooltip="Type pod/NAME, deploy/NAME or svc/NAME"),
        Binding("s", "sort", "Sort", id="pods.sort", tooltip="Sort by the next column"),
        Binding("S", "turn", "Turn", show=False, id="pods.turn", tooltip="Sort the other way round"),
        Binding("0", "everywhere", "All namespaces", show=False, id="pods.all", tooltip="The pods of all namespaces"),
        Binding("u", "access", "Access", id="pods.access", tooltip="What you may do there, and what gives the rest"),
        Binding("r", "again", "Again", show=False, id="pods.again", tooltip="Connect and list anew, now"),
        Binding("y", "copy", "Copy", show=False, id="pods.copy", tooltip="Copy what attaches to this pod"),
        Binding("tab", "app.focus_next", "Next", show=False, id="pods.next", tooltip="Between list and field"),
        Binding("escape", "back", "Back", id="pods.back", tooltip="Show all pods again; then: leave the list"),
        Binding("question_mark", "help", "Help", id="main.help", tooltip="Every key and mark"),
        Binding("q", "app.quit", "Quit", id="main.quit", tooltip="Leave meshtui"),
    ]

    def __init__(self, picker: PodPicker, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._picker = picker
        self._now = now
        self._filter: PodFilter = NO_FILTER
        self._order = BY_NAME
        self._painted: tuple[object, ...] = ()
        self._all: tuple[PodRow, ...] = ()
        self._tick = 0
        self._head = PodsHead(id="header")
        self._trouble = Page(id="pods-trouble")
        self._trouble.can_focus = False
        self._heading = PodHeading(id="pods-heading")
        self._table = PodTable(now(), id="pods-table")
        self._notice = Page(id="pods-notice")
        self._about = Page(id="pods-about")
        self._about.can_focus = False
        self._filter_bar = FilterBar(
            "words · column:value · label=value · !not, as in: app=echo status:crash restarts>3", id="pods-filter"
        )
        self._input = NameInput(placeholder="pod/NAME, deploy/NAME, svc/NAME", compact=True, id="pods-input")

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._trouble
        yield self._heading
        yield self._table
        yield self._notice
        yield self._about
        yield self._filter_bar
        yield self._input
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self._input.display = False
        self._filter_bar.show(False, lambda width: ())
        self._picker.start()
        self.set_interval(1 / RATE, self._beat)
        self._paint()
        self._focus_rows()

    # painting

    @property
    def _lists(self) -> bool:
        """Whether there are pods to list, or a filter that hides them."""
        return bool(self._picker.state.book.pods)

    def _beat(self) -> None:
        self._tick += 1
        state, now = self._picker.state, self._now()
        mark = (state.revision, int(now.timestamp()), self._filter, self._order)
        if mark != self._painted or not self._lists:
            self._painted = mark
            self._paint()

    def _paint(self) -> None:
        state, now = self._picker.state, self._now()
        lists = self._lists
        had_focus = self.focused in (self._table, self._notice)
        self._all = tuple(state.book.pods.values()) if not _same(self._all, state) else self._all
        self._paint_list(state, now)
        self._head.paint(state, self._all, now, shown=len(self._table.rows) if self._filter.active else None)
        self._table.display = self._heading.display = self._about.display = lists
        self._notice.display = not lists
        troubled = lists and state.book.problem is not None
        self._trouble.display = troubled
        if troubled:
            self._trouble.styles.height = len(list(trouble_lines(state, now, self.size.width)))
            self._trouble.show(lambda width: list(trouble_lines(state, now, width)))
        if not lists:
            waits_for = self._picker.waits_for
            self._notice.show(lambda width: list(notice_lines(state, waits_for, self._tick, now, width)))
        if had_focus:
            self._focus_rows()

    def _paint_list(self, state: PickerState, now: datetime) -> None:
        if self._filter.every_namespace is not state.every_namespace:
            self._filter = pod_filter(self._filter.text, every_namespace=state.every_namespace)
        shown_rows = in_order(self._all, lambda row: self._filter.keeps(row, now), self._order)
        self._heading.order, self._heading.every_namespace = self._order, state.every_namespace
        self._heading.refresh()
        self._table.paint(shown_rows, now, every_namespace=state.every_namespace)
        self._say_filter(len(shown_rows))
        self._paint_about()

    def _paint_about(self) -> None:
        pod, now, filter_ = self._table.pod, self._now(), self._filter
        if filter_.problem or pod is None:
            self._about.show(lambda width: list(filter_lines(filter_, width)))
        else:
            self._about.show(lambda width: list(about_lines(pod, width, now)))

    def _say_filter(self, count: int) -> None:
        problem = self._filter.problem
        note: Line = (Span(shown(problem), Role.NOTE),) if problem else ()
        self._filter_bar.show(
            bool(self._filter.text), lambda width: filter_line(self._filter.text, note, count, width, noun="pod")
        )

    def _focus_rows(self) -> None:
        wanted = self._table if self._lists else self._notice
        if self.focused is not wanted:
            self.set_focus(wanted)

    # what is asked for

    def action_filter(self) -> None:
        self._filter_bar.edit(self._filter.text)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self._filter = pod_filter(message.text, every_namespace=self._picker.state.every_namespace)
        self._paint()

    def on_filter_bar_left(self) -> None:
        self._focus_rows()
        self._paint()

    def action_back(self) -> None:
        if self._filter.text:
            self._filter = NO_FILTER
            self._paint()
        else:
            self.dismiss(None)

    def action_sort(self) -> None:
        shown = self._table.shown_columns
        at = SORTS.index(self._order.column) + 1
        column = next(column for column in (*SORTS[at:], *SORTS) if column in shown)  # the name always is
        self._order = Order(column, descending=column is Column.RESTARTS)
        self._paint()

    def action_turn(self) -> None:
        self._order = replace(self._order, descending=not self._order.descending)
        self._paint()

    def action_again(self) -> None:
        self._picker.again()
        self._paint()

    def action_everywhere(self) -> None:
        self._use_namespace(ALL_NAMESPACES)

    def action_namespace(self) -> None:
        from meshtui.tui.dialogs.pick import PickDialog
        from meshtui.tui.screens.pods.offers import ALL, namespaces

        def chosen(name: str | None) -> None:
            if name is not None:
                self._use_namespace(ALL_NAMESPACES if name == ALL else name)

        hint = "a few letters, or a whole name"
        dialog = PickDialog("Namespace", lambda: namespaces(self._picker.state), placeholder=hint, free=True)
        self.app.push_screen(dialog, chosen)

    def _use_namespace(self, namespace: str) -> None:
        self._picker.use_namespace(namespace)
        self._paint()

    def action_context(self) -> None:
        from meshtui.tui.dialogs.pick import PickDialog
        from meshtui.tui.screens.pods.offers import contexts

        def chosen(name: str | None) -> None:
            if name is not None:
                self._picker.use_context(name)
                self._paint()

        dialog = PickDialog("Context", lambda: contexts(self._picker.state), placeholder="a few letters", free=False)
        self.app.push_screen(dialog, chosen)

    def action_access(self) -> None:
        from meshtui.tui.dialogs.access import AccessDialog
        from meshtui.tui.screens.pods.offers import access

        self.app.push_screen(AccessDialog(lambda: access(self._picker.state), self._picker.ask_access))

    def action_help(self) -> None:
        from meshtui.tui.screens.help import HelpScreen
        from meshtui.tui.screens.pods.offers import help_sections

        bindings = [active.binding for active in self.active_bindings.values()]
        self.app.push_screen(HelpScreen(bindings, help_sections()))

    # picking

    def on_rows_moved(self, message: Rows.Moved) -> None:
        self._paint_about()

    def on_rows_entered(self, message: Rows.Entered) -> None:
        if self._table.pod is not None:
            self.dismiss(self._line(self._table.pod))

    def action_copy(self) -> None:
        if self._table.pod is not None and self._lists:
            self.app.copy_to_clipboard(f"meshtui attach {self._line(self._table.pod)}")
            self.notify(shown(f"Copied meshtui attach {self._line(self._table.pod)}"), markup=False)

    def _line(self, pod: PodRow) -> str:
        return line_of(f"pod/{pod.name}", self._picker.place._replace(namespace=pod.namespace))

    def action_type(self) -> None:
        self._input.display = True
        self.set_focus(self._input)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input is not self._input or not event.value.strip():
            return
        event.stop()
        typed = event.value.strip()
        try:
            text, options = parse_line(typed, self._picker.place)
            if text and "/" not in text:
                text = f"pod/{text}"
            parse_reference(text, selector=options.selector)
        except MeshtuiError as error:
            self.notify(shown(str(error)), severity="error", markup=False)
        else:
            self.dismiss(line_of(text, options))

    def on_name_input_left(self) -> None:
        self._input.display = False
        self._focus_rows()

    def on_unmount(self) -> None:
        """Whatever way it is left: nothing of it goes on."""
        self._picker.leave()


def _same(rows: tuple[PodRow, ...], state: PickerState) -> bool:
    pods = state.book.pods
    return len(rows) == len(pods) and all(row is other for row, other in zip(rows, pods.values(), strict=True))
