"""Rules over what a certificate says: its SPIFFE id, and whether its cryptography is still accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.registry import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import CertificateSet
from meshtui.model.subject import FileSubject

LEAVES_SHOWN: Final = 20
"""Leaves judged in one set; a workload has one."""

SMALLEST_RSA: Final = 2048
"""Bits; BoringSSL and Go refuse or warn below (NIST SP 800-131A)."""

WEAK_SIGNATURES: Final = ("md5", "sha1", "-SHA1")
"""Parts of signature names that Go has refused since 1.18 and others refuse by default."""


def spiffe(found: CertificateSet) -> Iterator[Finding]:
    """A mesh certificate carries exactly one SPIFFE id (X.509-SVID §2), of Istio's form."""
    for leaf in found.leaves[:LEAVES_SHOWN]:
        uris = [san.value for san in leaf.sans if san.kind == "URI"]
        names = tuple(str(san) for san in leaf.sans) or ("no subject alternative names",)
        if not leaf.spiffe_ids:
            yield Finding(
                code="certificate-no-spiffe-id",
                severity=Severity.WARNING,
                subject=FileSubject(leaf.file),
                title=f"{leaf.name} has no SPIFFE id",
                explanation="Mesh peers check the URI name spiffe://<trust domain>/ns/<namespace>/sa/<account>. "
                "Without it this "
                "certificate satisfies no cluster that lists SANs and no authorization by principal.",
                fix="use the certificate the mesh's CA issued (the agent's OUTPUT_CERTS directory)",
                evidence=(f"{leaf.file}: {', '.join(names)}",),
            )
        elif len(uris) > 1:
            yield Finding(
                code="certificate-several-spiffe-ids",
                severity=Severity.WARNING,
                subject=FileSubject(leaf.file),
                title=f"The certificate of {leaf.name} has {len(uris)} URI names",
                explanation="A SPIFFE certificate must have exactly one URI name; strict validators refuse it, "
                "others look at "
                "only one of them.",
                fix="issue it with one URI name",
                evidence=tuple(uris),
            )
        elif leaf.spiffe is not None and not leaf.spiffe.service_account:
            yield Finding(
                code="certificate-spiffe-form",
                severity=Severity.INFO,
                subject=FileSubject(leaf.file),
                title=f"{leaf.spiffe} is not of Istio's form",
                explanation="Istio's policies take namespace and service account from "
                "/ns/<namespace>/sa/<account>. Other "
                "meshes use other paths, which is fine there.",
                fix="nothing, if this workload's CA is not Istio's",
                evidence=(f"{leaf.file}: {leaf.spiffe}",),
            )


def cryptography(found: CertificateSet) -> Iterator[Finding]:
    """Keys and signatures that peers refuse; only what is part of a chain counts."""
    chained = {one.fingerprint_sha256: one for chain in found.chains for one in chain.certificates}
    for one in list(chained.values())[:LEAVES_SHOWN]:
        if one.key_algorithm == "RSA" and one.key_bits < SMALLEST_RSA:
            yield Finding(
                code="certificate-weak-key",
                severity=Severity.WARNING,
                subject=FileSubject(one.file),
                title=f"The key of {one.name} is RSA with {one.key_bits} bits",
                explanation=f"Keys below {SMALLEST_RSA} bits can be broken, and TLS libraries refuse them by default.",
                fix="issue it with EC P-256 or RSA 2048 and more",
                evidence=(f"{one.file}: {one.key_type}",),
            )
        signed_by_other = one.subject != one.issuer
        if signed_by_other and any(weak in one.signature_algorithm for weak in WEAK_SIGNATURES):
            yield Finding(
                code="certificate-weak-signature",
                severity=Severity.WARNING,
                subject=FileSubject(one.file),
                title=f"{one.name} is signed with {one.signature_algorithm}",
                explanation="Such signatures can be forged, and Go, BoringSSL and Java refuse them by default.",
                fix="have the CA sign with SHA-256",
                evidence=(f"{one.file}: {one.signature_algorithm}",),
            )


NAME_RULES: Final[tuple[Rule[CertificateSet], ...]] = (spiffe, cryptography)
