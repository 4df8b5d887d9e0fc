"""All identity rules over one workload: each thing is said once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from meshtui.doctor.workload import WorkloadState, check_workload
from meshtui.model.finding import Severity
from meshtui.model.identity.certificate import FileProblem, FileProblemKind
from meshtui.model.identity.comparison import IdentityState, Issued
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.workload import Workload
from tests.builders import NOW
from tests.workloads import CHAIN_FILE, HOUR, certificate, chained, looked, report

LEAF = certificate(0x7701, NOW - timedelta(minutes=10))


def whole() -> Workload:
    files = looked(LEAF, NOW)
    return Workload(IdentityState(NOW), files=files, agent=report(NOW, LEAF.not_after))


def codes(workload: Workload, now: object = NOW, **more: object) -> list[str]:
    return [one.code for one in check_workload(WorkloadState(workload, now, **more))]  # type: ignore[arg-type]


def test_a_whole_workload_has_no_finding() -> None:
    assert codes(whole()) == []
    assert codes(Workload(IdentityState(NOW))) == []


def test_two_providers_of_the_same_files_say_it_once() -> None:
    known = whole()
    doubled = replace(known, files=replace(known.files, certificates=known.files.certificates * 2))
    assert codes(doubled, LEAF.not_after + HOUR).count("certificate-expired") == 1


def test_an_expired_certificate_is_said_by_its_file_and_not_again_by_the_agent() -> None:
    now = LEAF.not_after + timedelta(minutes=1)
    known = replace(whole(), agent=report(now, LEAF.not_after))
    assert codes(known, now) == ["certificate-expired"]
    only_agent = Workload(IdentityState(now, issued=Issued(LEAF.not_after, now)), agent=known.agent)
    assert codes(only_agent, now) == ["agent-certificate-expired"]


def test_a_missing_file_is_said_with_its_consequence() -> None:
    known = whole()
    problem = FileProblem(CHAIN_FILE, FileProblemKind.MISSING, "No such file or directory")
    lacking = replace(chained(LEAF, NOW), problems=(problem,))
    alone = replace(known, files=replace(known.files, certificates=(("default", lacking),)))
    assert codes(alone) == ["certificate-file-missing"]
    facts = (FileFacts(CHAIN_FILE, FileKind.MISSING, detail="No such file or directory"),)
    told = replace(alone, files=replace(alone.files, facts=facts))
    assert codes(told) == ["bootstrap-provider-file-missing"]


def test_what_the_config_asks_for_is_held_against_the_bootstrap() -> None:
    found = check_workload(WorkloadState(whole(), NOW, asked_providers=(("other", "outbound|7070||echo"),)))
    assert [(one.code, one.severity) for one in found] == [("bootstrap-provider-undefined", Severity.ERROR)]


def test_another_pod_of_the_same_node_id() -> None:
    node_id = "sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local"
    assert codes(whole(), other_nodes=(("twin", node_id),)) == ["bootstrap-node-id-duplicate"]
