"""What is sent, from where, and how far it got."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from meshtui.model.echo.outcome import Outcome
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import EchoTally
from meshtui.model.errors import UsageError
from meshtui.model.phrases import plural, span_words
from meshtui.present.blocks import bar
from meshtui.present.echo_form import ENDLESS, EchoForm, form_of
from meshtui.session.echo.state import EchoState, Phase
from meshtui.tui.kit.paragraphs import hanging
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, fit, span, spread, width_of

PHASES: Final = {
    Phase.READY: ("·", "ready", Role.DIM),
    Phase.RUNNING: ("▶", "running", Role.OK),
    Phase.PAUSED: ("‖", "paused", Role.NOTE),
    Phase.WAITING: ("…", "waiting for the echo server", Role.WAITING),
    Phase.SETTLING: ("…", "looking at the config once more", Role.DIM),
    Phase.DONE: ("✓", "done", Role.OK),
    Phase.CANCELLED: ("■", "stopped", Role.NOTE),
    Phase.FAILED: ("✗", "failed", Role.ALARM),
}

WIDE: Final = 108
"""Cells from which what is sent and who sends it stand in one line, and facts beside the chart."""

PROGRESS: Final = 24
"""Cells of the bar of a run with a count."""

PROBE: Final = "fresh-channel probe"
"""Each batch is a new channel on the pod's side: the label that every reader of the numbers needs."""

HOLDS: Final = "holds the outbound tree open"
"""While a probe runs its channels are open, so the pod holds config for them: Config and Overview show it."""

TENTHS_BELOW: Final = 10
"""Seconds below which a finished run's time is shown with one decimal: without qps 500 requests are over sooner."""

MOST_PROBLEM: Final = 3
"""Lines of what is wrong with the server that sends."""


def form_line(form: EchoForm, pod: str, width: int, label: str = "url") -> Line:
    """What is sent: the form in one line, and which pod sends it."""
    right: Line = (
        Span("from ", Role.DIM),
        span(cut(pod, 30), Role.STRONG),
        Span(f" · {PROBE} ", Role.DIM),
    )
    many = [("count", ENDLESS if form.endless else form.count), ("qps", form.qps or "0")]
    many += [("headers", cut_end(form.headers_shown, 40) or "–")] if width >= 110 or form.headers else []
    for name, value in (("authority", form.authority), ("expect", form.expect), ("method", form.method)):
        many += [(name, cut_end(value, 30))] if value.strip() else []
    tail: Line = tuple(
        piece for name, value in many for piece in (Span(f"   {name} ", Role.DIM), span(value or "–", Role.TEXT))
    )
    if width < WIDE:
        right = ()  # it has a line of its own there
    room = max(width - width_of(tail) - width_of(right) - len(label) - 7, 16)
    url = span(cut(form.url, room) or "none yet: e says where", Role.STRONG)
    return spread((Span(f"  {label}  ", Role.DIM), url, *tail), right, width)


def sent_lines(form: EchoForm, spec: EchoRequestSpec, pod: str, width: int) -> Iterator[Line]:
    """What a run sends, and beneath it what ``!`` would send now, where the form was changed since."""
    try:
        changed = form.spec() != spec
    except UsageError:
        changed = True
    yield form_line(form_of(spec) if changed else form, pod, width)
    if changed:
        yield form_line(form, pod, width, "next url")


def probe_line(pod: str, running: bool, width: int) -> Line:
    """For a narrow screen: which pod sends, and how."""
    return fit(
        (
            Span("  from ", Role.DIM),
            span(pod, Role.TEXT),
            Span(f" · {PROBE}{f', {HOLDS}' if running else ''}", Role.DIM),
        ),
        width,
    )


def phase_lines(state: EchoState, now: datetime, width: int) -> Iterator[Line]:
    """Where the run stands, in figures; and what is wrong with the server that sends."""
    glyph, word, role = PHASES[state.phase]
    tally = state.tally
    if state.phase is Phase.DONE and state.outcome is not Outcome.ANSWERED:
        glyph, word, role = ("✗", "ended", Role.ALARM) if tally.trouble else ("·", "ended", Role.DIM)
    line: list[Span] = [Span(f"  {glyph} {word}", role)]
    if tally.requested:
        line += [Span("  "), *_progress(tally, state.phase, width)]
    else:
        line.append(Span(f"   {plural(tally.completed, 'answer')}", Role.TEXT))
    line += [Span(f"   {tally.failed} failed", Role.ALARM if tally.failed else Role.DIM)]
    if tally.lost:
        line.append(Span(f"   {tally.lost} lost", Role.ALARM))
    if tally.abandoned:
        line.append(Span(f"   {tally.abandoned} abandoned", Role.DIM))
    if not state.phase.ended:
        line.append(Span(f"   {state.rate:.1f}/s", Role.TEXT))
    if state.started:
        line.append(Span(f"   {_time_words(state.started, state.ended, now)}", Role.DIM))
    holds = (Span(f"{HOLDS} ", Role.DIM),) if width >= WIDE and not state.phase.ended else ()
    yield spread(tuple(line), holds, width)
    if state.error is not None:
        yield from _problem(state, width)


def _time_words(started: datetime, ended: datetime | None, now: datetime) -> str:
    """How long the run has gone on or took; one that was over in seconds also with its tenths."""
    if ended is not None and (took := (ended - started).total_seconds()) < TENTHS_BELOW:
        return f"{took:.1f} s"
    return span_words((ended or now) - started)


def _progress(tally: EchoTally, phase: Phase, width: int) -> Iterator[Span]:
    assert tally.requested
    returned = tally.sent
    if width >= 100 and not phase.ended:
        drawn = bar(returned / tally.requested, PROGRESS)
        yield Span(drawn, Role.BAR)
        yield Span("░" * (PROGRESS - len(drawn)), Role.FAINT)
        yield Span("  ")
    yield Span(f"{tally.completed}", Role.TEXT)
    yield Span(f" of {plural(tally.requested, 'answer')}", Role.DIM)


def _problem(state: EchoState, width: int) -> Iterator[Line]:
    assert state.error is not None
    role = Role.ALARM if state.phase is Phase.FAILED else Role.NOTE
    said = state.error.what + ("" if state.phase.ended else " It is tried again.")
    yield from hanging((Span("    "),), said, max(width - 8, 20), role, most=MOST_PROBLEM)
    if state.error.hint:
        lead = (Span("    try  ", Role.TITLE),)
        yield from hanging(lead, state.error.hint, max(width - 13, 20), most=MOST_PROBLEM)
