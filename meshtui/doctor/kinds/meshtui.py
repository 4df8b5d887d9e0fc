"""Findings about meshtui itself."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

RULE_FAILED: Final = Kind(
    code="rule-failed",
    area=Area.MESHTUI,
    severity=Severity.INFO,
    title="The check {check} could not be made",
    why="This is a defect of meshtui, not of the mesh; all other checks were made.",
    fix="please report it with the evidence below",
    seen="the error within meshtui.",
)
