"""Runs rules: each is a function from what was seen to findings, and one that fails costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from meshtui.model.finding import Finding, Severity, worst_first
from meshtui.model.subject import CheckSubject

State = TypeVar("State")

Rule = Callable[[State], Iterable[Finding]]
"""One rule over some state."""


def run(rules: Iterable[Rule[State]], state: State) -> tuple[Finding, ...]:
    """What all rules find, worst first. A rule that raises becomes a finding of its own."""
    findings: list[Finding] = []
    for rule in rules:
        try:
            findings += rule(state)
        except Exception as error:  # the edge: a defect in one rule must not cost the others
            findings.append(failed(getattr(rule, "__name__", "a rule"), error))
    return worst_first(tuple(findings))


def failed(name: str, error: Exception) -> Finding:
    """A check, or another part of a look, that broke within meshtui."""
    return Finding(
        code="rule-failed",
        severity=Severity.INFO,
        subject=CheckSubject(name),
        title=f"The check {name} could not be made",
        explanation="This is a defect of meshtui, not of the mesh; all other checks were made.",
        fix="please report it with the evidence below",
        evidence=(f"{type(error).__name__}: {error}",),
    )
