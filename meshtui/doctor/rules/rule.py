"""Runs rules: each is a function from what was seen to findings, and one that fails costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from meshtui.doctor.kinds.meshtui import RULE_FAILED
from meshtui.model.finding import Finding
from meshtui.model.subject import CheckSubject

Part = TypeVar("Part")
"""A part of the evidence."""

Rule = Callable[[Part], Iterable[Finding]]
"""One rule over some part of the evidence."""


def run(rules: Iterable[Rule[Part]], part: Part) -> list[Finding]:
    """What all rules find, in their order. A rule that raises becomes a finding of its own."""
    findings: list[Finding] = []
    for rule in rules:
        try:
            findings += rule(part)
        except Exception as error:  # the edge: a defect in one rule must not cost the others
            findings.append(failed(getattr(rule, "__name__", "a rule"), error))
    return findings


def failed(name: str, error: Exception) -> Finding:
    """A check, or another part of a look, that broke within meshtui."""
    return RULE_FAILED.finding(CheckSubject(name), check=name, evidence=(f"{type(error).__name__}: {error}",))
