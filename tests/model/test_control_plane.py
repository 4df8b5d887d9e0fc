"""How a client stands with its control planes, told by the ADS calls on all channels to them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, with_ends
from meshtui.model.control_plane import Standing, control_planes
from tests.world.clock import NOW

AGENT = "unix:///etc/istio/proxy/XDS"
READY, FAILING, CONNECTING = ChannelState.READY, ChannelState.TRANSIENT_FAILURE, ChannelState.CONNECTING


def seen(*calls: Calls, target: str = AGENT, state: ChannelState = READY) -> ChannelReport:
    channels = (Channel(id=number, target=target, state=state, calls=each) for number, each in enumerate(calls, 1))
    return ChannelReport(NOW, tuple(channels))


@pytest.mark.parametrize(
    ("calls", "standing"),
    [
        ([Calls(1)], Standing.SERVED),
        ([Calls(10, 9)], Standing.SERVED),
        ([Calls(7, 0, 6)], Standing.SERVED),
        ([Calls(1), Calls(1)], Standing.SERVED),
        ([Calls()], Standing.WAITING),
        ([Calls(1), Calls()], Standing.WAITING),
        ([Calls(12, 11), Calls(11, 11)], Standing.EVICTED),
        ([Calls(11, 11), Calls(11, 11)], Standing.EVICTED),
        ([Calls(20, 13, 6), Calls(19, 13, 6)], Standing.EVICTED),
        ([Calls(6, 0, 6)], Standing.CUT_OFF),
        ([Calls(6, 0, 6), Calls(5, 0, 5)], Standing.CUT_OFF),
        ([Calls(9, 3, 6)], Standing.CUT_OFF),
        ([Calls(19, 13, 6), Calls(19, 13, 6)], Standing.STOPPED),
        ([Calls(3, 3)], Standing.STOPPED),
        ([Calls(6, 0, 6), Calls(11, 11)], Standing.STOPPED),
        ([Calls(1), Calls(6, 0, 6)], Standing.PARTLY),
        ([Calls(9, 3, 5), Calls(9, 3, 6)], Standing.EVICTED),
    ],
    ids=str,
)
def test_the_calls_tell(calls: list[Calls], standing: Standing) -> None:
    """The counts 12/11 with 11/11 and 6/0/6 were seen at Istio's agent 1.29.1, evicted and cut off."""
    (plane,) = control_planes(seen(*calls)).seen
    assert plane.standing is standing


def test_a_call_that_waits_for_its_connection_is_no_stream() -> None:
    """gRPC begins its ADS call with wait-for-ready, so it counts as begun while nothing answers."""
    assert [plane.standing for plane in control_planes(seen(Calls(1), state=FAILING)).seen] == [Standing.LOST]
    assert [plane.standing for plane in control_planes(seen(Calls(1), state=CONNECTING)).seen] == [Standing.WAITING]


def test_a_call_that_has_just_begun_again_is_not_yet_well() -> None:
    young = Calls(7, 0, 6, last_started=NOW - timedelta(seconds=0.5))
    assert [plane.standing for plane in control_planes(seen(young)).seen] == [Standing.WAITING]
    first = Calls(1, last_started=NOW - timedelta(seconds=0.5))
    assert [plane.standing for plane in control_planes(seen(first)).seen] == [Standing.SERVED]
    old = Calls(7, 0, 6, last_started=NOW - timedelta(minutes=5))
    assert [plane.standing for plane in control_planes(seen(old)).seen] == [Standing.SERVED]


def test_two_channels_of_which_one_has_no_connection() -> None:
    served = Channel(id=1, target=AGENT, state=READY, calls=Calls(1))
    broken = Channel(id=2, target=AGENT, state=FAILING, calls=Calls(1))
    (plane,) = control_planes(ChannelReport(NOW, (served, broken))).seen
    assert (plane.standing, plane.serving) == (Standing.PARTLY, (served,))


@pytest.mark.parametrize("calls", [Calls(11, 11), Calls(6, 0, 6)], ids=str)
def test_streams_that_end_beside_one_that_serves_are_evicted_only_at_an_agent(calls: Calls) -> None:
    """istiod itself serves many streams (istio#53532 is about pilot-agent's proxy)."""
    (plane,) = control_planes(seen(Calls(1), calls, target="dns:///istiod:15010")).seen
    assert plane.standing is Standing.PARTLY


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("xds.example.com:18000", "dns:///xds.example.com:18000"),
        ("dns:///xds.example.com:18000", "xds.example.com:18000"),
        ("unix:///run/ads", "unix:/run/ads"),
        ("unix:///run/ads", "unix:///run/ads"),
        ("ipv4:127.0.0.1:18000", "ipv4:127.0.0.1:18000"),
    ],
)
def test_the_bootstrap_says_which_channels_they_are(uri: str, target: str) -> None:
    report = seen(Calls(1), target=target)
    assert control_planes(report).worst is None
    assert control_planes(report, (uri,)).worst is not None


@pytest.mark.parametrize("target", ["istiod.istio-system.svc:15012", "dns:///istiod:15010", AGENT])
def test_istios_are_known_without_a_bootstrap(target: str) -> None:
    assert control_planes(seen(Calls(1), target=target)).worst is not None
    other = ("unix:///copied/from/elsewhere/XDS",)
    assert control_planes(seen(Calls(1), target=target), other).worst is not None


def test_the_worst_comes_first_beside_one_that_serves() -> None:
    first = Channel(id=1, target="dns:///a:15010", state=FAILING, calls=Calls(1))
    second = Channel(id=2, target="dns:///b:15010", state=READY, calls=Calls(1))
    planes = control_planes(ChannelReport(NOW, (second, first)))
    assert [plane.target for plane in planes.seen] == ["dns:///a:15010", "dns:///b:15010"]
    assert planes.serving is not None
    assert planes.serving.target == "dns:///b:15010"


def grown(*steps: tuple[Calls, ...]) -> Standing:
    """The standing at the last of some looks at the agent's channels, one after the other."""
    report = None
    for calls in steps:
        report = with_ends(report, seen(*calls))
    assert report is not None
    (plane,) = control_planes(report).seen
    return plane.standing


def test_what_was_seen_to_happen_last_tells_mixed_counts_apart() -> None:
    """As in the demo: evicted streams, and then istiod gone for good, whose calls the agent fails."""
    before = (Calls(7, 1, 6), Calls(8, 1, 7))
    assert grown(before) is Standing.STOPPED
    assert grown(before, before) is Standing.STOPPED
    assert grown(before, (Calls(8, 1, 7), Calls(8, 1, 7))) is Standing.CUT_OFF
    assert grown(before, (Calls(8, 2, 6), Calls(8, 1, 7))) is Standing.EVICTED
    assert grown(before, (Calls(8, 1, 7), Calls(9, 2, 7))) is Standing.STOPPED, "one of each, in whatever order"
    assert grown(before, (Calls(8, 1, 7), Calls(8, 1, 7)), (Calls(8, 1, 7), Calls(8, 1, 7))) is Standing.CUT_OFF


def test_counts_of_another_process_tell_nothing() -> None:
    assert grown((Calls(9, 5, 4), Calls(9, 5, 4)), (Calls(6, 1, 5), Calls(6, 1, 5))) is Standing.STOPPED
