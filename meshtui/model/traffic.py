"""What the app's own calls do, from look to look at channelz: rates, calls in flight, and those that get no answer.

channelz counts calls started, succeeded and failed; what is started and has not ended is in flight. It tells neither
methods nor ages, so a call that hangs and a stream that lives long look the same in one look. What tells them apart is
what was seen before: calls that came back steadily, and then none while more are in flight than usual.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from statistics import median
from typing import Final

from meshtui.model.channels import Calls, ChannelReport

HISTORY: Final = timedelta(seconds=180)
"""How far back is remembered: the last minutes, as the spark on the Overview shows them."""

POINTS_KEPT: Final = 180
"""Points of one channel or subchannel at most."""

POINT_SECONDS: Final = 1.0
"""Looks closer together than this share a point, so that a short interval does not shorten what is remembered."""

RATE_SECONDS: Final = 10.0
"""The time a rate is measured over: longer than the usual deadlines, so that calls that time out are seen failing."""

FAILING_SECONDS: Final = 30.0
"""The time over which failures are counted for a finding."""

SILENT_SECONDS: Final = 5.0
"""Without an answer for this long, calls in flight beyond the usual count as hanging: ordinary calls take less."""

STOPPED_SECONDS: Final = 10.0
"""The same where no more than the usual are in flight, which long-lived streams in an idle app show too."""

LOOKS_AT_LEAST: Final = 3
"""Looks in a row without an answer before anything is said of it."""

STEADY_POINTS: Final = 5
"""Points that must have been seen before calls can be said to have come back steadily."""

STEADY_LENGTH: Final = 20
"""Points up to the last answer that are remembered for it, however long nothing has come back since."""

STEADY_SHARE: Final = 0.5
"""The share of them in which at least one call came back."""

FLYING_SHARE: Final = 0.8
"""The share of silent points with a call in flight: between a call that timed out and the next is a short gap."""

GROWTH: Final = 3
"""Calls more in flight, in as many steps, that count as piling up."""

MOUNTING_SECONDS: Final = 30.0
"""The time over which ever more calls in flight are told from an ordinary rise and fall."""

ANSWERED_SHARE: Final = 0.5
"""The share of calls that the other peers of a channel must answer for their answers to tell anything of this one."""

UNANSWERED: Final = 10
"""Calls begun on a peer that got no answer while the others answer half or more: too many to be streams by chance."""


FAILS_WITHIN: Final = 0.5
"""Seconds in flight, on average, below which calls that all fail do not hang: they are told that they failed."""


class Silence(Enum):
    """What the absence of answers means.

    HUNG: calls came back steadily, and now more than usual wait. PILING: more and more wait, and none comes back.
    STOPPED: nothing comes back any more. Long-lived streams alone can look like the last two.
    """

    HUNG = "hung"
    PILING = "piling up"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPoint:
    """What happened in the ``seconds`` before ``at``, and how many calls were in flight then."""

    at: datetime
    seconds: float
    started: int
    succeeded: int
    failed: int
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The calls of one channel (``address`` is empty) or of one of its subchannels.

    ``silent_since`` is when a call was last seen to have succeeded, or the first look; ``answering`` holds the points
    up to that moment, empty where none was seen to succeed.
    """

    channel: int
    subchannel: int
    target: str
    address: str
    calls: Calls
    silent_since: datetime
    points: tuple[TrafficPoint, ...] = ()
    answering: tuple[TrafficPoint, ...] = ()

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended, as of the last look."""
        return in_flight(self.calls)

    def within(self, seconds: float) -> TrafficPoint | None:
        """The last ``seconds`` as one point; ``None`` before the second look."""
        if not self.points:
            return None
        begin = self.points[-1].at - timedelta(seconds=seconds)
        return _sum([point for point in self.points if point.at > begin])

    @property
    def quiet(self) -> tuple[TrafficPoint, ...]:
        """The points since a call was last seen to succeed, as far back as is remembered."""
        return tuple(point for point in self.points if point.at > self.silent_since)

    @property
    def quiet_seconds(self) -> float:
        """For how long no call has succeeded, as far as was watched."""
        return (self.points[-1].at - self.silent_since).total_seconds() if self.points else 0.0

    @property
    def mounting(self) -> bool:
        """Whether ever more calls are in flight, more than come back in :data:`RATE_SECONDS`, though some do.

        A part of the calls hangs, or streams that live long are opened.
        """
        lately = self.within(RATE_SECONDS)
        if lately is None or self.in_flight <= lately.succeeded:
            return False
        begin = self.points[-1].at - timedelta(seconds=MOUNTING_SECONDS)
        levels = [point.in_flight for point in self.points if point.at > begin]
        third = len(levels) // 3
        return third >= LOOKS_AT_LEAST and min(levels[-third:]) >= max(levels[:third]) + GROWTH

    @property
    def silence(self) -> Silence | None:
        """Whether calls hang here; ``None`` when they come back, none is in flight, or it cannot be told.

        Where none was seen to come back, the counters tell whether any did before meshtui began to look.
        """
        quiet, before, seconds = self.quiet, self.answering, self.quiet_seconds
        if len(quiet) < LOOKS_AT_LEAST or not (before or self.calls.succeeded) or seconds < SILENT_SECONDS:
            return None
        latest = quiet[-STEADY_LENGTH:]
        flying = max(point.in_flight for point in latest[-LOOKS_AT_LEAST:])
        if not flying or sum(bool(point.in_flight) for point in latest) < FLYING_SHARE * len(latest):
            return None
        if _fail_at_once(latest):
            return None
        steady = _steady(before)
        usual = median([point.in_flight for point in before if point.succeeded]) if before else 0
        if steady and flying > usual:
            return Silence.HUNG
        if _piles_up((before or quiet)[-1 if before else 0].in_flight, quiet):
            return Silence.PILING
        if steady and flying >= usual and seconds >= STOPPED_SECONDS:
            return Silence.STOPPED
        return None


@dataclass(frozen=True, slots=True)
class Traffic:
    """The flows of every channel dialled by an ``xds:`` name, and of their subchannels; bounded in time and number."""

    taken_at: datetime
    channels: tuple[Flow, ...] = ()
    peers: tuple[Flow, ...] = ()

    @property
    def total(self) -> Flow | None:
        """All channels together, look by look; ``None`` when there is none."""
        if not self.channels:
            return None
        calls = Calls(
            sum(flow.calls.started for flow in self.channels),
            sum(flow.calls.succeeded for flow in self.channels),
            sum(flow.calls.failed for flow in self.channels),
        )
        by_time: dict[datetime, list[TrafficPoint]] = {}
        for flow in self.channels:
            for point in flow.points:
                by_time.setdefault(point.at, []).append(point)
        points = tuple(_beside(at, by_time[at]) for at in sorted(by_time))
        since = max(flow.silent_since for flow in self.channels)
        return Flow(
            channel=0,
            subchannel=0,
            target="",
            address="",
            calls=calls,
            silent_since=since,
            points=points[-POINTS_KEPT:],
        )

    def peers_of(self, channel: Flow) -> tuple[Flow, ...]:
        """The subchannels of a channel."""
        return tuple(flow for flow in self.peers if flow.channel == channel.channel)

    def waiting_on(self, channel: Flow) -> tuple[Flow, ...]:
        """The subchannels of a channel on which calls hang.

        Where the channel as a whole has fallen silent, these are all that hold a call and have not answered since:
        one that gets few calls is too rarely seen answering to tell by itself.
        """
        peers = self.peers_of(channel)
        hung = tuple(flow for flow in peers if flow.silence is not None)
        if hung or channel.silence is None:
            return hung
        return tuple(flow for flow in peers if flow.in_flight and flow.quiet_seconds >= channel.quiet_seconds)

    def certain(self, channel: Flow, flow: Flow) -> bool:
        """Whether calls on a channel or a peer of it hang for sure, and are not streams that live long.

        Sure is what came back steadily before, and a peer that answers nothing while the channel's others do: all of
        them get the same kinds of call.
        """
        if Silence.HUNG in (flow.silence, channel.silence):
            return True
        if flow.silence is not Silence.PILING or not flow.address:
            return False
        others = [peer for peer in self.peers_of(channel) if peer.subchannel != flow.subchannel]
        lately = [point for peer in others for point in peer.points if point.at > flow.silent_since]
        begun, answered = sum(point.started for point in lately), sum(point.succeeded for point in lately)
        here = sum(point.started for point in flow.quiet)
        return here >= UNANSWERED and begun >= STEADY_POINTS and answered >= ANSWERED_SHARE * begun

    @property
    def waiting(self) -> tuple[tuple[Flow, Flow], ...]:
        """Each channel on which calls hang or may hang, with each of its subchannels that does, or with itself."""
        found: list[tuple[Flow, Flow]] = []
        for channel in self.channels:
            peers = self.waiting_on(channel)
            found += [(channel, peer) for peer in peers]
            if not peers and channel.silence is not None:
                found.append((channel, channel))
        return tuple(found)


def in_flight(calls: Calls) -> int:
    """Calls begun and not ended; a library that does not count one of the three cannot make it negative."""
    return max(calls.started - calls.succeeded - calls.failed, 0)


def observe(before: Traffic | None, report: ChannelReport) -> Traffic:
    """The traffic after one more look. Channels and subchannels are told apart by id; what is gone is forgotten."""
    known = {(flow.channel, flow.subchannel): flow for flow in (*before.channels, *before.peers)} if before else {}
    seconds = (report.taken_at - before.taken_at).total_seconds() if before else 0.0

    def flow(channel: int, subchannel: int, target: str, address: str, calls: Calls) -> Flow:
        prior = known.get((channel, subchannel))
        fresh = Flow(
            channel=channel,
            subchannel=subchannel,
            target=target,
            address=address,
            calls=calls,
            silent_since=report.taken_at,
        )
        if before is None or seconds <= 0:
            return prior or fresh
        if prior is not None and (_began_again(prior.calls, calls) or prior.target != target):
            prior = None  # another channel under the same number: its process or library began to count again
        point = _point(report.taken_at, seconds, prior.calls if prior else Calls(), calls)
        points = _kept(prior.points if prior else (), point)
        if point.succeeded:
            return replace(fresh, points=points, answering=points[-STEADY_LENGTH:])
        since, answering = (prior.silent_since, prior.answering) if prior else (before.taken_at, ())
        return replace(fresh, silent_since=since, points=points, answering=answering)

    channels = report.mesh_channels
    return Traffic(
        report.taken_at,
        tuple(flow(channel.id, 0, channel.target, "", channel.calls) for channel in channels),
        tuple(
            flow(channel.id, part.id, channel.target, part.address, part.calls)
            for channel in channels
            for part in channel.subchannels
        ),
    )


def _began_again(before: Calls, after: Calls) -> bool:
    """Counters only grow; lower ones are another's."""
    return after.started < before.started or after.succeeded < before.succeeded or after.failed < before.failed


