"""Certificates and findings as the headless contract has them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import Certificate, CertificateSet
from meshtui.model.identity.lifetime import lifetime
from meshtui.model.phrases import span_words
from meshtui.present.documents.document import rfc3339
from meshtui.present.severity import SEVERITY_GLYPHS
from meshtui.present.table import Table


def certificate_json(certificate: Certificate, now: datetime) -> dict[str, Any]:
    """One certificate. ``serial`` is hex with colons: as a number it does not fit into a JSON reader's."""
    life = lifetime(certificate, now)
    spiffe = certificate.spiffe
    return {
        "file": certificate.file,
        "role": certificate.role.value,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial_text,
        "san": [str(san) for san in certificate.sans],
        "spiffe": None
        if spiffe is None
        else {
            "id": str(spiffe),
            "trust_domain": spiffe.trust_domain,
            "namespace": spiffe.namespace,
            "service_account": spiffe.service_account,
        },
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "expires_in_seconds": round(life.expires_in_seconds, 3),
        "phase": life.phase.value,
        "rotation_due_at": rfc3339(life.rotation_due_at),
        "fingerprint_sha256": certificate.fingerprint_sha256,
        "key_type": certificate.key_type,
        "key_bits": certificate.key_bits,
        "signature_algorithm": certificate.signature_algorithm,
    }


def chains_json(found: CertificateSet) -> list[dict[str, Any]]:
    """Each chain as fingerprints, leaf first, with whether it holds."""
    return [
        {
            "certificates": [certificate.fingerprint_sha256 for certificate in chain.certificates],
            "verified": chain.verified,
            "problem": None if chain.problem is None else chain.problem.value,
        }
        for chain in found.chains
    ]


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "severity": finding.severity.word,
        "subject": finding.subject.words,
        "title": finding.title,
        "explanation": finding.explanation,
        "fix": finding.fix,
        "evidence": list(finding.evidence),
    }


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """Findings to read: what, why, how to get out, by what it was seen."""
    lines: list[str] = []
    for finding in findings:
        lines += [
            "",
            f"{SEVERITY_GLYPHS[finding.severity]} {finding.severity.word}: {finding.title}  [{finding.code}]",
            f"  {finding.explanation}",
            f"  fix: {finding.fix}",
            *(f"  seen: {line}" for line in finding.evidence),
        ]
    return lines


def certificate_table(found: CertificateSet, now: datetime, findings: Iterable[Finding]) -> Table:
    """Certificates as rows, findings below."""
    rows = [
        (
            certificate.role.value,
            certificate.name,
            span_words(lifetime(certificate, now).remaining),
            lifetime(certificate, now).phase.value,
            rfc3339(certificate.not_after) or "",
            certificate.key_type,
            certificate.serial_text,
            certificate.file,
        )
        for certificate in found.certificates
    ]
    headings = ("ROLE", "NAME", "LEFT", "PHASE", "ENDS", "KEY", "SERIAL", "FILE")
    return Table(headings, rows, after=finding_lines(findings))


def any_error(findings: Iterable[Finding]) -> bool:
    """Whether the exit code has to be 1."""
    return any(finding.severity is Severity.ERROR for finding in findings)
