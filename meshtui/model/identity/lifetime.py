"""How far a certificate's life has gone; the moment of looking is always an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from meshtui.model.identity.certificate import Certificate

ROTATION_SHARE = 0.5
"""Istio's agent asks for a new certificate at half life (SECRET_GRACE_PERIOD_RATIO 0.5 ± 0.01), counted from when it
got the present one (``rotateTime`` in ``security/pkg/nodeagent/cache/secretcache.go``)."""

BACKDATED = timedelta(minutes=2)
"""istiod's CA sets NotBefore so much before the moment of issuing, for clocks that are behind
(``ClockSkewGracePeriod`` in ``security/pkg/pki/util/generate_cert.go``; of istiod 1.29.1 a life of 24 h and 2 min was
seen)."""

LATE_SHARE = 1 / 3
"""At this much life left, a rotation that was due at one half has been missed."""

ENDING_SHARE = 1 / 10
"""At this much life left, little time remains for a person to act."""


class LifePhase(StrEnum):
    """Where in its life a certificate stands; the values are the words shown."""

    NOT_YET_VALID = "not yet valid"
    FRESH = "fresh"
    DUE = "rotation due"
    LATE = "rotation late"
    ENDING = "ending"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A validity period looked at from ``now`` (all UTC, all aware)."""

    not_before: datetime
    not_after: datetime
    now: datetime

    @property
    def total(self) -> timedelta:
        """The whole life; never negative."""
        return max(self.not_after - self.not_before, timedelta(0))

    @property
    def remaining(self) -> timedelta:
        """Time left; negative once expired."""
        return self.not_after - self.now

    @property
    def expires_in_seconds(self) -> float:
        """Time left, for documents; negative once expired."""
        return self.remaining.total_seconds()

    @property
    def issued(self) -> datetime:
        """When it was issued, if istiod did; what lives no longer than istiod backdates, another issued."""
        return self.not_before + (BACKDATED if self.total > BACKDATED else timedelta(0))

    @property
    def age_share(self) -> float:
        """The share of its life since it was issued that has passed, 0 to 1; one of no length counts as passed."""
        if self.total <= timedelta(0):
            return 1.0
        return min(max((self.now - self.issued) / (self.not_after - self.issued), 0.0), 1.0)

    @property
    def remaining_share(self) -> float:
        """The share of its life since it was issued that is left, 0 to 1."""
        return 1.0 - self.age_share

    @property
    def rotation_due_at(self) -> datetime:
        """When istio-agent asks for the next one, reckoned from when it was issued."""
        return self.not_after - (self.not_after - self.issued) * ROTATION_SHARE

    @property
    def until_rotation(self) -> timedelta:
        """Time until the rotation is due; negative when it is overdue."""
        return self.rotation_due_at - self.now

    @property
    def phase(self) -> LifePhase:
        """Where in its life it is; the end weighs more than a rotation that is due."""
        if self.now < self.not_before:
            return LifePhase.NOT_YET_VALID
        if self.now > self.not_after:
            # RFC 5280 §4.1.2.5: the period includes its last second.
            return LifePhase.EXPIRED
        if self.remaining_share <= ENDING_SHARE:
            return LifePhase.ENDING
        if self.remaining_share <= LATE_SHARE:
            return LifePhase.LATE
        return LifePhase.DUE if self.now >= self.rotation_due_at else LifePhase.FRESH


def lifetime(certificate: Certificate, now: datetime) -> Lifetime:
    """The life of ``certificate`` seen from ``now``."""
    return Lifetime(certificate.not_before, certificate.not_after, now)
