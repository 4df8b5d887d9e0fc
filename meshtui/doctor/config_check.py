"""Judges a target's config look after look; what cannot have changed since the look before is not judged again."""

from __future__ import annotations

from meshtui.doctor.answerer import ANSWERER_RULES
from meshtui.doctor.config import STANDING_RULES, waiting
from meshtui.doctor.connection import CONNECTION_RULES
from meshtui.doctor.observation import Observation
from meshtui.doctor.registry import run
from meshtui.doctor.traffic import TRAFFIC_RULES
from meshtui.model.finding import Finding, worst_first
from meshtui.model.xds.resource import Health


class ConfigCheck:
    """The findings about config and channels of one target. Ten thousand resources take some 25 ms to judge, and on
    most looks they are the very objects of the look before."""

    def __init__(self) -> None:
        self._judged: Observation | None = None
        self._standing: tuple[Finding, ...] = ()
        self._waits = False

    def findings(self, seen: Observation) -> tuple[Finding, ...]:
        """What all rules find in this look, worst first."""
        before = self._judged
        if before is None or before.snapshot.resources is not seen.snapshot.resources or before.graph is not seen.graph:
            self._standing = run(STANDING_RULES, seen)
            self._waits = any(found.health is Health.WAITING for found in seen.snapshot.resources.values())
            self._judged = seen
        timed = run((waiting,), seen) if self._waits else ()
        return worst_first(self._standing + timed + run((*CONNECTION_RULES, *TRAFFIC_RULES, *ANSWERER_RULES), seen))
