"""Findings as the headless contract has them, and to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meshtui.model.finding import Finding, Severity
from meshtui.present.severity import SEVERITY_SIGNS
from meshtui.present.text_lines import TextLine


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


def finding_lines(findings: Iterable[Finding]) -> list[TextLine]:
    """Findings to read: what, why, how to get out, by what it was seen."""
    lines: list[TextLine] = []
    for finding in findings:
        lines += [
            "",
            (SEVERITY_SIGNS[finding.severity], f" {finding.severity.word}: {finding.title}  [{finding.code}]"),
            f"  {finding.explanation}",
            f"  fix: {finding.fix}",
            *(f"  seen: {line}" for line in finding.evidence),
        ]
    return lines


def any_error(findings: Iterable[Finding]) -> bool:
    """Whether the exit code has to be 1."""
    return any(finding.severity is Severity.ERROR for finding in findings)
