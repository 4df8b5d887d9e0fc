"""Certificates as the headless contract has them, and to read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from meshtui.model.finding import Finding
from meshtui.model.identity.certificate import Certificate, CertificateSet
from meshtui.model.identity.lifetime import lifetime
from meshtui.model.phrases import span_words
from meshtui.present.documents.document import rfc3339
from meshtui.present.documents.findings import finding_lines
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


def certificate_table(found: CertificateSet, now: datetime, findings: Iterable[Finding]) -> Table:
    """Certificates as rows, findings below."""
    rows = [
        (
            certificate.role.value,
            certificate.name,
            span_words(lifetime(certificate, now).remaining),
            lifetime(certificate, now).phase.value,
            f"{certificate.not_after.astimezone(UTC):%Y-%m-%d %H:%MZ}",
            certificate.file,
            certificate.key_type,
            certificate.serial_text,
        )
        for certificate in found.certificates
    ]
    headings = ("ROLE", "NAME", "LEFT", "PHASE", "ENDS", "FILE", "KEY", "SERIAL")
    return Table(headings, rows, after=finding_lines(findings), secondary=("KEY", "SERIAL"), whole=("LEFT", "ENDS"))
