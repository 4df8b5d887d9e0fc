"""One diagnosis of everything: each thing once, a failing rule costs itself, what did not change is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from meshtui.doctor.diagnose import Diagnosis, diagnose
from meshtui.doctor.evidence import AgentEvidence, CertificateEvidence, ConfigEvidence, Evidence, workload_evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import FileProblem, FileProblemKind
from meshtui.model.identity.comparison import IdentityState, Issued
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.workload import Workload
from meshtui.model.xds.graph import Graph, Node
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, RDS, ErrorState, Status
from tests.world.clock import NOW
from tests.world.config import ROUTES, canary, resource, split_routes, subset, with_resource
from tests.world.workloads import CHAIN_FILE, HOUR, certificate, chained, looked, report

LEAF = certificate(0x7701, NOW - timedelta(minutes=10))


def whole() -> Workload:
    files = looked(LEAF, NOW)
    return Workload(IdentityState(NOW), files=files, agent=report(NOW, LEAF.not_after))


def codes(workload: Workload, now: datetime = NOW, other_nodes: tuple[tuple[str, str], ...] = ()) -> list[str]:
    return [finding.code for finding in diagnose(workload_evidence(workload, now, other_nodes=other_nodes))]


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
    found = diagnose(workload_evidence(whole(), NOW, asked_providers=(("other", "outbound|7070||echo"),)))
    assert [(finding.code, finding.severity) for finding in found] == [("bootstrap-provider-undefined", Severity.ERROR)]


def test_another_pod_of_the_same_node_id() -> None:
    node_id = "sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local"
    assert codes(whole(), other_nodes=(("twin", node_id),)) == ["bootstrap-node-id-duplicate"]


def test_an_old_root_beside_the_one_in_use_does_not_hide_that_the_agents_certificate_is_over() -> None:
    """The agent's word is left out only where the file of that very certificate says the same."""
    ended = certificate(0x7701, NOW - 2 * HOUR)
    agent = AgentEvidence(report=report(NOW, NOW - HOUR), leaf=ended)
    own = CertificateEvidence(now=NOW, certificates=chained(ended, NOW))
    assert [finding.code for finding in diagnose(Evidence(agent=agent, certificates=(own,)))] == ["certificate-expired"]
    elsewhere = replace(agent, leaf=replace(LEAF, file="/elsewhere/cert-chain.pem"))
    said = [finding.code for finding in diagnose(Evidence(agent=elsewhere, certificates=(own,)))]
    assert sorted(said) == ["agent-certificate-expired", "certificate-expired"]


class BrokenGraph(Graph):
    """A graph no rule can walk."""

    def troubled(self) -> Iterator[tuple[Node, ...]]:
        raise RuntimeError("broken")


def test_a_rule_that_fails_costs_only_itself() -> None:
    error = ErrorState("43", "route has no action", NOW)
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 1}), status=Status.NACKED, error=error))
    found = diagnose(Evidence(config=ConfigEvidence(now=NOW, snapshot=seen, graph=BrokenGraph(()))))
    assert {finding.code for finding in found} == {"resource-refused", "rule-failed"}
    failed = {finding.subject.words for finding in found if finding.code == "rule-failed"}
    assert failed == {"without_endpoints", "failing_routes", "no_virtual_host", "no_route", "dropped", "failed_over"}


def test_an_unchanged_config_is_not_judged_again_but_its_waiting_is() -> None:
    seen = with_resource(canary(), resource(CDS, subset("v9"), None, status=Status.REQUESTED, at=None))
    seen = with_resource(seen, resource(CDS, subset("v8"), None, status=Status.DOES_NOT_EXIST))
    graph, diagnoses = build(seen), [Diagnosis()]
    stamps = dict.fromkeys(seen.resources, NOW)

    def look(seconds: float) -> dict[str, Finding]:
        at = NOW + timedelta(seconds=seconds)
        look = ConfigEvidence(now=at, snapshot=replace(seen, taken_at=at), graph=graph, first_seen=stamps)
        diagnoses.append(diagnoses[-1].next(Evidence(config=look)))
        return {finding.code: finding for finding in diagnoses[-1].findings}

    young, waits, longer = look(1), look(5), look(6)
    assert set(young) == {"resource-missing"}
    assert set(waits) == set(longer) == {"resource-missing", "resource-waiting"}
    assert young["resource-missing"] is longer["resource-missing"]
    assert (waits["resource-waiting"].evidence, longer["resource-waiting"].evidence) == (
        (f"CDS {subset('v9')} is REQUESTED for 5 s",),
        (f"CDS {subset('v9')} is REQUESTED for 6 s",),
    )


def test_a_changed_config_is_judged_again() -> None:
    diagnosis, well = Diagnosis(), canary()
    worse = with_resource(well, resource(CDS, subset("v1"), None, status=Status.DOES_NOT_EXIST))
    for seen, codes in ((well, []), (worse, ["resource-missing"]), (well, [])):
        diagnosis = diagnosis.next(Evidence(config=ConfigEvidence(now=NOW, snapshot=seen, graph=build(seen))))
        assert [finding.code for finding in diagnosis.findings] == codes


def test_a_look_in_which_nothing_differs_gives_the_same_diagnosis() -> None:
    seen = with_resource(canary(), resource(CDS, subset("v1"), None, status=Status.DOES_NOT_EXIST))
    look = ConfigEvidence(now=NOW, snapshot=seen, graph=build(seen))
    diagnosis = Diagnosis().next(Evidence(config=look))
    assert diagnosis.next(Evidence(config=replace(look, now=NOW + timedelta(seconds=1)))) is diagnosis
