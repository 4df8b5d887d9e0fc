"""Beside the split: how long answers took, who gave them, and the epochs so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.cells import cell_len

from meshtui.model.echo.series import Point
from meshtui.model.echo.tally import EchoTally
from meshtui.model.split.assessment import Verdict
from meshtui.model.split.epochs import Epoch
from meshtui.present.blocks import LEVELS, bar
from meshtui.session.echo.state import EchoState
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, fit_end, pad, pad_left, shown, span
from meshtui.tui.views.echo.lines.series import EMPTY_NAME, versions_of, weights_words
from meshtui.tui.views.echo.lines.verdict import GLYPHS, ROLES, WORDS

POD: Final = "Hostname"
"""The key of the pod's name; grouping begins with it."""

FIRST_KEYS: Final = ("ServiceVersion", "Cluster", "IP", "StatusCode")
"""Keys in the order people ask for them; the others follow by name."""

LEAST: Final = 48
"""Cells from which the percentiles have room for a title."""

EPOCH: Final = 33
"""Cells of an epoch's line beside its weights."""


def group_keys(tally: EchoTally) -> tuple[str, ...]:
    """The keys answers can be grouped by."""
    others = [key for key in tally.by_key if key != POD]
    first = [key for key in FIRST_KEYS if key in others]
    return (*((POD,) if tally.by_hostname else ()), *first, *sorted(key for key in others if key not in first))


def milliseconds(seconds: float) -> str:
    """``0.84``, ``9.7``, ``120``: three digits are all anyone reads."""
    value = seconds * 1e3
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def latency_line(tally: EchoTally) -> Line:
    """Percentiles of what the server measured; nothing before the first."""
    latency = tally.latency
    if latency is None:
        return ()
    named = (("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("max", latency.most))
    line: list[Span] = []
    for number, (name, seconds) in enumerate(named):
        unit = " ms" if not number else ""
        line += [Span(f"{name} ", Role.DIM), Span(f"{milliseconds(seconds)}{unit}  ", Role.TEXT)]
    return tuple(line)


def latency_sparkline(points: tuple[Point, ...], cells: int) -> str:
    """The mean latency of each second, the last ``cells`` of them, from nothing to the greatest."""
    means = [point.latency_mean for point in points[-cells:]]
    top = max((mean for mean in means if mean is not None), default=0.0)
    if top <= 0:
        return ""
    return "".join(" " if mean is None else LEVELS[min(int(mean / top * 8), 7)] for mean in means)


def fact_lines(state: EchoState, key: str, width: int, height: int, verdicts: Mapping[int, Verdict]) -> list[Line]:
    """The column beside the chart, at most ``height`` lines of it."""
    tally = state.tally
    lines: list[Line] = []
    if tally.latency is not None:
        lead = "latency  " if width >= LEAST else ""
        lines += [fit_end((Span(lead, Role.TITLE), *latency_line(tally)), width)]
        sparks = latency_sparkline(tally.recent, max(width - 11, 8))
        lines += [(Span("mean/s   ", Role.FAINT), Span(sparks, Role.BAR)), EMPTY]
    epochs = list(_epochs(state, verdicts, width))
    groups = list(group_lines(tally, key, width))
    room = height - len(lines)
    shown = groups[: max(room - min(len(epochs), max(room // 2, 3)) - 1, 3)]
    lines += [*shown, *([EMPTY] if shown and epochs else [])]
    return [*lines, *epochs[: max(height - len(lines), 0)]][:height]


def group_lines(tally: EchoTally, key: str, width: int) -> Iterator[Line]:
    """Answers by the values of a key, the most frequent first."""
    values = tally.by_hostname if key == POD else tally.by_key.get(key, {})
    if not values:
        return
    total = sum(values.values())
    title = "by pod" if key == POD else f"by {cut_end(key, 24)}"
    yield (span(title, Role.TITLE), Span("   b other keys", Role.FAINT))
    longest = max(cell_len(shown(value or EMPTY_NAME)) for value in values)
    name = max(min(width - 22, 30, longest), 6)
    for value, count in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        drawn = pad(bar(count / total, max(width - name - 9, 4)), max(width - name - 9, 4))
        yield (span(pad(cut(value or EMPTY_NAME, name), name)), Span(" "), Span(drawn, Role.BAR),
               Span(pad_left(str(count), 7), Role.DIM))  # fmt: skip


def _epochs(state: EchoState, verdicts: Mapping[int, Verdict], width: int) -> Iterator[Line]:
    """Epochs, the present one first: what was wanted, when, and how it ended."""
    if len(state.epochs) < 2:
        return
    versions = versions_of(state)
    yield (Span("epochs", Role.TITLE), span(f"   {'/'.join(map(cut_short, versions))}", Role.FAINT))
    for epoch in reversed(state.epochs):
        verdict = verdicts.get(epoch.number, Verdict.NONE)
        words = weights_words(epoch.expectation, versions) or "?"
        glyph, role = GLYPHS[verdict], ROLES[verdict][0]
        yield (
            Span(pad_left(str(epoch.number), 2), Role.DIM),
            Span("  "),
            span(pad(words, max(width - EPOCH, 6)), Role.STRONG if epoch.ended is None else Role.TEXT),
            Span(f" {epoch.started:%H:%M:%S}", Role.DIM),
            Span(f" {epoch.counts.answered:>6} ", Role.DIM),
            Span(f"{glyph} {WORDS[verdict].lower()}", role),
        )


def cut_short(version: str) -> str:
    """A version's name where there is hardly room."""
    return cut(version, 8)


def epoch_words(epoch: Epoch, versions: tuple[str, ...]) -> str:
    """``epoch 2: 20/80 since 20:14:31``."""
    weights = weights_words(epoch.expectation, versions)
    return f"epoch {epoch.number}{f': {weights}' if weights else ''} since {epoch.started:%H:%M:%S}"
