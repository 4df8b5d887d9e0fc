"""The header's line: which target, who it is, how it answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meshtui.model.kubernetes.typed import short_line, split_line
from meshtui.model.phrases import span_words
from meshtui.model.xds.snapshot import NodeIdentity
from meshtui.session.state import Link, LinkState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.life_left import certificate_end
from meshtui.tui.kit.marks import LINK_GLYPHS, LINK_ROLES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, fit, span, spread, width_of

GAP = Span("   ")
"""Between facts of a line: a space that reads as a border without drawing one."""

ROOM_FOR_NODE = 100
"""Cells from which the node's id and the library are shown too."""


LEAST_GAP = 2
"""Cells between what is looked at and how it answers."""

SHORT = 24
"""Cells of a context's name where there is little room: those of some providers are as long as the line."""


def header_line(frame: Frame, counted: Line, width: int) -> Line:
    """The first line of every view; ``counted`` is what :func:`counts` says of the frame's snapshot.

    Where there is not room for all of it, the name of what is looked at is the last to be cut: one pod must not be
    taken for another.
    """
    brand = (Span(" meshtui", Role.BRAND), GAP) if width >= ROOM_FOR_NODE else (Span(" "),)
    for right in _rights(frame, counted):
        for left in _lefts(frame):
            gap = width - width_of(brand) - width_of(left) - width_of(right)
            if gap >= LEAST_GAP:
                return fit((*brand, *left, Span(" " * gap), *right), width)
    right = (*liveness(frame), Span(" "))
    room = max(width - width_of(right) - 1 - LEAST_GAP, 8)
    name = Span(cut(_name(frame)[0] or frame.state.target, room), Role.STRONG)
    return spread((Span(" "), name), right, width)


def _rights(frame: Frame, counted: Line) -> Iterator[Line]:
    """What stands at the right end, the most first."""
    end, live = certificate_end(frame.state.workload, frame.now), (*liveness(frame), Span(" "))
    if end:
        yield (*counted, GAP, *end, GAP, *live)
    yield (*counted, GAP, *live)
    yield live


def _lefts(frame: Frame) -> Iterator[Line]:
    """What is looked at, the most words first; the name is whole in each."""
    state, (which, of) = frame.state, frame.position
    others = (Span(f"   target {which}/{of}", Role.DIM),) if of > 1 else ()
    library = library_words(state.snapshot.node) if state.snapshot else ""
    shortest: Line = ()
    for known in _who(frame):
        if not shortest:
            yield (*known, GAP, span(library, Role.DIM), *others)
        yield (*known, *others)
        shortest = known
    if others:
        yield (*shortest, Span(f" {which}/{of}", Role.DIM))
        yield shortest


def _who(frame: Frame) -> Iterator[Line]:
    """The target, and the name of what was found there, as soon as that is known."""
    line = frame.state.target
    target, cluster = split_line(line)
    pod, namespace = _name(frame)
    if not pod:
        yield (span(short_line(line), Role.STRONG),)
        yield (span(target, Role.STRONG),)
        return
    name, where = span(pod, Role.STRONG), span(f" · {namespace}" if namespace else "")
    shown = cluster.context or "" if target == f"pod/{pod}" else short_line(line)
    if shown:
        yield (name, where, GAP, span(shown, Role.DIM))
        yield (name, where, GAP, Span(cut(shown, SHORT), Role.DIM))
    yield (name, where)
    yield (name,)


def _name(frame: Frame) -> tuple[str, str]:
    """The pod and its namespace: as the cluster calls it, else as the node id of its client says; empty before."""
    state = frame.state
    if state.fate is not None:
        return state.fate.pod.name, state.fate.pod.namespace
    return state.snapshot.node.workload if state.snapshot else ("", "")


def library_words(node: NodeIdentity) -> str:
    """``gRPC Python 1.85.1`` out of ``gRPC C-core linux Python`` and ``C-core 58.0.0 Python 1.85.1``."""
    words = node.user_agent_version.split()
    if len(words) > 1 and len(words) % 2 == 0:
        return f"{node.user_agent.partition(' ')[0]} {words[-2]} {words[-1]}"
    return f"{node.user_agent} {node.user_agent_version}".strip()


def liveness(frame: Frame) -> Line:
    """``● live 1 s``, ``◌ stale 12 s``, ``‖ frozen 3 s``."""
    if frame.frozen_for is not None:
        return (Span(f"‖ frozen {span_words(frame.frozen_for)}", Role.NOTE),)
    link = frame.state.link
    return (Span(f"{LINK_GLYPHS[link.state]} {_link_words(link, frame.now)}", LINK_ROLES[link.state]),)


def _link_words(link: Link, now: datetime) -> str:
    since = link.last_answer if link.state in (LinkState.LIVE, LinkState.STALE) and link.last_answer else link.since
    age = max((now - since).total_seconds(), 0)
    return cut_end(f"{link.state.value} {span_words(age)}", 24)
