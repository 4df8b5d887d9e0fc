"""Endpoints that lead to pods which are ending, gone or another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.doctor.rules.endpoints import GRACE
from meshtui.model.finding import Finding, Severity
from meshtui.model.kubernetes.behind import ServiceRef
from meshtui.model.kubernetes.ghosts import Fate, Ghost
from meshtui.model.kubernetes.objects import ObjectName
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import EDS
from tests.world.clock import NOW
from tests.world.config import canary, key, subset

V1 = key(EDS, subset("v1"))
SLICE = ObjectName("EndpointSlice", "echo-grpc", "echo-5fm2t", "discovery.k8s.io")


def ghost(number: int = 1, fate: Fate = Fate.TERMINATING, *, named: bool = True, reason: str = "") -> Ghost:
    return Ghost(
        key=V1,
        address=f"10.0.0.{number}:17070",
        service=ServiceRef("echo-grpc", "echo"),
        fate=fate,
        since=NOW - timedelta(seconds=40),
        pod=ObjectName("Pod", "echo-grpc", f"echo-v1-{number}") if named else None,
        reason=reason,
        slices=(SLICE,),
        marked=fate is Fate.TERMINATING,
    )


def judge(*ghosts: Ghost) -> tuple[Finding, ...]:
    seen = canary()
    return diagnose(Evidence(config=ConfigEvidence(now=NOW, snapshot=seen, graph=build(seen), ghosts=ghosts)))


def test_without_ghosts_there_is_no_finding() -> None:
    assert judge() == ()


def test_a_pod_that_is_ending() -> None:
    (finding,) = judge(ghost())
    assert (finding.code, finding.severity) == ("endpoint-pod-ending", Severity.WARNING)
    assert finding.subject == ResourceSubject(V1)
    assert finding.title == "Calls to echo.echo-grpc still go to pod echo-v1-1, which is ending"
    assert finding.explanation == (
        "The cluster was asked to end pod echo-v1-1, and EndpointSlice echo-5fm2t marks it, and the endpoints that "
        "this client accepted still have 10.0.0.1:17070. Calls go on being sent there, and fail once the pod takes no "
        "more."
    )
    assert finding.evidence == (
        f"{V1.name}: 10.0.0.1:17070: Pod echo-v1-1 in echo-grpc is terminating for 40 s (EndpointSlice echo-5fm2t)",
    )
    assert "proxy-status" in finding.fix or "control plane" in finding.fix


def test_istiod_is_given_its_time() -> None:
    fresh = replace(ghost(), since=NOW - GRACE + timedelta(seconds=1))
    assert judge(fresh) == ()


def test_a_service_that_publishes_what_is_not_ready() -> None:
    (finding,) = judge(replace(ghost(), takes_unready=True))
    assert "publishNotReadyAddresses" in finding.explanation
    assert finding.fix.startswith("take publishNotReadyAddresses out of the Service echo in echo-grpc")


@pytest.mark.parametrize(
    ("ghosts", "code", "title"),
    [
        (
            (ghost(1, Fate.DELETED),),
            "endpoint-pod-gone",
            "Calls to echo.echo-grpc still go to pod echo-v1-1, which is gone",
        ),
        (
            (ghost(1, Fate.DELETED), ghost(2, Fate.ENDED, reason="Evicted")),
            "endpoint-pod-gone",
            "Calls to echo.echo-grpc still go to pod echo-v1-1 and pod echo-v1-2, which are gone",
        ),
        (
            (ghost(1, Fate.ANOTHERS),),
            "endpoint-of-another-pod",
            "Calls to echo.echo-grpc go to pod echo-v1-1, which is not behind it",
        ),
        (
            tuple(ghost(number, Fate.UNKNOWN, named=False) for number in range(1, 5)),
            "endpoint-unknown",
            "Calls to echo.echo-grpc go to 10.0.0.1:17070, 10.0.0.2:17070 and 2 other addresses, which no pod of "
            "echo-grpc has",
        ),
    ],
)
def test_others(ghosts: tuple[Ghost, ...], code: str, title: str) -> None:
    (finding,) = judge(*ghosts)
    assert (finding.code, finding.title) == (code, title)
    assert len(finding.evidence) == len(ghosts)


def test_the_reason_of_an_end_is_said() -> None:
    (finding,) = judge(ghost(1, Fate.ENDED, reason="Evicted"))
    assert finding.explanation.startswith("Pod echo-v1-1 has ended (Evicted), and the endpoints")


def test_one_cause_is_one_finding() -> None:
    """The whole Service and its subset have the same endpoint."""
    whole = replace(ghost(), key=key(EDS, subset("")))
    (finding,) = judge(ghost(), whole, ghost(2))
    assert finding.also == (ResourceSubject(whole.key),)
    assert finding.title.startswith("Calls to echo.echo-grpc still go to pod echo-v1-1 and pod echo-v1-2, which are")
