"""What stands under the cursor, in words, as YAML, and how it differs from before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive, var

from meshtui.model.xds.diff import body_change
from meshtui.model.xds.graph import Node
from meshtui.model.xds.references import References
from meshtui.model.xds.resource import Resource
from meshtui.present.summary import Section, summarize
from meshtui.tui.frame import Frame
from meshtui.tui.kit.backdrop import Backdrop
from meshtui.tui.kit.bar import Bar, Zone, zones_of
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.paragraphs import paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.yaml_line import YamlLines, as_yaml
from meshtui.tui.views.config.lines.change import change_lines
from meshtui.tui.views.config.lines.summary import section_lines, title_lines

TITLE_AT_MOST = 6
"""Lines of the title: a name of ten thousand characters must leave room for what it names."""


class DetailTab(Enum):
    """The pages of the pane."""

    SUMMARY = "Summary"
    YAML = "YAML"
    CHANGE = "Change"


@dataclass(frozen=True, slots=True, eq=False)
class DetailSubject:
    """What the pane is about. ``node`` is ``None`` when it was chosen in the table."""

    frame: Frame
    node: Node | None
    resource: Resource | None
    previous: Resource | None

    @property
    def place(self) -> tuple[object, ...]:
        """Where this is: the same after a change of what stands there."""
        node = self.node
        key = self.resource.key if self.resource else None
        return (self.frame.state.target, key, node.kind if node else None, node.slot if node else None)


class DetailTabs(Bar):
    """The names of the pages."""

    chosen: reactive[DetailTab] = reactive(DetailTab.SUMMARY)
    changed: reactive[bool] = reactive(False)

    def line(self, width: int) -> Line:
        line: list[Span] = []
        for tab in DetailTab:
            chosen = tab is self.chosen
            words = f"{tab.value} ●" if tab is DetailTab.CHANGE and self.changed else tab.value
            line.append(Span(f" {words} ", Role.STRONG if chosen else Role.DIM))
            line.append(Span(" "))
        return tuple(line)

    def zones(self, width: int) -> tuple[Zone, ...]:
        return zones_of(self.line(width), {2 * number: tab.name for number, tab in enumerate(DetailTab)})


class Detail(Backdrop):
    """Paints one subject."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(1)", "Next page", show=False, id="detail.next", tooltip="Summary, YAML, Change"),
        Binding("left,h", "turn(-1)", "Page before", show=False, id="detail.before", tooltip="Change, YAML, Summary"),
    ]

    subject: var[DetailSubject | None] = var(None, init=False)
    tab: var[DetailTab] = var(DetailTab.SUMMARY, init=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = Page(id="detail-title")
        self._title.can_focus = False
        self._tabs = DetailTabs(id="detail-tabs")
        self._page = Page(id="detail-page")
        self._title_height = 0
        self._references = References({})
        self._place: tuple[object, ...] = ()
        self._content: tuple[object, ...] = ()
        self._yaml: tuple[Resource, str] | None = None

    @property
    def text(self) -> str:
        """The page as text, for copying; YAML without the breaks that are made for the pane's width."""
        subject = self.subject
        if self.tab is DetailTab.YAML and subject is not None and subject.resource is not None:
            return self._as_yaml(subject, subject.resource) or self._page.text
        return self._page.text

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._tabs
        yield self._page

    @property
    def page(self) -> Page:
        """What can be scrolled and copied."""
        return self._page

    def watch_subject(self) -> None:
        self._paint()

    def watch_tab(self, tab: DetailTab) -> None:
        self._tabs.chosen = tab
        self._paint()

    def on_resize(self) -> None:
        self._content = ()
        self._paint()

    def action_turn(self, step: int) -> None:
        tabs = list(DetailTab)
        self.tab = tabs[(tabs.index(self.tab) + step) % len(tabs)]

    def on_bar_pressed(self, message: Bar.Pressed) -> None:
        message.stop()
        self.tab = DetailTab[message.name]

    def _paint(self) -> None:
        subject = self.subject
        if not self.is_mounted:
            return
        for part in (self._title, self._tabs, self._page):
            part.display = subject is not None
        if subject is None:
            return
        self._paint_title(subject)
        self._tabs.changed = subject.previous is not None
        place = (*subject.place, self.tab)
        state = subject.frame.state
        content = (id(subject.resource), id(state.graph), id(state.istio), self.size.width)
        if (place, content) == (self._place, self._content):
            return
        elsewhere = place != self._place
        self._place, self._content = place, content
        writers = {
            DetailTab.SUMMARY: self._summary,
            DetailTab.YAML: self._yaml_page,
            DetailTab.CHANGE: self._change,
        }
        write = writers[self.tab]
        self._page.show(lambda width: write(subject, width), top=elsewhere)

    def _paint_title(self, subject: DetailSubject) -> None:
        def title(width: int) -> Sequence[Line]:
            lines = list(title_lines(subject.node, subject.resource, subject.frame.now, width))
            if len(lines) <= TITLE_AT_MOST:
                return lines
            return [*lines[: TITLE_AT_MOST - 2], (Span(" …", Role.DIM),), lines[-1]]

        height = len(title(max(self.size.width - 1, 8)))
        if height != self._title_height:
            self._title_height = height
            self._title.styles.height = height
        self._title.show(title)

    def _summary(self, subject: DetailSubject, width: int) -> Sequence[Line]:
        snapshot = subject.frame.state.snapshot
        if snapshot is None:
            return ()
        if self._references.resources is not snapshot.resources:
            self._references = References(snapshot.resources)
        sections = summarize(snapshot, subject.node, subject.resource, self._references)
        return [*section_lines((*sections, *_named_by(subject)), width), EMPTY]

    def _yaml_page(self, subject: DetailSubject, width: int) -> Sequence[Line]:
        if subject.resource is None or not subject.resource.value:
            return [
                EMPTY,
                *paragraph("The client holds no config for this, so there is none to show.", width, Role.DIM),
            ]
        return YamlLines(self._as_yaml(subject, subject.resource), width)

    def _change(self, subject: DetailSubject, width: int) -> Sequence[Line]:
        now, before = subject.resource, subject.previous
        if now is None or before is None:
            words = "This config has not changed since meshtui began to look."
            return [EMPTY, *paragraph(words, width, Role.DIM)]
        words = body_change(before.body, now.body) if now.value else "its config is gone"
        head = paragraph(words, width, Role.STRONG, indent=1)
        changed = subject.frame.state.changed_at.get(now.key)
        at = f"  at {changed:%H:%M:%S} UTC" if changed else ""
        versions = paragraph(f"{before.version or '–'} → {now.version or '–'}{at}", width, Role.DIM, indent=1)
        old, new = as_yaml(subject.frame.as_json(before)), self._as_yaml(subject, now) if now.value else ""
        return [EMPTY, *head, *versions, EMPTY, *change_lines(old, new, width)]

    def _as_yaml(self, subject: DetailSubject, resource: Resource) -> str:
        if self._yaml is None or self._yaml[0] is not resource:
            self._yaml = (resource, as_yaml(subject.frame.as_json(resource)))
        return self._yaml[1]


def _named_by(subject: DetailSubject) -> Iterator[Section]:
    """Istio's objects that name the host, of a target in a cluster."""
    if subject.resource is None or subject.frame.state.istio is None:
        return
    from meshtui.present.istio_section import istio_section  # only pods need it

    section = istio_section(subject.resource.key, subject.frame.state.istio)
    if section is not None:
        yield section
