"""Word and role of every state beside its glyph: never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meshtui.model.finding import Severity
from meshtui.model.xds.resource import Health, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.marks import HEALTH_GLYPHS
from meshtui.session.state import LinkState
from meshtui.tui.kit.style import Line, Role, Span

WORDS: Final = {
    Health.OK: "fine",
    Health.DEGRADED: "degraded",
    Health.WAITING: "waiting",
    Health.MISSING: "missing",
    Health.REFUSED: "refused",
}

ROLES: Final = {
    Health.OK: Role.OK,
    Health.DEGRADED: Role.WAITING,
    Health.WAITING: Role.WAITING,
    Health.MISSING: Role.MISSING,
    Health.REFUSED: Role.REFUSED,
}

UNKNOWN: Final = "·"
"""The glyph of what cannot be known from here."""

STATUS_WORDS: Final = {
    Status.UNKNOWN: "unknown",
    Status.REQUESTED: "waiting",
    Status.DOES_NOT_EXIST: "missing",
    Status.ACKED: "ACKED",
    Status.NACKED: "NACKED",
    Status.RECEIVED_ERROR: "error",
    Status.TIMEOUT: "timeout",
}
"""The status as people say it; ACKED and NACKED are the field's own words."""

SEVERITY_ROLES: Final = {Severity.ERROR: Role.ALARM, Severity.WARNING: Role.NOTE, Severity.INFO: Role.ACCENT}

LINK_GLYPHS: Final = {
    LinkState.CONNECTING: "◌",
    LinkState.LIVE: "●",
    LinkState.STALE: "◌",
    LinkState.DOWN: "✗",
    LinkState.MISSING: "∅",
}

LINK_ROLES: Final = {
    LinkState.CONNECTING: Role.WAITING,
    LinkState.LIVE: Role.OK,
    LinkState.STALE: Role.WAITING,
    LinkState.DOWN: Role.ALARM,
    LinkState.MISSING: Role.ALARM,
}


FOLDS: Final[Mapping[bool | None, str]] = {True: "▾", False: "▸", None: " "}
"""Whether what belongs to a row is shown; a row that does not fold has a blank."""


def glyph(health: Health | None) -> Span:
    """The mark of a health."""
    return Span(UNKNOWN, Role.FAINT) if health is None else Span(HEALTH_GLYPHS[health], ROLES[health])


def counts(snapshot: Snapshot | None) -> Line:
    """How many resources are in each state, those that need a person with their word."""
    if snapshot is None:
        return ()
    found = snapshot.counts()
    line: list[Span] = [Span(f"{HEALTH_GLYPHS[Health.OK]} {found[Health.OK]}", ROLES[Health.OK])]
    for health in (Health.WAITING, Health.MISSING, Health.REFUSED):
        if found[health]:
            line += (Span("  "), Span(f"{HEALTH_GLYPHS[health]} {found[health]} {WORDS[health]}", ROLES[health]))
    return tuple(line)