def _point(at: datetime, seconds: float, before: Calls, after: Calls) -> TrafficPoint:
    return TrafficPoint(
        at=at,
        seconds=seconds,
        started=after.started - before.started,
        succeeded=after.succeeded - before.succeeded,
        failed=after.failed - before.failed,
        in_flight=in_flight(after),
    )


def _kept(points: tuple[TrafficPoint, ...], point: TrafficPoint) -> tuple[TrafficPoint, ...]:
    if points and points[-1].seconds + point.seconds <= POINT_SECONDS:
        last = points[-1]
        merged = replace(
            point,
            seconds=last.seconds + point.seconds,
            started=last.started + point.started,
            succeeded=last.succeeded + point.succeeded,
            failed=last.failed + point.failed,
        )
        return (*points[:-1], merged)
    begin = point.at - HISTORY
    return (*(point for point in points[-POINTS_KEPT + 1 :] if point.at > begin), point)


def _sum(points: Iterable[TrafficPoint]) -> TrafficPoint:
    some = list(points)
    return TrafficPoint(
        at=some[-1].at,
        seconds=sum(flow.seconds for flow in some),
        started=sum(flow.started for flow in some),
        succeeded=sum(flow.succeeded for flow in some),
        failed=sum(flow.failed for flow in some),
        in_flight=some[-1].in_flight,
    )


def _beside(at: datetime, points: list[TrafficPoint]) -> TrafficPoint:
    """Points of several channels at one moment."""
    return replace(
        _sum(points),
        at=at,
        seconds=max(point.seconds for point in points),
        in_flight=sum(point.in_flight for point in points),
    )


def _steady(points: tuple[TrafficPoint, ...]) -> bool:
    answered = sum(bool(point.succeeded) for point in points)
    return len(points) >= STEADY_POINTS and answered >= STEADY_SHARE * len(points)


def _fail_at_once(points: tuple[TrafficPoint, ...]) -> bool:
    """Whether calls fail soon after they begin: those in flight, by the rate at which they end (Little's law)."""
    failed = sum(point.failed for point in points)
    flying = sum(point.in_flight for point in points) / len(points)
    return flying * sum(point.seconds for point in points) < FAILS_WITHIN * failed


def _piles_up(start: int, quiet: tuple[TrafficPoint, ...]) -> bool:
    levels = [start, *(point.in_flight for point in quiet)]
    steps = sum(later > earlier for earlier, later in pairwise(levels))
    falls = any(later < earlier for earlier, later in pairwise(levels))
    return steps >= GROWTH and not falls and levels[-1] - levels[0] >= GROWTH
