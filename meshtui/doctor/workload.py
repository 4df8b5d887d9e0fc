"""All rules about one workload's identity: bootstrap, certificates, the joined identity, the agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meshtui.doctor.agent import AgentState, check_agent
from meshtui.doctor.bootstrap import BootstrapState
from meshtui.doctor.bootstrap_rules import check_bootstrap
from meshtui.doctor.certificates import CertificateState, check_certificates
from meshtui.doctor.identity import check_identity
from meshtui.model.finding import Finding, worst_first
from meshtui.model.identity.agent import rates
from meshtui.model.identity.workload import Workload

SAID_BY: Final = {
    "certificate-file-missing": "bootstrap-provider-file-missing",
    "certificate-file-unreadable": "bootstrap-provider-file-unreadable",
    "certificate-file-empty": "bootstrap-provider-file-empty",
    "certificate-key-mismatch": "bootstrap-provider-files-mismatch",
}
"""What a set of files says, and what the bootstrap says of the same file with its consequence: that one stays."""


@dataclass(frozen=True, slots=True)
class WorkloadState:
    """``asked_providers`` are (instance, cluster or listener) of the accepted config; ``other_nodes`` are (pod, node
    id) of the other pods looked at; ``platform`` is ``sys.platform`` of the pod.
    """

    workload: Workload
    now: datetime
    asked_providers: tuple[tuple[str, str], ...] = ()
    other_nodes: tuple[tuple[str, str], ...] = ()
    platform: str = "linux"


def check_workload(state: WorkloadState) -> tuple[Finding, ...]:
    """Everything that can be said about a workload's identity, worst first, each thing once."""
    workload = state.workload
    found = [*_bootstrap(state)]
    for _, certificates in workload.files.certificates:
        found += check_certificates(CertificateState(certificates, state.now))
    found += check_identity(workload.identity)
    if workload.agent is not None:
        history = workload.agent_history
        moved = rates(history[0], history[-1]) if len(history) > 1 else None
        found += check_agent(AgentState(workload.agent, moved))
    return worst_first(_once(found))


def _bootstrap(state: WorkloadState) -> tuple[Finding, ...]:
    files = state.workload.files
    if files.bootstrap is None:
        return ()
    return check_bootstrap(
        BootstrapState(
            files.bootstrap,
            state.now,
            files.facts,
            files.certificates,
            state.asked_providers,
            state.other_nodes,
            both_variables=files.both_variables,
            platform=state.platform,
        )
    )


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    """Without what is said twice: by two providers that share their files, or from two sides."""
    distinct = list({(one.code, one.subject, one.title): one for one in findings}.values())
    return tuple(one for one in distinct if not _said_better(one, distinct))


def _said_better(finding: Finding, among: list[Finding]) -> bool:
    if finding.code == "agent-certificate-expired":
        return any(one.code == "certificate-expired" for one in among)
    better = SAID_BY.get(finding.code)
    return better is not None and any(
        one.code == better and any(finding.subject.words in fact for fact in one.evidence) for one in among
    )
