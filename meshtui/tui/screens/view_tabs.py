"""The second line: the views there are, and how much the doctor found."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from meshtui.model.finding import Severity
from meshtui.model.phrases import plural
from meshtui.present.severity import SEVERITY_GLYPHS
from meshtui.tui.frame import Frame
from meshtui.tui.kit.bar import Bar, Zone, zones_of
from meshtui.tui.kit.marks import SEVERITY_ROLES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import spread
from meshtui.tui.views.registry import ViewSpec


class ViewTabs(Bar):
    """Paints the tabs; a click on one posts :class:`Bar.Pressed` with the view's id."""

    frame: reactive[Frame | None] = reactive(None)
    chosen: reactive[str] = reactive("")

    def __init__(self, views: Sequence[ViewSpec], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._views = tuple(views)

    @property
    def _there(self) -> Sequence[ViewSpec]:
        """Those that the target has, and the one in front."""
        return [view for view in self._views if view.id == self.chosen or view.is_there(self.frame)]

    def line(self, width: int) -> Line:
        return spread(self._tabs(), self._findings(), width)

    def zones(self, width: int) -> tuple[Zone, ...]:
        names = {index: view.id for number, view in enumerate(self._there) for index in (3 * number, 3 * number + 1)}
        return zones_of(self._tabs(), names)

    def _tabs(self) -> Line:
        line: list[Span] = []
        for view in self._there:
            chosen = view.id == self.chosen
            line.append(Span(f" {view.key} ", Role.KEY if chosen else Role.DIM))
            line.append(Span(f"{view.title} ", Role.STRONG if chosen else Role.DIM))
            line.append(Span(" "))
        return tuple(line)

    def _findings(self) -> Line:
        findings = self.frame.state.findings if self.frame else ()
        if not findings:
            return ()
        worst = max(finding.severity for finding in findings)
        role = SEVERITY_ROLES[worst] if worst is not Severity.INFO else Role.DIM
        return (Span(f"{SEVERITY_GLYPHS[worst]} {plural(len(findings), 'finding')} ", role),)
