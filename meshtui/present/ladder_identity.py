"""The two rungs below everything: the workload's bootstrap, and its certificates."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meshtui.doctor.kinds.identity import IN_USE_EXPIRED
from meshtui.model.finding import Area, Severity
from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.lifetime import LifePhase, lifetime
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import plural, span_words
from meshtui.model.xds.resource import Health
from meshtui.present.ladder import Rung, RungName

UNLOCK_BOOTSTRAP: Final = "--bootstrap FILE"
UNLOCK_CERTIFICATES: Final = "--certs DIR"
UNLOCK_AGENT: Final = "--agent HOST:15020"
"""What to add to the command line for each fact of a workload."""

CERTIFICATE_AREAS: Final = frozenset({Area.CERTIFICATES, Area.IDENTITY})
BOOTSTRAP_AREAS: Final = frozenset({Area.BOOTSTRAP})
"""The areas of the findings that a rung answers for."""


def identity_rungs(workload: Workload | None, now: datetime) -> tuple[Rung, Rung]:
    """Bootstrap and Certificates."""
    return bootstrap_rung(workload), certificates_rung(workload, now)


def bootstrap_rung(workload: Workload | None) -> Rung:
    """Its shape in a few words, or what is wrong with it."""
    name = RungName.BOOTSTRAP
    if workload is None or workload.files.bootstrap is None:
        asked = workload is not None and bool(workload.offers.bootstrap) and not workload.files_lost
        return Rung(name, Health.WAITING if asked else None, "reading" if asked else f"not read: {UNLOCK_BOOTSTRAP}")
    health, aside = _judged(workload, BOOTSTRAP_AREAS)
    return Rung(name, health, bootstrap_words(workload.files.bootstrap), aside=aside)


def bootstrap_words(bootstrap: Bootstrap) -> str:
    """``Istio's shape, 1 server, provider default``."""
    if bootstrap.syntax is not None:
        return f"{bootstrap.source} cannot be read"
    shape = "Istio's shape" if bootstrap.for_istio else "gRPC's shape"
    providers = [provider.name for provider in bootstrap.certificate_providers]
    named = (
        f"{'provider' if len(providers) == 1 else 'providers'} {', '.join(providers)}" if providers else "no provider"
    )
    return f"{shape}, {plural(len(bootstrap.servers), 'server')}, {named}"


def certificates_rung(workload: Workload | None, now: datetime) -> Rung:
    """Who, and until when."""
    name = RungName.CERTIFICATES
    own = workload.files.own if workload is not None else None
    leaf = own.leaf if own is not None else None
    if workload is None or own is None:
        return _without_files(name, workload, now)
    health, aside = _judged(workload, CERTIFICATE_AREAS)
    if leaf is None:
        return Rung(name, Health.MISSING if health is Health.OK else health, f"none in {own.source}", aside=aside)
    first = workload.soonest_end or leaf
    late = lifetime(first, now).phase in (LifePhase.LATE, LifePhase.ENDING)
    words = end_words(first, now) + ("" if first is leaf else f" (the {first.role})")
    if health is Health.OK and late:
        return Rung(name, Health.WAITING, leaf.name, aside=words)
    return Rung(name, health, leaf.name, aside=aside or words)


def _without_files(name: RungName, workload: Workload | None, now: datetime) -> Rung:
    if workload is None:
        return Rung(name, None, f"not read: {UNLOCK_CERTIFICATES}")
    ends_at, offers = workload.ends_at, workload.offers
    health, aside = _judged(workload, CERTIFICATE_AREAS)
    if ends_at is not None:
        left = ends_at - now
        ended = left.total_seconds() < 0
        words = f"ended {span_words(-left)} ago" if ended else f"ends in {span_words(left)}"
        return Rung(
            name, Health.REFUSED if ended else health, f"by the agent: {words}", aside=aside or UNLOCK_CERTIFICATES
        )
    if offers.certificates and workload.read_at is None and not workload.files_lost:
        return Rung(name, Health.WAITING, "reading")
    known = None if health is Health.OK else health
    return Rung(name, known, f"not read: {UNLOCK_CERTIFICATES}", aside=aside)


def end_words(certificate: Certificate, now: datetime) -> str:
    """``ends in 4m 12s, rotates in 1m 40s``, or what has become of it."""
    life = lifetime(certificate, now)
    left, due = span_words(life.remaining), span_words(abs(life.until_rotation))
    match life.phase:
        case LifePhase.NOT_YET_VALID:
            return f"not valid for another {span_words(certificate.not_before - now)}"
        case LifePhase.EXPIRED:
            return f"expired {span_words(-life.remaining)} ago"
        case LifePhase.FRESH if not certificate.is_ca:
            return f"ends in {left}, rotates in {due}"
        case LifePhase.FRESH:
            return f"ends in {left}"
        case LifePhase.DUE if not certificate.is_ca:
            return f"ends in {left}, rotation is due"
        case LifePhase.LATE if not certificate.is_ca:
            return f"ends in {left}, rotation {due} late"
        case _:
            return f"ends in {left}"


def _judged(workload: Workload, areas: frozenset[Area]) -> tuple[Health, str]:
    """The worst finding's weight and title; a warning leaves the rung standing, unless calls go on over a certificate
    that no new connection accepts."""
    found = [
        finding for finding in workload.findings if finding.area in areas and finding.severity is not Severity.INFO
    ]
    if not found:
        return Health.OK, ""
    bad = max(found, key=lambda finding: (finding.severity, finding.code == IN_USE_EXPIRED.code))
    if bad.severity is Severity.ERROR:
        return Health.REFUSED, bad.title
    return Health.DEGRADED if bad.code == IN_USE_EXPIRED.code else Health.OK, f"! {bad.title}"
