"""A corpus of broken bootstraps: each yields exactly the findings listed for it, and the good ones none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import BootstrapEvidence, Evidence
from meshtui.model.identity.bootstrap_lines import bootstrap_lines
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.subject import BootstrapSubject
from tests.pki import NOW

CORPUS = Path(__file__).parents[2] / "data" / "bootstraps"
EXPECTED: dict[str, list[str]] = json.loads((CORPUS / "expected.manifest").read_text())


def test_every_file_has_its_expectation_and_there_are_enough() -> None:
    assert {path.stem for path in CORPUS.glob("*.json")} == set(EXPECTED)
    assert sum(bool(codes) for codes in EXPECTED.values()) >= 40
    assert len({code for codes in EXPECTED.values() for code in codes}) >= 20


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_gets_exactly_its_findings(name: str) -> None:
    read = read_bootstrap((CORPUS / f"{name}.json").read_bytes(), f"{name}.json")
    findings = diagnose(Evidence(bootstrap=BootstrapEvidence(now=NOW, bootstrap=read)))
    assert sorted({finding.code for finding in findings}) == EXPECTED[name]
    for finding in findings:
        assert finding.title
        assert finding.explanation
        assert finding.fix
        assert finding.evidence


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_finding_stands_beside_a_line(name: str) -> None:
    """A finding's subject is a path that the shown text has, so the screen can put it there."""
    read = read_bootstrap((CORPUS / f"{name}.json").read_bytes(), f"{name}.json")
    shown = {line.path for line in bootstrap_lines(read)}
    for finding in diagnose(Evidence(bootstrap=BootstrapEvidence(now=NOW, bootstrap=read))):
        assert isinstance(finding.subject, BootstrapSubject)
        path = finding.subject.path
        assert path in shown or (path == "" and read.syntax is not None)
