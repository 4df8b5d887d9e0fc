"""Rules over what a certificate says: its SPIFFE id, and whether its cryptography is still accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import CertificateEvidence
from meshtui.doctor.kinds import certificates as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.subject import FileSubject

LEAVES_SHOWN: Final = 20
"""Leaves judged in one set; a workload has one."""

SMALLEST_RSA: Final = 2048
"""Bits; BoringSSL and Go refuse or warn below (NIST SP 800-131A)."""

WEAK_SIGNATURES: Final = ("md5", "sha1", "-SHA1")
"""Parts of signature names that Go has refused since 1.18 and others refuse by default."""


def spiffe(seen: CertificateEvidence) -> Iterator[Finding]:
    """A mesh certificate carries exactly one SPIFFE id (X.509-SVID §2), of Istio's form."""
    if not seen.certificates.for_mesh:
        return  # a control plane asks for whatever client certificate it likes
    for leaf in seen.certificates.leaves[:LEAVES_SHOWN]:
        uris = [san.value for san in leaf.sans if san.kind == "URI"]
        if not leaf.spiffe_ids:
            names = ", ".join(str(san) for san in leaf.sans) or "no subject alternative names"
            yield kinds.NO_SPIFFE_ID.finding(
                FileSubject(leaf.file), name=leaf.name, evidence=(f"{leaf.file}: {names}",)
            )
        elif len(uris) > 1:
            yield kinds.SEVERAL_SPIFFE_IDS.finding(
                FileSubject(leaf.file), name=leaf.name, count=len(uris), evidence=uris
            )
        elif leaf.spiffe is not None and not leaf.spiffe.service_account:
            yield kinds.SPIFFE_FORM.finding(
                FileSubject(leaf.file), spiffe_id=leaf.spiffe, evidence=(f"{leaf.file}: {leaf.spiffe}",)
            )


def cryptography(seen: CertificateEvidence) -> Iterator[Finding]:
    """Keys and signatures that peers refuse; only what is part of a chain counts."""
    chained = {
        certificate.fingerprint_sha256: certificate
        for chain in seen.certificates.chains
        for certificate in chain.certificates
    }
    for certificate in list(chained.values())[:LEAVES_SHOWN]:
        if certificate.key_algorithm == "RSA" and certificate.key_bits < SMALLEST_RSA:
            yield kinds.WEAK_KEY.finding(
                FileSubject(certificate.file),
                name=certificate.name,
                bits=certificate.key_bits,
                least=SMALLEST_RSA,
                evidence=(f"{certificate.file}: {certificate.key_type}",),
            )
        algorithm = certificate.signature_algorithm
        signed_by_other = certificate.subject != certificate.issuer
        if signed_by_other and any(weak in algorithm for weak in WEAK_SIGNATURES):
            yield kinds.WEAK_SIGNATURE.finding(
                FileSubject(certificate.file),
                name=certificate.name,
                algorithm=algorithm,
                evidence=(f"{certificate.file}: {algorithm}",),
            )


RULES: Final[tuple[Rule[CertificateEvidence], ...]] = (spiffe, cryptography)
"""The rules of this module."""
