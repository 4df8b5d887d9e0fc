"""View 2: what the client holds and how it hangs together, beside the detail of one thing.

::

     ▾ ✓ echo.echo-grpc.svc.cluster.local:7070   LDS  41  2 m │ outbound|7070|v1|echo…          title
       ▾ ✓ outbound|7070||echo.echo-grpc…        RDS  42  2 m │ Summary   YAML   Change         pages
         ▾ ✓ (everything else)                                │
           ▾ ✓  80 %  v1  outbound|7070|v1|…     CDS  41  2 m │ picks     ROUND_ROBIN
               ✓ 127.0.1.11:17070  HEALTHY                    │ TLS       mTLS, expects spiffe://…
     / words                                        3 of 7    │                            the filter, if any

Below ``SIDE_BY_SIDE`` cells there is one column, and ``enter`` opens the detail over the list.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var

from meshtui.model.echo.urls import NoProbe, Owners, ProbeTarget, target_of, target_of_resource
from meshtui.model.subject import ResourceSubject, Subject
from meshtui.model.xds.graph import EMPTY_GRAPH
from meshtui.model.xds.references import owner
from meshtui.model.xds.resource import Resource, ResourceKey
from meshtui.present.documents.xds import file_name, saved
from meshtui.present.tree_rows import Filter, way
from meshtui.tui.frame import Frame
from meshtui.tui.kit.backdrop import Column
from meshtui.tui.kit.filter_bar import FilterBar, filter_line
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import Role, Span
from meshtui.tui.views.config.detail import Detail, DetailSubject
from meshtui.tui.views.config.table import ConfigTable, TableHeading
from meshtui.tui.views.config.tree import ConfigTree
from meshtui.tui.views.registry import View

SIDE_BY_SIDE = 100
"""Cells from which tree and detail stand beside each other."""


class ConfigView(View):
    """Tree or table, filter and detail. One column on a narrow screen: ``enter`` opens the detail over the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="config.filter", tooltip="Show only what contains some words"),
        Binding(
            "exclamation_mark", "probe", "Probe", id="config.probe", tooltip="Send to this service, once you agreed"
        ),
        Binding(
            "e", "trouble", "Trouble", id="config.trouble", tooltip="Show only what is not fine, and the way there"
        ),
        Binding("t", "form", "Table", id="config.form", tooltip="The same config as a tree or as a table by type"),
        Binding("v", "page", "Page", id="config.page", tooltip="Next page of the detail: Summary, YAML, Change"),
        Binding("y", "copy", "Copy", id="config.copy", tooltip="Copy the whole name, or the page that has the focus"),
        Binding("s", "save(False)", "Save", id="config.save", tooltip="Write this resource as JSON to a new file"),
        Binding("S", "save(True)", "Save all", show=False, id="config.save-all", tooltip="Write all resources as JSON"),
        Binding("n", "seek(1)", "Next match", show=False, id="config.next", tooltip="Next row with the filter's words"),
        Binding("N", "seek(-1)", "Match before", show=False, id="config.before", tooltip="The match before"),
        Binding(
            "escape", "back", "Back", show=False, id="config.back", tooltip="To the list; then: show everything again"
        ),
    ]

    filter: var[Filter] = var(Filter(), init=False)
    as_table: var[bool] = var(False, init=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tree = ConfigTree(id="config-tree")
        self._table = ConfigTable(id="config-table")
        self._heading = TableHeading(id="config-heading")
        self._filter_bar = FilterBar("every word must occur: name, type, status, note", id="config-filter")
        self._detail = Detail(id="config-detail")
        self._sought = ""
        self._detail_due = False
        self._owners = Owners(EMPTY_GRAPH)
        self._wanted: ResourceKey | None = None
        self._fell_on: dict[str, ResourceKey] = {}
        self._placed: set[str] = set()

    def compose(self) -> ComposeResult:
        with Column(id="config-list"):
            yield self._heading
            yield self._tree
            yield self._table
            yield self._filter_bar
        yield self._detail

    def on_mount(self) -> None:
        self._show_form()
        self.call_after_refresh(self.watch_frame)

    @property
    def rows(self) -> Rows:
        """The list in front."""
        return self._table if self.as_table else self._tree

    def enter(self) -> None:
        self.screen.set_focus(self.rows)

    def run_command(self, name: str, argument: str) -> None:
        match name:
            case "filter":
                self.filter = Filter(argument, self.filter.only_trouble)
            case "trouble":
                self.action_trouble()
            case "tree":
                self.as_table = False
            case "table":
                self.as_table = True

    def go_to(self, subject: Subject) -> None:
        """Put the cursor on a resource, clearing a filter that would hide it."""
        if not isinstance(subject, ResourceSubject):
            return
        self._wanted = subject.key
        self._place()
        if self.filter.active:
            self.filter = Filter()
        if self._tree.count() or self._table.count():
            self._arrive()

    def _arrive(self) -> None:
        key, self._wanted = self._wanted, None
        if key is not None:
            (self._table if self.as_table else self._tree).go_to(key)

    # painting

    def watch_frame(self) -> None:
        if self.frame is None or not self.is_mounted:
            return
        self._paint()
        if self._wanted is not None:
            self._arrive()

    def watch_filter(self) -> None:
        if self.filter.words:
            self._sought = self.filter.text
        self._paint()
        self.refresh_bindings()

    def watch_as_table(self) -> None:
        key = self._resource_key()
        self._show_form()
        self._paint()
        if key is not None:
            (self._table if self.as_table else self._tree).go_to(key)
        self.screen.set_focus(self.rows)

    def _show_form(self) -> None:
        self._tree.display = not self.as_table
        self._table.display = self._heading.display = self.as_table

    def _paint(self) -> None:
        if self.frame is None or not self.is_mounted:
            return
        shown = self._table if self.as_table else self._tree
        shown.paint(self.frame, self.filter)
        self._say_filter(self.filter, shown.shown)
        self._paint_detail()

    def _say_filter(self, filter_: Filter, shown: int) -> None:
        none = ": none in the config" if not shown and not filter_.words else ""
        note = (Span(f"only trouble{none}", Role.NOTE),) if filter_.only_trouble else ()
        typed = filter_.text if filter_.words else ""
        self._filter_bar.show(filter_.active, lambda width: filter_line(typed, note, shown, width))

    def _paint_detail(self) -> None:
        if self.frame is None:
            return
        had = self._detail.subject is not None
        self._detail.subject = self._subject(self.frame)
        if self.frame.controller is not None:
            self.frame.controller.pointed_at = self._probe_target().url if self._points(self.frame) else ""
        if had != (self._detail.subject is not None):
            self.refresh_bindings()

    def _place(self) -> None:
        """A person put the cursor where it is."""
        if self.frame is not None:
            self._placed.add(self.frame.state.target)

    def _points(self, frame: Frame) -> bool:
        """Whether the cursor means its service: not while it still is on the row it fell on when the target's config
        was first seen."""
        target, key = frame.state.target, self._resource_key()
        if key is not None and self._fell_on.setdefault(target, key) != key:
            self._placed.add(target)
        return target in self._placed

    def _subject(self, frame: Frame) -> DetailSubject | None:
        if self.as_table:
            resource = self._table.resource
            return DetailSubject(frame, None, resource, self._previous(frame, resource)) if resource else None
        row = self._tree.row
        if row is None or frame.state.snapshot is None:
            return None
        resource = owner(frame.state.snapshot, way(frame.state.graph, row.path))
        return DetailSubject(frame, row.node, resource, self._previous(frame, resource))

    def _previous(self, frame: Frame, resource: Resource | None) -> Resource | None:
        return frame.state.previous.get(resource.key) if resource else None

    def _resource_key(self) -> ResourceKey | None:
        subject = self._detail.subject
        return subject.resource.key if subject and subject.resource else None

    # the list and the filter

    def on_rows_moved(self, message: Rows.Moved) -> None:
        """The detail follows when the keys already pressed have been seen to: the cursor never waits for it."""
        message.stop()
        if not self._detail_due:
            self._detail_due = True
            self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        self._detail_due = False
        self._paint_detail()

    def on_rows_entered(self, message: Rows.Entered) -> None:
        message.stop()
        self._place()
        self.set_class(True, "-reading")
        self.screen.set_focus(self._detail.page)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        message.stop()
        self.filter = Filter(message.text, self.filter.only_trouble)

    def on_filter_bar_left(self, message: FilterBar.Left) -> None:
        message.stop()
        self.screen.set_focus(self.rows)
        self.call_after_refresh(self._paint)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < SIDE_BY_SIDE, "-narrow")

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "seek":
            return True if self._sought else None
        if action == "back":
            return self._reading or self.filter.active
        if action in ("save", "copy", "page", "probe"):
            return True if self._detail.subject is not None else None
        return True

    def action_filter(self) -> None:
        self.set_class(False, "-reading")
        self._filter_bar.edit(self.filter.text)

    def action_trouble(self) -> None:
        self.filter = Filter(self.filter.text, not self.filter.only_trouble)

    def action_form(self) -> None:
        self.set_class(False, "-reading")
        self.as_table = not self.as_table

    def action_page(self) -> None:
        if self.has_class("-narrow") and not self.has_class("-reading"):
            self.set_class(True, "-reading")
            self.screen.set_focus(self._detail.page)
        else:
            self._detail.action_turn(1)

    def action_seek(self, step: int) -> None:
        words = tuple(self._sought.lower().split())
        if not (self._table if self.as_table else self._tree).seek(words, step):
            self.notify(f"No row contains {self._sought}", markup=False)

    @property
    def _reading(self) -> bool:
        return self.has_class("-reading") or self._detail.page.has_focus

    def action_back(self) -> None:
        if self._reading:
            self.set_class(False, "-reading")
            self.screen.set_focus(self.rows)
        elif self.filter.active:
            self.filter = Filter()

    def action_probe(self) -> None:
        target = self._probe_target()
        if target.why_not is not None:
            self.notify(target.why_not.value, markup=False)
        else:
            self.post_message(self.Probe(target.url))

    def _probe_target(self) -> ProbeTarget:
        frame, row = self.frame, self._tree.row
        if frame is None or frame.state.snapshot is None:
            return ProbeTarget(why_not=NoProbe.NO_SERVICE)
        if not self.as_table:
            return target_of(way(frame.state.graph, row.path if row is not None else ()))
        resource = self._table.resource
        if resource is None:
            return ProbeTarget(why_not=NoProbe.NO_SERVICE)
        if self._owners.graph is not frame.state.graph:
            self._owners = Owners(frame.state.graph)
        return target_of_resource(frame.state.snapshot, self._owners, resource.key)

    def action_copy(self) -> None:
        subject = self._detail.subject
        if subject is None:
            return
        if self._detail.page.has_focus:
            self.post_message(self.Copy(self._detail.text, f"the page {self._detail.tab.value}"))
            return
        name = (
            subject.node.name or subject.node.label
            if subject.node
            else subject.resource.key.name
            if subject.resource
            else ""
        )
        self.post_message(self.Copy(name, name))

    def action_save(self, everything: bool) -> None:
        subject = self._detail.subject
        if subject is None or subject.frame.state.snapshot is None:
            return
        snapshot, target, as_json = subject.frame.state.snapshot, subject.frame.state.target, subject.frame.as_json
        resource = subject.resource
        if everything or resource is None:
            chosen = tuple(snapshot.resources.values())
            name = file_name("xds", target)
        else:
            chosen = (resource,)
            name = file_name(resource.key.type.lower(), resource.key.name)
        self.post_message(
            self.Save(lambda _: saved(target, snapshot, chosen, as_json), name, "Save as JSON to a new file")
        )
