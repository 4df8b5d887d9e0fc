"""How much longer a certificate lives, in a word, a glyph and a role: warned of at a third and at a tenth."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.lifetime import Phase, lifetime
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import span_words
from meshtui.tui.kit.style import Line, Role, Span

PHASE_ROLES: Final = {
    Phase.NOT_YET_VALID: Role.ALARM,
    Phase.FRESH: Role.TEXT,
    Phase.DUE: Role.TEXT,
    Phase.LATE: Role.NOTE,
    Phase.ENDING: Role.ALARM,
    Phase.EXPIRED: Role.ALARM,
}

PHASE_GLYPHS: Final = {
    Phase.NOT_YET_VALID: "✗ ",
    Phase.FRESH: "",
    Phase.DUE: "",
    Phase.LATE: "! ",
    Phase.ENDING: "!! ",
    Phase.EXPIRED: "✗ ",
}


def certificate_end(workload: Workload | None, now: datetime) -> Line:
    """For the header: ``cert 4m 12s``, ``! cert late, 50 s``, ``!! cert ends in 12 s``, ``✗ cert expired 3 s ago``."""
    if workload is None or workload.ends_at is None:
        return ()
    first, left = workload.soonest_end, workload.ends_at - now
    if first is not None:
        phase = lifetime(first, now).phase
    else:
        phase = Phase.EXPIRED if left.total_seconds() < 0 else Phase.FRESH
    words = {
        Phase.NOT_YET_VALID: "cert not valid yet",
        Phase.LATE: f"cert late, {span_words(left)}",
        Phase.ENDING: f"cert ends in {span_words(left)}",
        Phase.EXPIRED: f"cert expired {span_words(-left)} ago",
    }.get(phase, f"cert {span_words(left)}")
    role = Role.DIM if PHASE_ROLES[phase] is Role.TEXT else PHASE_ROLES[phase]
    return (Span(f"{PHASE_GLYPHS[phase]}{words}", role),)


def end_spans(certificate: Certificate, now: datetime, *, rotates: bool, brief: bool = False) -> Line:
    """Beside a bar: ``ends in 2m 58s · rotation due in 58 s``; ``rotates`` is for leaves, which an agent replaces."""
    life = lifetime(certificate, now)
    role, glyph = PHASE_ROLES[life.phase], PHASE_GLYPHS[life.phase]
    line: Line = (
        Span(f"{glyph}{when_it_ends(certificate, now)}", Role.STRONG if role is Role.TEXT and rotates else role),
    )
    rotation = "" if brief or not rotates else _rotation_words(life.phase, span_words(abs(life.until_rotation)))
    return (*line, Span(f" · {rotation}", Role.DIM if role is Role.TEXT else role)) if rotation else line


def when_it_ends(certificate: Certificate, now: datetime) -> str:
    """``ends in 2m 58s``, ``expired 3 s ago``, ``valid only in 12 s``."""
    life = lifetime(certificate, now)
    match life.phase:
        case Phase.NOT_YET_VALID:
            return f"valid only in {span_words(certificate.not_before - now)}"
        case Phase.EXPIRED:
            return f"expired {span_words(-life.remaining)} ago"
        case _:
            return f"ends in {span_words(life.remaining)}"


def _rotation_words(phase: Phase, away: str) -> str:
    return {
        Phase.FRESH: f"rotation due in {away}",
        Phase.DUE: f"rotation due since {away}",
        Phase.LATE: f"rotation {away} late",
        Phase.ENDING: f"rotation {away} late",
    }.get(phase, "")
