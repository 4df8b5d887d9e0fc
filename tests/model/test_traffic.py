"""Traffic from look to look: what hangs, what only streams, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, Subchannel
from meshtui.model.traffic import POINTS_KEPT, Silence, Traffic, in_flight, observe
from meshtui.model.xds.resource import Health
from meshtui.present.ladder import traffic_rung
from tests.world.clock import NOW

TARGET = "xds:///echo.echo-grpc.svc.cluster.local:7070"
Counters = tuple[int, int, int]


def look(second: float, *peers: Counters, channel: Counters | None = None) -> ChannelReport:
    """A look: the counters of each subchannel, and those of the channel, by default their sum."""
    parts = tuple(
        Subchannel(id=10 + place, address=f"127.0.1.{11 + place}:17070", state=ChannelState.READY, calls=Calls(*peer))
        for place, peer in enumerate(peers)
    )
    total = channel or (sum(p[0] for p in peers), sum(p[1] for p in peers), sum(p[2] for p in peers))
    one = Channel(id=2, target=TARGET, state=ChannelState.READY, calls=Calls(*total), subchannels=parts)
    return ChannelReport(NOW + timedelta(seconds=second), (one,))


def watched(looks: Iterable[ChannelReport]) -> tuple[ChannelReport, Traffic]:
    traffic: Traffic | None = None
    report: ChannelReport | None = None
    for report in looks:
        traffic = observe(traffic, report)
    assert report is not None
    assert traffic is not None
    return report, traffic


def flowing(seconds: int) -> list[ChannelReport]:
    """Five calls a second, one to the first peer and four to the second."""
    return [look(at, (at, at, 0), (4 * at, 4 * at, 0)) for at in range(seconds)]


def test_a_hang_with_deadlines_names_the_peer() -> None:
    stopped = [look(10 + at, (9, 9, 0), (37 + at // 3, 36, at // 3)) for at in range(9)]
    report, traffic = watched(flowing(10) + stopped)
    (peer,) = traffic.waiting_on(traffic.channels[0])
    assert peer.address == "127.0.1.12:17070"
    assert peer.silence is Silence.HUNG
    assert traffic_rung(report, traffic).health is Health.REFUSED


def test_a_hang_is_still_one_after_all_that_is_remembered_has_passed() -> None:
    _, traffic = watched(flowing(10) + [look(10 + at, (9, 9, 0), (37, 36, 0)) for at in range(400)])
    assert traffic.peers[1].silence is Silence.HUNG
    assert len(traffic.peers[1].points) <= POINTS_KEPT


def test_it_is_over_with_the_first_answer() -> None:
    stopped = [look(10 + at, (9, 9, 0), (37, 36, 0)) for at in range(9)]
    _, traffic = watched([*flowing(10), *stopped, look(20, (10, 10, 0), (40, 40, 0))])
    assert traffic.waiting_on(traffic.channels[0]) == ()


def test_calls_that_fail_as_they_begin_do_not_hang() -> None:
    """As with mTLS on the client alone: each call waits a moment for a connection, so that one is always in flight."""
    failing = [look(10 + at, (9, 9, 0), (36, 36, 0), channel=(46 + 13 * at, 45, 13 * at)) for at in range(9)]
    report, traffic = watched(flowing(10) + failing)
    assert traffic.waiting == ()
    assert traffic_rung(report, traffic).aside != "calls get no answer"


def test_a_look_between_two_calls_does_not_end_it() -> None:
    stopped = [look(10 + at, (9, 9, 0), (37 + at // 3, 36, at // 3 + (at == 8))) for at in range(9)]
    _, traffic = watched(flowing(10) + stopped)
    assert traffic.peers[1].silence is Silence.HUNG


def test_streams_alone_are_no_hang_however_many_and_however_long() -> None:
    steady = [look(at, (50, 0, 0)) for at in range(200)]
    report, traffic = watched(steady)
    assert traffic.channels[0].silence is None
    rung = traffic_rung(report, traffic)
    assert rung.health is None
    assert "50 in flight" in rung.text
    growing, _ = watched([look(at, (at, 0, 0)) for at in range(60)])[1], None
    assert growing.channels[0].silence is None


def test_a_few_calls_and_then_a_stream_are_no_hang() -> None:
    _, traffic = watched([look(0, (0, 0, 0)), look(1, (2, 2, 0)), *(look(2 + at, (3, 2, 0)) for at in range(60))])
    assert traffic.channels[0].silence is None


def test_streams_of_an_app_that_stops_calling_are_said_to_be_unclear_not_to_hang() -> None:
    calling = [look(at, (3 + 5 * at, 5 * at, 0)) for at in range(10)]
    _, traffic = watched(calling + [look(10 + at, (48, 45, 0)) for at in range(20)])
    assert traffic.channels[0].silence is Silence.STOPPED


def test_calls_that_pile_up_hang_though_they_came_rarely() -> None:
    rare = [look(at, (at // 8, at // 8, 0)) for at in range(17)]
    _, traffic = watched(rare + [look(17 + at, (2 + at, 2, 0)) for at in range(12)])
    assert traffic.channels[0].silence is Silence.PILING


def test_no_call_at_all_is_idle_and_not_fine() -> None:
    report, traffic = watched(look(at, (7, 7, 0)) for at in range(20))
    rung = traffic_rung(report, traffic)
    assert rung.health is None
    assert "idle" in rung.text


def test_counters_that_begin_again_are_another_channels() -> None:
    _, traffic = watched([*flowing(10), look(10, (1, 1, 0), (2, 2, 0))])
    assert [point.succeeded for point in traffic.channels[0].points] == [3]


def test_a_library_that_does_not_count_its_subchannels_still_shows_the_hang() -> None:
    counted = [look(at, (0, 0, 0), channel=(5 * at, 5 * at, 0)) for at in range(10)]
    _, traffic = watched(counted + [look(10 + at, (0, 0, 0), channel=(46, 45, 0)) for at in range(9)])
    assert traffic.waiting_on(traffic.channels[0]) == ()
    assert traffic.channels[0].silence is Silence.HUNG


def test_missing_counters_do_not_make_calls_in_flight_negative() -> None:
    assert in_flight(Calls(0, 0, 50)) == 0


def test_channels_that_come_and_go_leave_nothing_behind() -> None:
    traffic: Traffic | None = None
    for at in range(500):
        channel = Channel(id=at, target=TARGET, state=ChannelState.READY, calls=Calls(at, at, 0))
        traffic = observe(traffic, ChannelReport(NOW + timedelta(seconds=at), (channel,)))
    assert traffic is not None
    assert len(traffic.channels) == 1


def test_short_intervals_share_points() -> None:
    _, traffic = watched(look(at / 10, (at, at, 0)) for at in range(3000))
    assert len(traffic.channels[0].points) <= POINTS_KEPT
    assert sum(point.seconds for point in traffic.channels[0].points) > 60


def test_a_hang_that_began_before_meshtui_looked_is_seen_at_the_peer_that_answers_nothing() -> None:
    report, traffic = watched(look(at, (900 + at, 900 + at, 0), (4000 + 4 * at, 3900, 0)) for at in range(12))
    ((channel, peer),) = traffic.waiting
    assert peer.address == "127.0.1.12:17070"
    assert traffic.certain(channel, peer)
    assert traffic_rung(report, traffic).health is Health.REFUSED


def test_calls_that_pile_up_where_none_is_answered_may_be_streams() -> None:
    report, traffic = watched(look(at, (40 + at, 30, 0)) for at in range(12))
    ((channel, peer),) = traffic.waiting
    assert not traffic.certain(channel, peer)
    rung = traffic_rung(report, traffic)
    assert rung.health is None
    assert "streams" in rung.aside


def test_a_part_of_the_calls_that_never_comes_back_is_not_all_well() -> None:
    report, traffic = watched(look(at, (10 * at, 5 * at, 0)) for at in range(40))
    assert traffic_rung(report, traffic).health is None
    slow = [look(at, (30 + at, at, 0)) for at in range(40)]
    assert traffic_rung(*watched(slow)).health is Health.OK


def test_an_app_that_stops_calling_beside_its_stream_is_neither_fine_nor_broken() -> None:
    calling = [look(at, (1 + 5 * at, 5 * at, 0)) for at in range(10)]
    report, traffic = watched(calling + [look(10 + at, (46, 45, 0)) for at in range(20)])
    assert traffic_rung(report, traffic).health is None
