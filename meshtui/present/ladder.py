"""The way of a request, rung by rung, each with its state: what a reader looks at first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum
from typing import Final

from meshtui.doctor.kinds.agent import ISTIOD_CONNECTION, STREAMS_EVICTED
from meshtui.model.channels import Channel, ChannelReport, ChannelState
from meshtui.model.control_plane import Standing, control_planes
from meshtui.model.finding import Finding
from meshtui.model.phrases import plural, span_words
from meshtui.model.traffic import RATE_SECONDS, Flow, Traffic
from meshtui.model.xds.resource import Health, ResourceKey

MAY_HANG: Final = "calls hang, or long-lived streams"
"""What calls in flight that do not come back may be."""

NO_CHANNELZ: Final = "not known: channelz was not read"
"""Whether the app does not serve it, or gives no answer now, is said beside."""


@dataclass(frozen=True, slots=True)
class SparkSeries:
    """A value over time, oldest first, to be drawn small. ``bad`` says that nothing but 0 is well."""

    name: str
    values: tuple[float, ...]
    bad: bool = False


class RungName(StrEnum):
    """What a rung stands for; the value is its name on the screen."""

    BOOTSTRAP = "Bootstrap"
    CERTIFICATES = "Certificates"
    CONTROL_PLANE = "Control plane"
    LISTENER = "Listener"
    ROUTE = "Route"
    CLUSTER = "Cluster"
    ENDPOINT = "Endpoint"
    TRAFFIC = "Traffic"


@dataclass(frozen=True, slots=True)
class Rung:
    """``health`` is ``None`` where the fact is not known from here; then ``text`` says what would tell it.

    ``names`` are what ``text`` counts; ``aside`` is what to know besides, or what is wrong; ``key`` the resource to go
    to, if there is one; ``spark`` what was seen of it in the last minutes.
    """

    name: RungName
    health: Health | None
    text: str
    _: KW_ONLY
    names: tuple[str, ...] = ()
    aside: str = ""
    key: ResourceKey | None = None
    spark: tuple[SparkSeries, ...] = ()


def last_seen(rung: Rung) -> Rung:
    """A rung of a target that gives no answer now: nothing on it is known to be well any more."""
    return replace(rung, health=None) if rung.health is Health.OK else rung


def control_plane_rung(
    report: ChannelReport | None,
    server_uris: tuple[str, ...] = (),
    *,
    agent_silent: bool = False,
    findings: Iterable[Finding] = (),
) -> Rung:
    """The ADS channels; CSDS alone does not tell whether the control plane is there.

    Config comes through an agent, which may hang (``agent_silent``) or say by its own counters that it has trouble,
    which is among the ``findings``.
    """
    name = RungName.CONTROL_PLANE
    trouble = next((finding for finding in findings if finding.code in AGENT_TROUBLE), None)
    planes = control_planes(report, server_uris) if report is not None else None
    worst = planes.worst if planes is not None else None
    if planes is None or worst is None:
        text = NO_CHANNELZ if planes is None else "not known: channelz shows no channel to an xDS server"
        return Rung(name, Health.WAITING if trouble else None, text, aside=trouble.title if trouble else "")
    states = dict.fromkeys(channel.state.value for channel in worst.channels)
    number = f"{len(worst.channels)} channels " if len(worst.channels) > 1 else ""
    rung = Rung(name, Health.OK, f"{number}{', '.join(states)}", names=(worst.target,))
    if worst.standing is not Standing.SERVED:
        health, aside = STANDINGS[worst.standing]
        other = planes.serving
        if other is not None and health is Health.REFUSED:
            return replace(rung, health=Health.WAITING, aside=f"{other.target} serves; this one does not")
        return replace(rung, health=health, aside=aside)
    if trouble is not None:
        return replace(rung, health=Health.WAITING, aside=trouble.title)
    if agent_silent:
        return replace(rung, health=None, aside="the agent does not answer: not known whether changes arrive")
    return rung


AGENT_TROUBLE: Final = frozenset({ISTIOD_CONNECTION.code, STREAMS_EVICTED.code})
"""What the agent's counters tell of the way to istiod, where the app's channels look well."""

STANDINGS: Final = {
    Standing.LOST: (Health.REFUSED, "the config below is the last it sent; no change arrives"),
    Standing.CUT_OFF: (Health.REFUSED, "each ADS call ends with an error; no change arrives"),
    Standing.EVICTED: (Health.REFUSED, "the app's config streams push each other out at the agent"),
    Standing.STOPPED: (Health.WAITING, "no ADS call is open on it: no change arrives"),
    Standing.PARTLY: (Health.DEGRADED, "config comes over some of them, over the others not"),
    Standing.WAITING: (Health.WAITING, ""),
}
"""The state of the rung and the words beside it, for all that is not well."""


def traffic_rung(report: ChannelReport | None, traffic: Traffic | None) -> Rung:
    """What the app's own channels do. OK only where calls were seen to come back and none failed or hangs."""
    name = RungName.TRAFFIC
    if report is None:
        return Rung(name, None, NO_CHANNELZ)
    channels = report.mesh_channels
    if not channels:
        return Rung(name, None, "no xds: channel is open in this app now")
    state = _channel_health(channels)
    total = traffic.total if traffic is not None else None
    lately = total.within(RATE_SECONDS) if total is not None else None
    if traffic is None or total is None or lately is None:
        broken = state if state is not Health.OK else None
        return Rung(name, broken, f"{plural(len(channels), 'open channel')}; a rate needs a second look")
    spark = _spark(total)
    rate = f"{(lately.succeeded + lately.failed) / max(lately.seconds, 0.001):.1f} calls/s"
    lost = f"{lately.failed / max(lately.seconds, 0.001):.1f}/s failed" if lately.failed else "0 failed"
    flying = f", {lately.in_flight} in flight" if lately.in_flight else ""
    waiting = traffic.waiting
    if any(traffic.certain(channel, flow) for channel, flow in waiting):
        return Rung(name, Health.REFUSED, f"{rate}, {lost}{flying}", aside="calls get no answer", spark=spark)
    if lately.failed:
        return Rung(name, Health.REFUSED, f"{rate} on the app's own channels, {lost}{flying}", spark=spark)
    if waiting or any(flow.mounting for flow in (*traffic.channels, *traffic.peers)):
        broken = state if state is not Health.OK else None
        return Rung(name, broken, f"{rate}, {lost}{flying}", aside=MAY_HANG, spark=spark)
    if lately.succeeded:
        return Rung(name, state, f"{rate} on the app's own channels, {lost}{flying}", spark=spark)
    broken = state if state is not Health.OK else None
    if lately.in_flight:
        text = f"{lately.in_flight} in flight, none has come back for {span_words(total.quiet_seconds)}"
        return Rung(name, broken, text, aside=MAY_HANG, spark=spark)
    return Rung(name, broken, f"idle: no call for {span_words(total.quiet_seconds)}", spark=spark)


def _spark(total: Flow) -> tuple[SparkSeries, ...]:
    """The last minutes: calls that came back, calls in flight, and those that failed where any did."""
    points = total.points
    answered = tuple(point.succeeded / max(point.seconds, 0.001) for point in points)
    failed = tuple(point.failed / max(point.seconds, 0.001) for point in points)
    flying = tuple(float(point.in_flight) for point in points)
    named = [SparkSeries("ok/s", answered), SparkSeries("in flight", flying)]
    return (*named, SparkSeries("failed/s", failed, bad=True)) if any(failed) else tuple(named)


def _channel_health(channels: Iterable[Channel]) -> Health:
    broken = any(channel.state is ChannelState.TRANSIENT_FAILURE for channel in channels)
    return Health.REFUSED if broken else Health.OK
