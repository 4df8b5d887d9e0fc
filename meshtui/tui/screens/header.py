"""The header's line: which target, who it is, how it answers."""

from __future__ import annotations

from datetime import datetime

from meshtui.model.kubernetes.typed import short_line
from meshtui.model.phrases import span_words
from meshtui.model.xds.snapshot import NodeIdentity
from meshtui.session.state import Link, LinkState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.life_left import certificate_end
from meshtui.tui.kit.marks import LINK_GLYPHS, LINK_ROLES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, fit, span, width_of

GAP = Span("   ")
"""Between facts of a line: a space that reads as a border without drawing one."""

ROOM_FOR_NODE = 100
"""Cells from which the node's id and the library are shown too."""


def header_line(frame: Frame, counted: Line, width: int) -> Line:
    """The first line of every view; ``counted`` is what :func:`counts` says of the frame's snapshot."""
    end = certificate_end(frame.state.workload, frame.now)
    right = (*counted, GAP, *((*end, GAP) if end else ()), *liveness(frame), Span(" "))
    brand = (Span(" meshtui", Role.BRAND), GAP) if width >= ROOM_FOR_NODE else (Span(" "),)
    which, of = frame.position
    others = (Span(f"   target {which}/{of}", Role.DIM),) if of > 1 else ()
    room = width - width_of(right) - width_of(brand) - width_of(others) - 2
    left: Line = (*brand, *_who(frame, room), *others)
    gap = width - width_of(left) - width_of(right)
    return fit((*left, Span(" " * max(gap, 1)), *right), width)


def _who(frame: Frame, room: int) -> Line:
    node = frame.state.snapshot.node if frame.state.snapshot else NodeIdentity()
    pod, namespace = node.workload
    name = (span(pod, Role.STRONG), span(f" · {namespace}" if namespace else "")) if pod else ()
    target = span(short_line(frame.state.target), Role.DIM if name else Role.STRONG)
    library = span(library_words(node), Role.DIM)
    known = (*name, GAP, target) if name else (target,)
    for line in ((*known, GAP, library), known, name or (target,)):
        if width_of(line) <= room:
            return line
    return (Span(cut(pod or frame.state.target, max(room, 8)), Role.STRONG),)


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
