"""The rules over the app's own calls: what hangs or fails, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, Subchannel
from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import AddressSubject, ChannelSubject
from meshtui.model.traffic import Traffic, observe
from meshtui.model.xds.graph_build import build
from tests.world.clock import NOW
from tests.world.config import canary

TARGET = "xds:///echo.echo-grpc.svc.cluster.local:7070"
V1, V2 = "127.0.1.11:17070", "127.0.1.12:17070"

Counters = tuple[int, int, int]
"""Calls started, succeeded and failed."""


def look(second: float, v1: Counters, v2: Counters) -> ChannelReport:
    """The counters of both peers; the channel has their sum."""
    parts = tuple(
        Subchannel(id=number, address=address, state=ChannelState.READY, calls=Calls(*counters))
        for number, address, counters in ((11, V1, v1), (12, V2, v2))
    )
    total = Calls(v1[0] + v2[0], v1[1] + v2[1], v1[2] + v2[2])
    channel = Channel(id=2, target=TARGET, state=ChannelState.READY, calls=total, subchannels=parts)
    return ChannelReport(NOW + timedelta(seconds=second), (channel,))


def judge(looks: Iterable[ChannelReport]) -> tuple[Finding, ...]:
    traffic: Traffic | None = None
    at = NOW
    for report in looks:
        traffic, at = observe(traffic, report), report.taken_at
    seen = canary()
    return diagnose(Evidence(config=ConfigEvidence(now=at, snapshot=seen, graph=build(seen), traffic=traffic)))


def flowing(seconds: int) -> list[ChannelReport]:
    """One call a second to v1, four to v2; all of them come back."""
    return [look(at, (at, at, 0), (4 * at, 4 * at, 0)) for at in range(seconds)]


def test_calls_that_come_back_are_no_finding() -> None:
    assert judge(flowing(30)) == ()
    assert judge([]) == ()


def test_a_peer_that_answers_nothing_any_more_is_an_error_with_its_address() -> None:
    hanging = [look(10 + at, (10 + at, 10 + at, 0), (37 + 4 * at, 36, 0)) for at in range(12)]
    (finding,) = judge(flowing(10) + hanging)
    assert (finding.code, finding.severity) == ("calls-hang", Severity.ERROR)
    assert finding.subject == AddressSubject(V2)
    assert finding.title.startswith(f"Calls to {V2}")
    assert finding.title.endswith("hang")
    assert "its process is stopped, stuck or overloaded" in finding.explanation
    assert "before that, calls came back" in finding.explanation
    assert finding.evidence[0].startswith(f"channelz: {V2}: ")


def test_every_call_that_fails_is_an_error_and_names_where_they_were_sent() -> None:
    failing = [look(10 + at, (9 + at, 9, at), (36 + 4 * at, 36, 4 * at)) for at in range(1, 40)]
    (finding,) = judge(flowing(10) + failing)
    assert (finding.code, finding.severity) == ("calls-fail", Severity.ERROR)
    assert finding.subject == ChannelSubject(TARGET)
    assert finding.title.startswith("All of ")
    assert "echo.echo-grpc:7070" in finding.title
    assert V1 in finding.explanation
    assert V2 in finding.explanation


def test_one_peer_that_fails_every_call_is_an_error_and_some_failures_everywhere_are_a_warning() -> None:
    one_dead = [look(10 + at, (9 + at, 9, at), (36 + 4 * at, 36 + 4 * at, 0)) for at in range(1, 40)]
    (dead,) = judge(flowing(10) + one_dead)
    assert (dead.code, dead.severity) == ("calls-fail", Severity.ERROR)
    assert f"Every call to {V1}" in dead.explanation
    some = [look(10 + at, (9 + 2 * at, 9 + at, at), (36 + 4 * at, 36 + 3 * at, at)) for at in range(1, 20)]
    (warned,) = judge(flowing(10) + some)
    assert (warned.code, warned.severity) == ("calls-fail", Severity.WARNING)
    assert "They were sent to" in warned.explanation
