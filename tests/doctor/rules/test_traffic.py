"""The rules over the app's own calls: what hangs or fails, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, Subchannel
from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import AddressSubject, ChannelSubject
from meshtui.model.traffic import Traffic, observe
from meshtui.model.xds.config import Drop, Listener, Route
from meshtui.model.xds.filters import Fault, HttpFilter
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Status
from meshtui.model.xds.snapshot import Snapshot
from tests.world.clock import NOW
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    endpoints,
    resource,
    routes,
    subset,
    weighted,
    with_resource,
)

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


def judge(looks: Iterable[ChannelReport], seen: Snapshot | None = None) -> tuple[Finding, ...]:
    traffic: Traffic | None = None
    at = NOW
    for report in looks:
        traffic, at = observe(traffic, report), report.taken_at
    seen = seen or canary()
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


def no_peer(second: float, calls: Counters) -> ChannelReport:
    """Calls that the channel counts and none of its subchannels does."""
    report = look(second, (0, 0, 0), (0, 0, 0))
    (channel,) = report.channels
    return replace(report, channels=(replace(channel, calls=Calls(*calls)),))


def of_calls(looks: Iterable[ChannelReport], seen: Snapshot | None = None) -> Finding:
    (finding,) = [found for found in judge(looks, seen) if found.code in {"calls-fail", "calls-hang"}]
    return finding


FAILING_EARLY = [no_peer(at, (10 + 5 * at, 10, 5 * at)) for at in range(40)]


def with_fault() -> Snapshot:
    fault = Fault(aborted=1.0, status="UNAVAILABLE")
    filters = (HttpFilter("fault", "HTTPFault", fault.words, fault),)
    listener = Listener(LISTENER, inbound=False, route_name=ROUTES, filters=filters)
    seen = with_resource(canary(), resource(LDS, LISTENER, listener))
    return with_resource(seen, resource(RDS, ROUTES, routes(Route("r", EVERYTHING, weighted({"v1": 1})))))


def with_drops() -> Snapshot:
    assigned = endpoints(subset("v1"), V1)._replace(drops=(Drop("overload", 0.5),))
    return with_resource(canary(), resource(EDS, subset("v1"), assigned))


def without_a_cluster() -> Snapshot:
    return with_resource(canary(), resource(CDS, subset("v1"), None, status=Status.DOES_NOT_EXIST))


def refused_first() -> Snapshot:
    return with_resource(canary(), resource(RDS, ROUTES, None, status=Status.NACKED))


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (with_fault(), "aborted by config"),
        (with_drops(), "cluster v1: "),
        (without_a_cluster(), "cluster v1: "),
        (refused_first(), "route configuration"),
    ],
)
def test_what_config_is_known_to_do_to_calls_comes_before_any_guess(seen: Snapshot, cause: str) -> None:
    """gRFC A32, A33: what the client fails itself has no peer and no TLS."""
    found = of_calls(FAILING_EARLY, seen)
    assert "Its config is known to cost calls: " in found.explanation
    assert cause in found.explanation
    assert found.fix.startswith("begin with what config does to these calls")
    assert "TLS" not in found.fix


def test_calls_that_had_a_connection_do_not_fail_for_its_tls() -> None:
    """A call is counted at a subchannel (gRFC A14) once it was sent over its connection."""
    sent = of_calls(flowing(10) + [look(10 + at, (9 + at, 9, at), (36 + 4 * at, 36, 4 * at)) for at in range(1, 40)])
    assert "so TLS is not it" in sent.fix
    early = of_calls(FAILING_EARLY)
    assert "No subchannel counts them" in early.explanation
    assert "peers" not in early.fix


def test_the_config_of_another_host_is_no_cause() -> None:
    other = "other.shop.svc.cluster.local:80"
    gone = resource(LDS, other, None, status=Status.DOES_NOT_EXIST, scope=f"xds:///{other}")
    seen = with_resource(canary(), gone)
    assert "known to cost" not in of_calls(FAILING_EARLY, seen).explanation


def test_calls_that_no_peer_has_wait_for_what_config_holds_up() -> None:
    """A delay is in the client (gRFC A33): the call has no subchannel while it lasts."""
    waiting = [no_peer(10 + at, (50 + 5 * at, 50, 0)) for at in range(12)]
    before = [no_peer(at, (5 * at, 5 * at, 0)) for at in range(11)]
    assert of_calls([*before, *waiting]).fix.startswith("look at what Config marks")
    held_up = of_calls([*before, *waiting], without_a_cluster())
    assert "Its config is known to hold calls up" in held_up.explanation
    assert held_up.fix.startswith("begin with what config does")
