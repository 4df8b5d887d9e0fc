"""The agent that renews the certificates: whether it is ready, and what it has been doing lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.agent_series import CounterRow, counter_rows
from meshtui.model.identity.comparison import CLOCK_TOLERANCE
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import ago_words, span_words
from meshtui.present.blocks import sparkline
from meshtui.present.ladder_identity import UNLOCK_AGENT
from meshtui.session.state import Fact, MissingFact
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import column, pad, pad_left, span
from meshtui.tui.views.identity.lines.entry import IdentityEntry, text_entries, unlock_line

WIDEST: Final = 30
"""Cells of a sparkline: a minute of scrapes."""

LABEL: Final = 29


def agent_entries(
    workload: Workload, missing: tuple[MissingFact, ...], now: datetime, width: int
) -> Iterator[IdentityEntry]:
    """Health in a line, then a line a counter."""
    lacking = next((fact for fact in missing if fact.fact is Fact.AGENT), None)
    report = workload.agent
    if not workload.offers.agent:
        line = unlock_line("Agent", "not asked; its health, rates and what it issued:", UNLOCK_AGENT)
        yield IdentityEntry(line)
        return
    if lacking is not None:
        yield IdentityEntry((Span("  ✗ ", Role.ALARM), Span("Agent"), Span("  does not answer", Role.ALARM)))
        yield from text_entries(lacking.why, width, Role.TEXT)
        if lacking.unlock:
            yield from text_entries(f"try  {lacking.unlock}", width, Role.DIM)
    elif report is None:
        yield IdentityEntry((Span("  … ", Role.WAITING), Span("Agent"), Span("  asking", Role.DIM)))
    if report is None:
        return
    yield IdentityEntry(_health(report, now, stale=lacking is not None), "agent", copy=report.address)
    for row in counter_rows(workload.agent_history):
        yield IdentityEntry(_counter(row, width))
    for problem in report.problems:
        yield from text_entries(problem, width, Role.NOTE)


def _health(report: AgentReport, now: datetime, *, stale: bool) -> Line:
    if stale:
        mark: Line = (Span("  ◌ ", Role.WAITING), Span(f"Agent as it was {ago_words(now - report.at)}", Role.DIM))
    elif report.ready is None:
        mark = (Span("  ? ", Role.NOTE), Span("Agent  "), Span("readiness cannot be read", Role.NOTE))
    elif report.ready:
        mark = (Span("  ✓ ", Role.OK), Span("Agent  "), Span("ready", Role.OK))
    else:
        mark = (Span("  ✗ ", Role.ALARM), Span("Agent  "), Span("not ready", Role.ALARM))
    return (*mark, span(f"   {report.address}", Role.DIM), *_clock(report.clock_offset))


def _clock(offset: timedelta | None) -> Line:
    if offset is None:
        return ()
    if abs(offset) <= CLOCK_TOLERANCE:
        return (Span("   clocks agree", Role.DIM),)
    side = "ahead" if offset > timedelta(0) else "behind"
    return (Span(f"   ! clock {span_words(abs(offset))} {side}", Role.NOTE),)


def _counter(row: CounterRow, width: int) -> Line:
    """``certificates asked for   4   0.5/min  ▁▁▂▁▁█▁``."""
    role = Role.ALARM if row.trouble else Role.DIM
    quiet = not row.total
    total = Span(pad_left(f"{row.total:.0f}", 6), role if row.trouble else Role.FAINT if quiet else Role.TEXT)
    fast = f"{row.per_minute:.1f}/min" if row.per_minute else ""
    cells = min(max(width - LABEL - 24, 0), WIDEST)
    mark = Span("✗ " if row.trouble else "  ", Role.ALARM)
    label = Span(pad(row.counter.label, LABEL), role)
    return (Span("  "), mark, label, total, Span(column(fast, 10), Role.DIM), Span("  "), _spark(row, cells))


def _spark(row: CounterRow, cells: int) -> Span:
    """The last increases as bars; a line of dots where nothing moved."""
    values = row.increases[-cells:] if cells else ()
    most = max(values, default=0.0)
    if not most:
        return Span("·" * len(values), Role.FAINT)
    return Span(sparkline(values, cells), Role.ALARM if row.trouble else Role.BAR)
