"""The whole of view 3 for a size: what matters most stands first, and what does not fit is scrolled to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from meshtui.model.echo.grpcurl import grpcurl_line
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.split.assessment import Expectation, Verdict
from meshtui.present.echo_form import EchoForm
from meshtui.session.echo.state import EchoState, Phase
from meshtui.tui.frame import Frame
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, fit, pad, span, spread
from meshtui.tui.views.echo.lines.chart import FAILED, UNKNOWN, chart_lines
from meshtui.tui.views.echo.lines.errors import error_lines, short_cause
from meshtui.tui.views.echo.lines.facts import epoch_words, fact_lines, group_lines, latency_line
from meshtui.tui.views.echo.lines.head import WIDE, form_line, phase_lines, probe_line, sent_lines
from meshtui.tui.views.echo.lines.idle import idle_lines
from meshtui.tui.views.echo.lines.series import name_of, role_at, versions_of
from meshtui.tui.views.echo.lines.split import split_lines
from meshtui.tui.views.echo.lines.verdict import caveat_lines, remark_lines, verdict_lines

TALL: Final = 34
"""Lines from which the bars and the verdict are large enough for a stage."""

SIDE: Final = 50
"""Cells of the facts beside the chart."""

LESS_SIDE: Final = 42
"""The same on a screen that has no room for both."""

ROOMY: Final = 140
"""Cells from which there is room for both."""

CHART: Final = 7
"""Lines of the chart at least: below it no step is seen."""

NARROW_CHART: Final = 7
"""Lines of the chart on a narrow screen, which is scrolled anyway."""

EXPLAINED: Final = 2
"""Causes of failure explained in place."""

MOST_NAMED: Final = 3
"""Versions named over the chart; all are named in the histogram."""

MOST_GROUPS: Final = 6
"""Groups shown in one column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the view shows. ``pod`` sends; ``key`` is what answers are grouped by; ``expected`` is what the config asks
    for before the first run; ``verdicts`` are those of all epochs; ``mappable`` says that subsets can be mapped."""

    frame: Frame
    form: EchoForm
    pod: str
    key: str
    expected: Expectation | None = None
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    mappable: bool = False


def page_lines(scene: Scene, width: int, height: int) -> list[Line]:
    """All lines for a size."""
    state = scene.frame.state.echo
    if state is None:
        head = [form_line(scene.form, scene.pod, width)]
        return [*head, *idle_lines(scene.form, scene.pod, scene.expected, width)]
    return _wide(scene, state, width, height) if width >= WIDE else _narrow(scene, state, width)


def _wide(scene: Scene, state: EchoState, width: int, height: int) -> list[Line]:
    tall = height >= TALL
    lines: list[Line] = [*sent_lines(scene.form, state.spec, scene.pod, width)]
    lines += phase_lines(state, scene.frame.now, width)
    lines += [EMPTY, *_verdict(state, width, tall), *remark_lines(state, width, scene.mappable), EMPTY]
    split = list(split_lines(state, width, tall))
    lines += split
    if split and split[-1] != EMPTY:
        lines.append(EMPTY)
    if state.tally.causes:
        lines += [*error_lines(state.tally.causes, width, EXPLAINED if tall else 1), EMPTY]
    foot = [grpcurl_row(state.spec, scene.frame.state.reached or scene.frame.state.target, width)]
    room = height - len(lines) - len(foot) - 2
    lines += _over_time(scene, state, width, max(room, CHART))
    gap = height - len(lines) - len(foot)
    return [*lines, *[EMPTY] * max(gap, 1 if gap >= 0 else 0), *foot]


def _verdict(state: EchoState, width: int, tall: bool) -> Iterator[Line]:
    if state.phase is Phase.FAILED and not state.tally.sent:
        return  # nothing was sent, so there is nothing to judge; the phase says why
    yield from verdict_lines(state, width, tall)
    yield from caveat_lines(state, width)


def _over_time(scene: Scene, state: EchoState, width: int, height: int) -> Iterator[Line]:
    """The chart, with the facts beside it."""
    if not state.tally.recent:
        return
    side = SIDE if width >= ROOMY else LESS_SIDE
    left = width - side - 3
    yield (*fit(_title(state, left), left), Span("   "))
    chart = list(chart_lines(state, scene.frame.now, left, height))
    facts = fact_lines(state, scene.key, side, height, scene.verdicts)
    for line, fact in zip_longest(chart, facts, fillvalue=EMPTY):
        yield (*fit(line, left), Span("   "), *fact)


def _title(state: EchoState, width: int) -> Line:
    versions = list(enumerate(versions_of(state)))[-MOST_NAMED:]
    names = [(Span("   ■ ", role_at(place)), span(cut(name_of(version), 12), Role.DIM)) for place, version in versions]
    names += [
        (Span(f"   {mark} ", role), Span(word, Role.DIM))
        for mark, word, role, count in (
            (FAILED, "failed", Role.ALARM, state.tally.trouble),
            (UNKNOWN, "unknown", Role.NOTE, state.tally.unknown_version),
        )
        if count
    ]
    left = (Span("  share over time", Role.TITLE), *(piece for name in names for piece in name))
    if not state.epochs:
        return left
    return spread(left, (Span(epoch_words(state.epochs[-1], versions_of(state)) + " ", Role.STRONG),), width)


def _narrow(scene: Scene, state: EchoState, width: int) -> list[Line]:
    running = not state.phase.ended
    lines: list[Line] = [*phase_lines(state, scene.frame.now, width)]
    lines += _verdict(state, width, False)
    lines.append(EMPTY)
    lines += [*split_lines(state, width, False), EMPTY]
    if state.tally.causes:
        if state.tally.completed:
            lines += [*(short_cause(cause, width) for cause in state.tally.causes[:EXPLAINED]), EMPTY]
        else:
            lines += [*error_lines(state.tally.causes, width, 1), EMPTY]
    if state.tally.recent:
        if state.epochs:
            lines.append((Span("  " + epoch_words(state.epochs[-1], versions_of(state)), Role.STRONG),))
        lines += chart_lines(state, scene.frame.now, width, NARROW_CHART)
    latency = latency_line(state.tally)
    if latency:
        lines += [(Span("  latency  ", Role.TITLE), *latency)]
    groups = list(group_lines(state.tally, scene.key, width - 4))[:MOST_GROUPS]
    lines += [(Span("  "), *line) for line in groups]
    lines += [
        EMPTY,
        *remark_lines(state, width, scene.mappable),
        *sent_lines(scene.form, state.spec, scene.pod, width),
        probe_line(scene.pod, running, width),
    ]
    return [*lines, grpcurl_row(state.spec, scene.frame.state.reached or scene.frame.state.target, width)]


def grpcurl_row(spec: EchoRequestSpec, address: str, width: int) -> Line:
    """The same with grpcurl, cut to the line; copied whole."""
    room = max(width - 12, 10)
    text = cut_end(grpcurl_line(spec, address), room)
    return (Span("  "), span(pad(text, room), Role.DIM), Span("  y ", Role.KEY), Span("copy", Role.DIM))
