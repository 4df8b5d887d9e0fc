"""Word and role of every state beside its glyph: never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meshtui.model.finding import Severity
from meshtui.model.xds.resource import Health, Resource, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.status_words import state_word
from meshtui.present.marks import HEALTH_GLYPHS
from meshtui.session.state import LinkState
from meshtui.tui.kit.style import Line, Role, Span

ROLES: Final = {
    Health.OK: Role.OK,
    Health.DEGRADED: Role.WAITING,
    Health.UNKNOWN: Role.WAITING,
    Health.WAITING: Role.WAITING,
    Health.MISSING: Role.MISSING,
    Health.REFUSED: Role.REFUSED,
}

UNKNOWN: Final = "·"
"""The glyph of what cannot be known from here."""

OF_THE_FIELD: Final = (Status.ACKED, Status.NACKED)
"""Statuses that people call by their names."""

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


def status_word(resource: Resource) -> str:
    """The status as people say it."""
    return resource.status.name if resource.status in OF_THE_FIELD else state_word(resource)


def counts(snapshot: Snapshot | None) -> Line:
    """How many resources are in each state, those that are not fine with their word."""
    if snapshot is None:
        return ()
    line: list[Span] = []
    for health, word, count in snapshot.counts:
        named = "" if health is Health.OK else f" {word}"
        line += (Span("  "), Span(f"{HEALTH_GLYPHS[health]} {count}{named}", ROLES[health]))
    return tuple(line[1:])
