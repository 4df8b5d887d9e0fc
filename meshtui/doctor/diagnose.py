"""The one way from what was seen to findings, for every command and every screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from meshtui.doctor.kinds import KINDS
from meshtui.doctor.rules.rule import run
from meshtui.model.finding import Finding, worst_first
from meshtui.model.xds.resource import Health, Resource, ResourceKey

if TYPE_CHECKING:
    from meshtui.doctor.evidence import ConfigEvidence, Evidence
    from meshtui.model.xds.graph import Graph


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Everything that can be said about ``evidence``, worst first, each thing once."""
    return Diagnosis().next(evidence).findings


@dataclass(frozen=True, slots=True)
class ConfigJudged:
    """What was found in a config alone, which holds while resources and graph are the same objects.

    ``waits`` says that a resource is waited for, so that the rules that need the clock have something to look at.
    """

    resources: Mapping[ResourceKey, Resource]
    graph: Graph
    server_features: frozenset[str]
    server_uris: tuple[str, ...]
    findings: tuple[Finding, ...]
    waits: bool

    def holds(self, look: ConfigEvidence) -> bool:
        """Whether this is about the config of ``look``, too."""
        same = self.resources is look.snapshot.resources and self.graph is look.graph
        said = self.server_features == look.server_features and self.server_uris == look.server_uris
        return same and said


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found in one look, worst first. The next look takes over what cannot have changed since: ten thousand
    resources take some 25 ms to judge, and on most looks they are the very objects of the look before.
    """

    findings: tuple[Finding, ...] = ()
    _config: ConfigJudged | None = field(default=None, compare=False, repr=False)

    def next(self, evidence: Evidence) -> Diagnosis:
        """What all rules find in the next look; this very object when nothing differs."""
        judged = self._judged(evidence.config)
        found = worst_first((*_of_config(evidence.config, judged), *_each_once(_of_workload(evidence))))
        if found == self.findings:
            return self if judged is self._config else replace(self, _config=judged)
        return Diagnosis(found, judged)

    def _judged(self, look: ConfigEvidence | None) -> ConfigJudged | None:
        if look is None or (self._config is not None and self._config.holds(look)):
            return self._config
        from meshtui.doctor.rules import config

        resources = look.snapshot.resources
        waits = any(resource.health is Health.WAITING for resource in look.snapshot.troubled)
        found = tuple(run(config.STANDING_RULES, look))
        return ConfigJudged(resources, look.graph, look.server_features, look.server_uris, found, waits)


def _of_config(look: ConfigEvidence | None, judged: ConfigJudged | None) -> list[Finding]:
    if look is None or judged is None:
        return []
    from meshtui.doctor.rules import client, config, connection, traffic

    timed = run(config.TIMED_RULES, look) if judged.waits else []
    found = [*judged.findings, *timed, *run((*connection.RULES, *traffic.RULES, *client.RULES), look)]
    if look.ghosts:  # of a target in a cluster alone
        from meshtui.doctor.rules import endpoints

        found += run(endpoints.RULES, look)
    return found


def _of_workload(evidence: Evidence) -> list[Finding]:
    """The rules of each part that was looked at, and no others, are loaded: a command looks at one or two."""
    found: list[Finding] = []
    if evidence.bootstrap is not None:
        from meshtui.doctor.rules import bootstrap

        found += run(bootstrap.RULES, evidence.bootstrap)
    if evidence.certificates:
        from meshtui.doctor.rules import certificates

        for seen in evidence.certificates:
            found += run(certificates.RULES, seen)
    if evidence.identity is not None:
        from meshtui.doctor.rules import identity

        found += run(identity.RULES, evidence.identity)
    if evidence.agent is not None:
        from meshtui.doctor.rules import agent

        found += run(agent.RULES, evidence.agent)
    return found


def _each_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without what is said twice of a workload: by two providers that share their files, or from two sides."""
    distinct = list({(finding.code, finding.subject, finding.title): finding for finding in findings}.values())
    return tuple(finding for finding in distinct if not _is_covered(finding, distinct))


def _is_covered(finding: Finding, others: Iterable[Finding]) -> bool:
    """Whether another finding says the same of the same with its consequence; that one stays."""
    better = KINDS[finding.code].covered_by
    if not better:
        return False
    about = {finding.subject, *finding.also}
    return any(other.code in better and not about.isdisjoint({other.subject, *other.also}) for other in others)
