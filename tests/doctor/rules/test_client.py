"""The rule about who answers."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.answerer import SWITCH_SHOWN, Switch, Switches
from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import ClientSubject
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.snapshot import NodeIdentity
from tests.world.clock import NOW
from tests.world.config import canary

ONE, OTHER = NodeIdentity(id="one"), NodeIdentity(id="other")


def judge(*nodes: NodeIdentity, later: timedelta = timedelta()) -> tuple[Finding, ...]:
    """These clients answered one after the other, a second apart."""
    switches = Switches()
    for second, (before, after) in enumerate(pairwise(nodes)):
        switches = switches.add(Switch(NOW + timedelta(seconds=second), before, after))
    seen = canary()
    now = NOW + timedelta(seconds=len(nodes)) + later
    return diagnose(Evidence(config=ConfigEvidence(now=now, snapshot=seen, graph=build(seen), switches=switches)))


def test_one_client_is_no_finding() -> None:
    assert judge(ONE) == ()


def test_another_client_is_said_for_a_while() -> None:
    (finding,) = judge(ONE, OTHER)
    assert (finding.code, finding.severity) == ("another-client", Severity.WARNING)
    assert finding.subject == ClientSubject("other")
    assert finding.title == "Another client answers here than before"
    assert "the pod was replaced" in finding.explanation
    assert finding.evidence == ("CSDS: node id one", "CSDS: node id other")
    assert judge(ONE, OTHER, later=SWITCH_SHOWN) == ()


def test_clients_that_come_back_answer_in_turn() -> None:
    (finding,) = judge(*(ONE, OTHER) * 4)
    assert finding.title == "Several clients answer here in turn"
    assert "back and forth" in finding.explanation
