"""What stands where in the identity view: who and how long, then TLS and agent, then the bootstrap."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import plural
from meshtui.model.subject import BootstrapSubject
from meshtui.present.severity import SEVERITY_GLYPHS
from meshtui.tui.frame import Frame
from meshtui.tui.kit.marks import SEVERITY_ROLES
from meshtui.tui.kit.style import Role, Span
from meshtui.tui.kit.text import cut
from meshtui.tui.views.identity.lines.agent import agent_entries
from meshtui.tui.views.identity.lines.bootstrap import bootstrap_entries
from meshtui.tui.views.identity.lines.chain import ROOMY, chain_entries, who_entries
from meshtui.tui.views.identity.lines.corners import corner_entries
from meshtui.tui.views.identity.lines.entry import BLANK, IdentityEntry, marked_entries, text_entries
from meshtui.tui.views.identity.lines.tls import cluster_entries, inbound_entries

NAMED: Final = {True: 2, False: 1}
"""Findings said in full at the top, where there is room and where not; the bootstrap's stand beside its lines."""


def head_entries(frame: Frame, workload: Workload, width: int, opened: Collection[str]) -> Iterator[IdentityEntry]:
    """Who this is, what is wrong, how long it lasts, and whether the corners agree."""
    yield BLANK
    if frame.state.snapshot is None:
        yield from _no_config(frame, width)
    who = list(who_entries(workload, width))
    if who:
        yield from who
        yield BLANK
    yield from _findings(frame, workload, width)
    yield from chain_entries(workload, frame.now, width, opened)
    yield BLANK
    yield from corner_entries(workload, frame.now, width, seen=frame.state.snapshot is not None)
    yield BLANK


def body_entries(frame: Frame, workload: Workload, width: int) -> Iterator[IdentityEntry]:
    """TLS both ways, and the agent."""
    if frame.state.snapshot is not None:
        yield from cluster_entries(frame.state, workload, frame.now, width)
        yield BLANK
        yield from inbound_entries(frame.state, workload, width)
        yield BLANK
    yield from agent_entries(workload, frame.state.missing, frame.now, width)


def foot_entries(
    frame: Frame, workload: Workload, width: int, opened: Collection[str], *, whole: bool
) -> Iterator[IdentityEntry]:
    """The bootstrap."""
    yield from bootstrap_entries(workload, frame.state.missing, width, opened, whole=whole)


def _no_config(frame: Frame, width: int) -> Iterator[IdentityEntry]:
    """The app does not answer: files and agent are what there is, and often they say why."""
    mark = Span("  ✗ ", Role.ALARM)
    title = Span(f"{cut(frame.state.target, max(width - 50, 8))} has not shown its config", Role.ALARM)
    yield IdentityEntry((mark, title))
    yield from text_entries(
        f"{frame.state.link.problem} What follows is from files and agent.".strip(), width, Role.TEXT
    )
    yield BLANK


def _findings(frame: Frame, workload: Workload, width: int) -> Iterator[IdentityEntry]:
    told = {finding.code: finding for finding in frame.state.findings}
    found = [
        # what the app's channels tell better than the agent's counters is said here as in the other views
        finding if finding in frame.state.findings else told.get(finding.code, finding)
        for finding in workload.findings
        if not isinstance(finding.subject, BootstrapSubject) and finding.severity is not Severity.INFO
    ]
    most = NAMED[width >= ROOMY]
    for finding in found[:most]:
        yield from _finding(finding, width, in_full=width >= ROOMY)
        yield BLANK
    if len(found) > most:
        yield from text_entries(f"and {plural(len(found) - most, 'more finding')}", width, Role.DIM)
        yield BLANK


def _finding(finding: Finding, width: int, *, in_full: bool) -> Iterator[IdentityEntry]:
    role = SEVERITY_ROLES[finding.severity]
    lead = Span(f"  {SEVERITY_GLYPHS[finding.severity]} ", role)
    for number, entry in enumerate(marked_entries((lead,), finding.title, width, role)):
        id_ = "" if number else f"finding {finding.code} {finding.subject.words}"
        yield IdentityEntry(entry.line, id_, copy=finding.title)
    if in_full:
        yield from text_entries(finding.explanation, width, Role.TEXT)
    yield from text_entries(f"fix  {finding.fix}", width, Role.DIM)
