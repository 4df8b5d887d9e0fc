"""What stands around a log: whose it is and how its reading stands, and what there is instead of lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import ceil
from typing import Final

from meshtui.model.kubernetes.access import roles_yaml
from meshtui.model.kubernetes.log_pod import LogForbidden, LogPod
from meshtui.model.kubernetes.pod import Container, ContainerStatus, Ended
from meshtui.model.phrases import one_line, plural, span_words
from meshtui.session.log_state import LogPhase, LogState
from meshtui.tui.kit.paragraphs import hanging, labelled, paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, span, spread, width_of

PHASES: Final = {
    LogPhase.ASKING: ("◌ asking", Role.WAITING),
    LogPhase.LIVE: ("● live", Role.OK),
    LogPhase.ENDED: ("○ not running", Role.WAITING),
    LogPhase.LOST: ("✗ not read", Role.ALARM),
    LogPhase.READ: ("○ ended", Role.DIM),
}
"""Glyph and word of how the reading stands."""


def head_line(log: LogState, now: datetime, left_out: Line, width: int) -> Line:
    """``istio-proxy  echo-v1   ● live``, and at the right how many lines there are and what is left out."""
    word, role = PHASES[log.phase]
    if log.phase is LogPhase.LOST:
        word = f"{word} for {span_words(now - log.since)}"
    if log.phase is LogPhase.ENDED and log.pod is not None and not log.pod.containers:
        word = "○ ended"  # whether its container runs is not known
    right = (*left_out, *_counts(log), Span(" "))
    before = " before its restart" if log.previous else ""
    state = (Span("   "), Span(word, role))
    pod = log.pod.name if log.pod is not None else ""
    room = width - width_of(right) - width_of(state) - 3
    name = cut(f"{log.container or 'log'}{before}", max(room * 2 // 3, 12))
    left = (Span(" "), Span(name, Role.STRONG), Span("  "), span(cut(pod, max(room - len(name), 8)), Role.DIM))
    return spread((*left, *state), right, width)


def _counts(log: LogState) -> Line:
    lines = Span(f" {plural(len(log.book.lines), 'line')}", Role.DIM)
    if not log.book.dropped:
        return (lines,)
    return (lines, Span(f", {log.book.dropped} older let go", Role.DIM))


def foot_line(log: LogState, now: datetime, unseen: int | None, width: int) -> Line:
    """Why nothing comes, or how many lines came unseen (``None`` at the end of the log); empty where nothing is to be
    said."""
    if unseen is not None:
        came = f"▼ {plural(unseen, 'new line')}" if unseen else "not at the end"
        left = (Span(f" {came}", Role.GLOW if unseen else Role.DIM), *_trouble(log))
        return spread(left, (Span(" G ", Role.KEY), Span("to the end ", Role.DIM)), width)
    if log.phase is LogPhase.LOST:
        return spread((Span(" "), *_trouble(log)[1:]), _again(log, now), width)
    if log.phase is LogPhase.ENDED:
        status = _status(log)
        left = (Span(" ○ ", Role.WAITING), span(_how_it_is(log), Role.TEXT))
        before = status is not None and status.restarts > 0
        right = (Span(" p ", Role.KEY), Span("the process before ", Role.DIM)) if before else ()
        return spread(left, right, width)
    if log.phase is LogPhase.READ:
        return spread((Span(" The process before the last restart", Role.DIM),), _BACK, width)
    return EMPTY


_BACK: Final = (Span(" p ", Role.KEY), Span("the present one ", Role.DIM))


def _trouble(log: LogState) -> Line:
    if log.phase is not LogPhase.LOST or log.trouble is None:
        return ()
    return (Span("   "), Span("✗ ", Role.ALARM), span(log.trouble.what))


def _again(log: LogState, now: datetime) -> Line:
    left = (log.again_at - now).total_seconds() if log.again_at is not None else 0
    when = f" again in {span_words(ceil(left))}  " if left > 0 else " tried now  "
    return (Span(when, Role.DIM), Span("r ", Role.KEY), Span("now ", Role.DIM))


def _status(log: LogState) -> ContainerStatus | None:
    return log.pod.status(log.container) if log.pod is not None else None


def _how_it_is(log: LogState) -> str:
    """The container whose log ended, as far as the pod tells."""
    status, pod = _status(log), log.pod
    if status is not None:
        return status_words(status)
    if pod is None or not pod.containers:
        return "the log has ended; how the container is, is not known without get pods"
    return f"not started: the pod is {pod.state}" if pod.state else "not started"


def status_words(status: ContainerStatus) -> str:
    """What the kubelet says of a container."""
    words = [_state_words(status)]
    if status.ended_before is not None:
        before = "the process before ended with " if status.is_running else ""
        words.append(f"{before}{_end_words(status.ended_before)}")
    if status.restarts:
        words.append(plural(status.restarts, "restart"))
    return one_line(", ".join(words), 200)


def _state_words(status: ContainerStatus) -> str:
    if status.is_running:
        return "running"
    if status.waiting is not None:
        return status.waiting or "waiting"
    return f"ended with {_end_words(status.ended)}" if status.ended is not None else "not started"


def _end_words(ended: Ended) -> str:
    reason = f" ({ended.reason})" if ended.reason else ""
    return f"signal {ended.signal}{reason}" if ended.signal else f"exit code {ended.exit_code}{reason}"


def container_words(container: Container, pod: LogPod) -> str:
    """What is said of a container where one is chosen."""
    kind = "the mesh's agent" if container.name == pod.agent else container.kind.value
    return f"{kind}, {status_words(container.status)}" if container.status is not None else kind


def instead_lines(log: LogState | None, target: str, left_out: bool, now: datetime, width: int) -> Iterator[Line]:
    """What is said where no line is shown: never nothing."""
    yield EMPTY
    if log is None:
        yield from _titled("∅", f"{target} has no log here", Role.WAITING, width)
        yield EMPTY
        yield from paragraph("A log is read from a cluster, and this target is an address.", width, Role.TEXT)
        yield from labelled("try", "attach the pod by its name: o, then pod/NAME -n NAMESPACE", width)
    elif left_out and log.book.lines:
        yield from _titled("○", f"None of {plural(len(log.book.lines), 'line')} is shown", Role.WAITING, width)
        yield EMPTY
        yield from paragraph("x and e say what is left out; esc shows everything again.", width, Role.DIM)
    elif log.phase is LogPhase.LOST:
        yield from _lost(log, now, width)
    elif log.phase is LogPhase.ASKING:
        yield from paragraph(f"Asking for the log of {log.container or target} …", width, Role.TEXT, indent=2)
    else:
        status, how = _status(log), _how_it_is(log)
        yield from _titled("○", f"{log.container} has written no line", Role.WAITING, width)
        yield EMPTY
        said = "What it writes comes up here." if log.phase is LogPhase.LIVE else f"{how[:1].upper()}{how[1:]}."
        yield from paragraph(said, width, Role.DIM)
        if status is not None and status.restarts:
            yield from labelled("p", "the log of the process before its last restart", width)


def _titled(mark: str, title: str, role: Role, width: int) -> Iterator[Line]:
    yield from hanging((Span(f"  {mark} ", role),), title, max(width - 6, 8), role)


def _lost(log: LogState, now: datetime, width: int) -> Iterator[Line]:
    error = log.trouble
    whose = log.pod.words if log.pod is not None else "the pod"
    which = "The log before the last restart" if log.previous else "The log"
    yield from _titled("✗", f"{which} of {log.container or 'the agent'} in {whose} cannot be read", Role.ALARM, width)
    yield EMPTY
    if error is None:
        return
    yield from paragraph(error.what, width, Role.TEXT)
    rule = paste_of(log)
    if rule:
        yield EMPTY
        yield from paragraph("For whoever may grant it (y copies it):", width, Role.DIM)
        yield EMPTY
        yield from ((Span("    "), span(line, Role.STRONG)) for line in rule.splitlines())
    elif error.hint:
        yield from labelled("try", error.hint, width)
    yield EMPTY
    again = _again(log, now)
    yield (Span("   "), *again)
    if log.previous:
        yield (Span("   "), *_BACK)


def paste_of(log: LogState) -> str:
    """What would allow the log to be read, as it is to be pasted; empty where nothing is known that would."""
    error = log.trouble
    if not isinstance(error, LogForbidden) or error.lacking.right is None:
        return ""
    return roles_yaml((error.lacking.right,), error.lacking.namespace)
