"""``meshtui certs``: who a workload is, and how long still."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from meshtui.cli.diagnostics import ExitCode, say
from meshtui.cli.numbers import Duration
from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit
from meshtui.model.address import as_typed
from meshtui.model.clock import utc_now
from meshtui.model.errors import BadInput, MeshtuiError, UsageError
from meshtui.model.finding import Finding
from meshtui.model.identity.certificate import CertificateSet
from meshtui.model.target import TargetOptions
from meshtui.present.documents.document import document, rfc3339
from meshtui.present.documents.findings import any_error, finding_json
from meshtui.present.documents.identity import certificate_json, certificate_table, chains_json
from meshtui.targets import is_pod

if TYPE_CHECKING:
    from meshtui.model.identity.agent import AgentReport
    from meshtui.model.identity.workload import WorkloadFiles


@click.command()
@click.option("--warn", type=Duration(), metavar="SPAN", help="Exit with 1 when something ends sooner, such as 24h.")
@target_options()
@output_option
@click.pass_context
def certs(ctx: click.Context, target: str, warn: timedelta | None, options: TargetOptions, format_: str) -> None:
    """Certificates: chain, names, time left, and what is wrong with them.

    TARGET is a pod, a directory, a certificate file or a bootstrap file. For an address give --certs or --bootstrap as
    well.
    Exits with 1 when a finding is an error. Private keys are compared with their certificate and never shown.
    """
    files, agent = _of_pod(target, options) if is_pod(target, options) else (_read(target, options), None)
    found, now = _merged(target, [read for _, read in files.certificates]), utc_now()
    findings = _judge(files, now, warn, agent or _asked(options))
    data = document(
        target,
        certificates=[certificate_json(certificate, now) for certificate in found.certificates],
        chains=chains_json(found),
        key=None if found.key is None else {"file": found.key.file, "state": found.key.state.value},
        findings=[finding_json(finding) for finding in findings],
        read_at=rfc3339(found.read_at),
    )
    emit(format_, lambda: data, lambda: certificate_table(found, now, findings))
    if any_error(findings):
        ctx.exit(ExitCode.WRONG)


def _read(target: str, options: TargetOptions) -> WorkloadFiles:
    from meshtui.targets import is_bootstrap_file, read_workload

    if os.path.lexists(target):  # a link that leads nowhere or in a circle is there, and is said to be what it is
        if is_bootstrap_file(target):
            return read_workload(target, options.certs)
        return read_workload(options.bootstrap, target)
    if options.certs is None and options.bootstrap is None:
        looks_like_path = os.sep in target and "://" not in target
        if looks_like_path:
            raise BadInput(
                f"{as_typed(target)} does not exist.", "give the directory that the agent writes certificates to"
            )
        raise UsageError(
            f"{as_typed(target)} is no file, and an address alone gives no certificates.",
            "name the files with --certs DIR or --bootstrap FILE",
        )
    return read_workload(options.bootstrap, options.certs)


def _of_pod(target: str, options: TargetOptions) -> tuple[WorkloadFiles, AgentReport | None]:
    """What is in the pod. An agent that does not answer is said, and costs what it would tell."""
    from meshtui.cli.person import PERSON
    from meshtui.targets.pod_identity import read_pod

    pod = read_pod(target, options, PERSON)
    if isinstance(pod.agent, MeshtuiError) and pod.agent is not pod.files:
        say(f"meshtui: {pod.agent.what}")
    if not isinstance(pod.files, MeshtuiError):
        return pod.files, None if isinstance(pod.agent, MeshtuiError) else pod.agent
    ends = pod.agent.metrics.cert_ends_at if not isinstance(pod.agent, MeshtuiError) and pod.agent.metrics else None
    if ends is not None:
        say(f"meshtui: by its agent the pod's certificate ends at {rfc3339(ends)}")
    raise pod.files


def _asked(options: TargetOptions) -> AgentReport | None:
    from meshtui.targets import ask_agent

    return ask_agent(options.agent, options) if options.agent is not None else None


def _merged(target: str, sets: list[CertificateSet]) -> CertificateSet:
    """Several providers' files as one answer; files that two providers share are reported once."""
    if not sets:
        raise BadInput(f"{target} names no certificate files.", "see certificate_providers of the bootstrap")
    first = sets[0]
    for other in sets[1:]:
        files = {certificate.file for certificate in first.certificates}
        first = replace(
            first,
            certificates=first.certificates
            + tuple(certificate for certificate in other.certificates if certificate.file not in files),
            chains=first.chains + tuple(chain for chain in other.chains if chain.leaf.file not in files),
            problems=tuple(dict.fromkeys(first.problems + other.problems)),
            unordered=tuple(dict.fromkeys(first.unordered + other.unordered)),
            key=first.key or other.key,
        )
    return first


def _judge(
    files: WorkloadFiles, now: datetime, warn: timedelta | None, report: AgentReport | None
) -> tuple[Finding, ...]:
    from meshtui.doctor.diagnose import diagnose
    from meshtui.doctor.evidence import AgentEvidence, Evidence, files_evidence
    from meshtui.model.identity.comparison import identity_of

    evidence, own = Evidence(certificates=files_evidence(files, now, warn)), files.own
    if report is not None:  # the agent's own health, and whether what it issued is what is on disk
        evidence = replace(
            evidence,
            identity=identity_of(own, report, utc_now()),
            agent=AgentEvidence(report=report, leaf=own.leaf if own is not None else None),
        )
    return diagnose(evidence)
