"""What the doctor says: one finding is one cause, with its evidence and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from meshtui.model.subject import Subject


class Severity(IntEnum):
    """How much a person is needed; a greater value is worse, so ``max`` finds the worst."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """The name used in JSON and on screen: ``info``, ``warning`` or ``error``."""
        return self.name.lower()


class Area(StrEnum):
    """What part of the mesh a finding is about; the value is the heading in the index of findings."""

    CONFIG = "config"
    CONNECTION = "connection"
    TRAFFIC = "traffic"
    CLIENT = "client"
    """Who answers at the address."""
    BOOTSTRAP = "bootstrap"
    CERTIFICATES = "certificates"
    IDENTITY = "identity"
    """What is issued, on disk, in use and expected, held against each other."""
    AGENT = "agent"
    MESHTUI = "meshtui"
    """A defect of meshtui's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a person should know, said in whole sentences.

    ``code`` is stable and names the page ``docs/findings/<code>.md``; ``subject`` is what it is about, ``also`` what
    else it is about, such as the file that a value of the bootstrap names. ``evidence`` holds what was seen, quoted,
    one fact a line.
    """

    code: str
    area: Area
    severity: Severity
    subject: Subject
    title: str
    explanation: str
    fix: str
    evidence: tuple[str, ...] = ()
    also: tuple[Subject, ...] = ()


def worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings in the order to read them: by severity, then subject, then code."""
    return tuple(sorted(findings, key=lambda finding: (-finding.severity, finding.subject.words, finding.code)))
