"""Rules over certificates: whether each is within its time, and (in modules of their own) chains, files and names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Final

from meshtui.doctor.evidence import CertificateEvidence
from meshtui.doctor.kinds import certificates as kinds
from meshtui.doctor.rules import certificate_chains, certificate_files, certificate_names
from meshtui.doctor.rules.certificate_words import moment_words, period_words
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import Certificate, CertificateRole
from meshtui.model.identity.lifetime import LifePhase, lifetime
from meshtui.model.phrases import span_words
from meshtui.model.subject import FileSubject

FINDINGS_PER_RULE: Final = 20
"""A bundle of thousands can have hundreds of expired roots: so many are named."""

REPLACE_CA: Final = "replace it, and distribute the new one before its leaves change"
"""The way out when what ends is no leaf, which nothing rotates by itself."""


def expired(seen: CertificateEvidence) -> Iterator[Finding]:
    """Its time is over: peers refuse it."""
    for certificate in _in_phase(seen, LifePhase.EXPIRED):
        yield kinds.EXPIRED.finding(
            FileSubject(certificate.file),
            severity=_weight(seen, certificate),
            fix="" if certificate.role is CertificateRole.LEAF else REPLACE_CA,
            role=certificate.role,
            name=certificate.name,
            ago=span_words(seen.now - certificate.not_after),
            effect=_effect(certificate),
            evidence=_times(seen, certificate),
        )


def not_yet_valid(seen: CertificateEvidence) -> Iterator[Finding]:
    """Its time has not begun: often it is a clock that is wrong."""
    for certificate in _in_phase(seen, LifePhase.NOT_YET_VALID):
        yield kinds.NOT_YET_VALID.finding(
            FileSubject(certificate.file),
            severity=_weight(seen, certificate),
            role=certificate.role,
            name=certificate.name,
            ahead=span_words(certificate.not_before - seen.now),
            effect=_effect(certificate),
            evidence=_times(seen, certificate),
        )


def rotation_late(seen: CertificateEvidence) -> Iterator[Finding]:
    """A third of its life or less is left, though rotation is due at one half."""
    for certificate in _in_phase(seen, LifePhase.LATE):
        if certificate.role is CertificateRole.LEAF:
            life = lifetime(certificate, seen.now)
            yield kinds.ROTATION_LATE.finding(
                FileSubject(certificate.file),
                name=certificate.name,
                ago=span_words(-life.until_rotation),
                left=span_words(life.remaining),
                life=span_words(life.total),
                evidence=(period_words(certificate), f"rotation was due {moment_words(life.rotation_due_at)}"),
            )


def ending(seen: CertificateEvidence) -> Iterator[Finding]:
    """A tenth of its life or less is left."""
    for certificate in _in_phase(seen, LifePhase.ENDING):
        life = lifetime(certificate, seen.now)
        yield kinds.ENDING.finding(
            FileSubject(certificate.file),
            fix="" if certificate.role is CertificateRole.LEAF else REPLACE_CA,
            role=certificate.role,
            name=certificate.name,
            left=span_words(life.remaining),
            life=span_words(life.total),
            effect=_effect(certificate),
            evidence=_times(seen, certificate),
        )


def ends_sooner_than_asked(seen: CertificateEvidence) -> Iterator[Finding]:
    """What ``--warn`` asks for."""
    if seen.warn is None:
        return
    for certificate in islice(_relevant(seen), FINDINGS_PER_RULE):
        left = certificate.not_after - seen.now
        if timedelta(0) <= left < seen.warn:
            yield kinds.ENDS_SOONER.finding(
                FileSubject(certificate.file),
                role=certificate.role,
                name=certificate.name,
                left=span_words(left),
                asked=span_words(seen.warn),
                evidence=_times(seen, certificate),
            )


def period_reversed(seen: CertificateEvidence) -> Iterator[Finding]:
    """It ends before it begins, so it is never valid."""
    for certificate in islice(_relevant(seen), FINDINGS_PER_RULE):
        if certificate.not_after < certificate.not_before:
            yield kinds.PERIOD_REVERSED.finding(
                FileSubject(certificate.file),
                role=certificate.role,
                name=certificate.name,
                evidence=(period_words(certificate),),
            )


def _relevant(seen: CertificateEvidence) -> tuple[Certificate, ...]:
    """What must be valid: the leaves' chains; without leaves every certificate."""
    chains = seen.certificates.chains
    if not chains:
        return seen.certificates.certificates
    return _each_once(certificate for chain in chains for certificate in chain.certificates)


def _in_phase(seen: CertificateEvidence, phase: LifePhase) -> Iterator[Certificate]:
    """Each certificate in this phase, once: the root often stands in both files."""
    distinct = reversed(_each_once(reversed(seen.certificates.certificates)))
    found = (certificate for certificate in distinct if lifetime(certificate, seen.now).phase is phase)
    return islice(found, FINDINGS_PER_RULE)


def _each_once(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    return tuple({certificate.fingerprint_sha256: certificate for certificate in certificates}.values())


def _weight(seen: CertificateEvidence, certificate: Certificate) -> Severity:
    """An error when a chain needs it; an old root beside the one in use is only a warning."""
    needed = {other.fingerprint_sha256 for other in _relevant(seen)}
    return Severity.ERROR if certificate.fingerprint_sha256 in needed else Severity.WARNING


def _effect(certificate: Certificate) -> str:
    if certificate.role is CertificateRole.LEAF:
        return "Every new mTLS connection from and to this workload fails; those already open go on."
    return "No chain through it is accepted, so every workload below it is refused."


def _times(seen: CertificateEvidence, certificate: Certificate) -> tuple[str, str]:
    return period_words(certificate), f"now {moment_words(seen.now)}"


RULES: Final[tuple[Rule[CertificateEvidence], ...]] = (
    expired,
    not_yet_valid,
    rotation_late,
    ending,
    ends_sooner_than_asked,
    period_reversed,
    *certificate_chains.RULES,
    *certificate_files.RULES,
    *certificate_names.RULES,
)
"""All rules over one set of certificates."""
