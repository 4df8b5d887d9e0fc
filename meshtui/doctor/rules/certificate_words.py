"""How the evidence about a certificate names its time."""

from __future__ import annotations

from datetime import datetime

from meshtui.model.identity.certificate import Certificate


def period_words(certificate: Certificate) -> str:
    """The file, the serial, and from when until when it is valid."""
    begins, ends = moment_words(certificate.not_before), moment_words(certificate.not_after)
    return f"{certificate.file}: serial {certificate.serial_text}, valid {begins} to {ends}"


def moment_words(moment: datetime) -> str:
    """``2026-08-01 10:00:00 UTC``."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
