"""Rules over chains: whether each reaches a trusted root, and which certificate of it ends first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import CertificateEvidence
from meshtui.doctor.kinds import certificates as kinds
from meshtui.doctor.rules.certificate_words import moment_words, period_words
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.identity.certificate import LinkProblem
from meshtui.model.subject import FileSubject

CHAINS_JUDGED: Final = 20
"""Chains whose break is named; a workload has one."""

BY_PROBLEM: Final = {
    LinkProblem.ISSUER_MISSING: kinds.ISSUER_MISSING,
    LinkProblem.UNTRUSTED_ROOT: kinds.ROOT_UNTRUSTED,
    LinkProblem.SIGNATURE: kinds.SIGNATURE_WRONG,
    LinkProblem.ISSUER_NOT_CA: kinds.ISSUER_NOT_CA,
    LinkProblem.PATH_LENGTH: kinds.PATH_TOO_LONG,
    LinkProblem.TOO_LONG: kinds.CHAIN_TOO_LONG,
    LinkProblem.NOT_CHECKED: kinds.CHAIN_NOT_CHECKED,
}
"""The kind of finding for each way a chain fails."""

ABOUT_THE_UPPER: Final = frozenset({LinkProblem.ISSUER_NOT_CA, LinkProblem.PATH_LENGTH})
"""Problems whose certificate is the issuer, not the issued."""


def outlives_issuer(seen: CertificateEvidence) -> Iterator[Finding]:
    """A chain is only as long-lived as its shortest link."""
    for chain in seen.certificates.chains:
        first = chain.ends_first
        if first is chain.leaf or first.not_after < seen.now:
            continue
        yield kinds.OUTLIVES_ISSUER.finding(
            FileSubject(first.file),
            leaf=chain.leaf.name,
            role=first.role,
            issuer=first.subject,
            issuer_ends=moment_words(first.not_after),
            leaf_ends=moment_words(chain.leaf.not_after),
            evidence=(period_words(first), period_words(chain.leaf)),
        )


def broken_chain(seen: CertificateEvidence) -> Iterator[Finding]:
    """The chain does not reach a trusted root, with the link that fails."""
    for chain in seen.certificates.chains[:CHAINS_JUDGED]:
        if chain.problem is None:
            continue
        at = chain.certificates[chain.at]
        below = chain.certificates[chain.at - 1] if chain.problem in ABOUT_THE_UPPER else at
        yield BY_PROBLEM[chain.problem].finding(
            FileSubject(chain.leaf.file),
            leaf=chain.leaf.name,
            below=below.name,
            above=at.name,
            issuer=below.issuer or "no name",
            evidence=tuple(
                f"{certificate.role} {certificate.name}, issued by {certificate.issuer}"
                for certificate in chain.certificates
            ),
        )


RULES: Final[tuple[Rule[CertificateEvidence], ...]] = (outlives_issuer, broken_chain)
"""The rules of this module."""
