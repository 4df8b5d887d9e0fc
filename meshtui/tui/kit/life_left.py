"""How much longer a certificate lives, in a word, a glyph and a role: warned of at a third and at a tenth."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.lifetime import LifePhase, lifetime
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import span_words
from meshtui.tui.kit.style import Line, Role, Span

PHASE_ROLES: Final = {
    LifePhase.NOT_YET_VALID: Role.ALARM,
    LifePhase.FRESH: Role.TEXT,
    LifePhase.DUE: Role.TEXT,
    LifePhase.LATE: Role.NOTE,
    LifePhase.ENDING: Role.ALARM,
    LifePhase.EXPIRED: Role.ALARM,
}

PHASE_GLYPHS: Final = {
    LifePhase.NOT_YET_VALID: "✗ ",
    LifePhase.FRESH: "",
    LifePhase.DUE: "",
    LifePhase.LATE: "! ",
    LifePhase.ENDING: "!! ",
    LifePhase.EXPIRED: "✗ ",
}


def certificate_end(workload: Workload | None, now: datetime) -> Line:
    """For the header: ``cert 4m 12s``, ``! cert late, 50 s``, ``!! cert ends in 12 s``, ``✗ cert expired 3 s ago``."""
    if workload is None or workload.ends_at is None:
        return ()
    first, left = workload.soonest_end, workload.ends_at - now
    if first is not None:
        phase = lifetime(first, now).phase
    else:
        phase = LifePhase.EXPIRED if left.total_seconds() < 0 else LifePhase.FRESH
    words = {
        LifePhase.NOT_YET_VALID: "cert not valid yet",
        LifePhase.LATE: f"cert late, {span_words(left)}",
        LifePhase.ENDING: f"cert ends in {span_words(left)}",
        LifePhase.EXPIRED: f"cert expired {span_words(-left)} ago",
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
        case LifePhase.NOT_YET_VALID:
            return f"valid only in {span_words(certificate.not_before - now)}"
        case LifePhase.EXPIRED:
            return f"expired {span_words(-life.remaining)} ago"
        case _:
            return f"ends in {span_words(life.remaining)}"


def _rotation_words(phase: LifePhase, away: str) -> str:
    return {
        LifePhase.FRESH: f"rotation due in {away}",
        LifePhase.DUE: f"rotation due since {away}",
        LifePhase.LATE: f"rotation {away} late",
        LifePhase.ENDING: f"rotation {away} late",
    }.get(phase, "")
