"""How a client stands with its control planes, by the channels to them and the ADS calls on these.

Config comes over a call that stays open as long as all is well, so what tells is not the channel's state (READY is a
connected socket, often an agent's) but the calls: seen on Istio's agent 1.29.1 with grpc-go 1.78 and 1.82. Healthy has
exactly one call in flight on each channel. istio-agent serves one stream and ends the one before *well* when a second
comes (istio#53532), which gRPC since 1.66 opens for each target and for the server (gRFC A71): two channels, calls that
succeeded. Cut off from istiod, the agent fails each call: failed, none in flight. That holds as long as the trouble.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final
from urllib.parse import unquote

from meshtui.model.address import host_alone, socket_path
from meshtui.model.channels import CallEnd, Channel, ChannelReport, ChannelState
from meshtui.model.traffic import in_flight

ISTIOD_PORTS: Final = (":15010", ":15012")
"""Where istiod serves ADS, plain and with TLS (Istio's "Application Requirements")."""

GOOGLE: Final = "trafficdirector.googleapis.com"
"""Where Google's Cloud Service Mesh serves ADS."""


SETTLED: Final = timedelta(seconds=2)
"""A call that is older than this after one that ended is taken to last."""


class Standing(IntEnum):
    """How the calls to one control plane stand, the better the higher."""

    LOST = 0
    """Nothing answers at its address."""
    CUT_OFF = 1
    """Calls fail and none is in flight."""
    EVICTED = 2
    """Streams of one process push each other out at the agent."""
    STOPPED = 3
    """Calls were made, none is in flight, and they do not tell why."""
    PARTLY = 4
    """One channel has a call in flight, another has none or no connection, and it is no eviction."""
    WAITING = 5
    """No call was made yet, or one has just begun again."""
    SERVED = 6
    """A call is in flight on each channel."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """One control plane as the client sees it; ``target`` as it was dialled."""

    target: str
    standing: Standing
    channels: tuple[Channel, ...]

    @property
    def serving(self) -> tuple[Channel, ...]:
        """The channels over which config comes now."""
        return tuple(channel for channel in self.channels if _serves(channel))

    @property
    def is_socket(self) -> bool:
        """Whether it is reached over a Unix socket, as an agent is."""
        return bool(socket_path(self.target))


@dataclass(frozen=True, slots=True)
class ControlPlanes:
    """All control planes of a client, the worst first."""

    seen: tuple[ControlPlane, ...]

    @property
    def worst(self) -> ControlPlane | None:
        """The one that needs a person the most; None where none is seen."""
        return next(iter(self.seen), None)

    @property
    def serving(self) -> ControlPlane | None:
        """One that serves: beside one that does not it may be the fallback (gRFC A71), or another authority's."""
        return next((plane for plane in self.seen if plane.standing is Standing.SERVED), None)


def control_planes(report: ChannelReport, server_uris: Iterable[str] = ()) -> ControlPlanes:
    """Every control plane that the client has a channel to: those the bootstrap names, else what looks like one."""
    named = {_spelt(uri) for uri in server_uris}
    by_target: dict[str, list[Channel]] = {}
    for channel in report.channels:
        by_target.setdefault(_spelt(channel.target), []).append(channel)
    known = named & by_target.keys() or {target for target in by_target if _looks_like_one(target)}
    planes = [_plane(tuple(channels), report.taken_at) for target, channels in by_target.items() if target in known]
    return ControlPlanes(tuple(sorted(planes, key=lambda plane: plane.standing)))


def _plane(channels: tuple[Channel, ...], now: datetime) -> ControlPlane:
    return ControlPlane(channels[0].target, _standing(channels, now), channels)


def _standing(channels: tuple[Channel, ...], now: datetime) -> Standing:
    serving = [channel for channel in channels if _serves(channel)]
    if len(serving) == len(channels):
        return Standing.WAITING if any(_tries_again(channel, now) for channel in channels) else Standing.SERVED
    if any(channel.state is ChannelState.TRANSIENT_FAILURE for channel in channels):
        return Standing.PARTLY if serving else Standing.LOST  # a call that waits for the connection is in flight too
    quiet = [channel for channel in channels if channel.calls.started and not in_flight(channel.calls)]
    return _quiet(channels, quiet, any_serves=bool(serving)) if quiet else Standing.WAITING


def _quiet(channels: tuple[Channel, ...], quiet: list[Channel], *, any_serves: bool) -> Standing:
    """Why channels that made calls have none in flight, as far as these tell how they ended."""
    several = len(channels) > 1 and bool(socket_path(channels[0].target))
    # What was seen to happen last counts more than what was counted since the channels were made.
    last = {channel.last_end for channel in quiet} - {None}
    ended_well = any(channel.calls.succeeded for channel in quiet) and last != {CallEnd.FAILED}
    failed = any(channel.calls.failed for channel in quiet) and last != {CallEnd.WELL}
    if several and ended_well and (any_serves or not failed):
        return Standing.EVICTED
    if failed and not any_serves and (len(channels) == 1 or not ended_well):
        return Standing.CUT_OFF
    return Standing.PARTLY if any_serves else Standing.STOPPED


def _serves(channel: Channel) -> bool:
    return channel.state is ChannelState.READY and bool(in_flight(channel.calls))


def _tries_again(channel: Channel, now: datetime) -> bool:
    """Whether its call is so young, after others that ended, that it may end as they did."""
    calls = channel.calls
    began = calls.last_started
    ended = calls.succeeded + calls.failed
    return bool(ended) and began is not None and timedelta(0) <= now - began < SETTLED


def _spelt(target: str) -> str:
    """One spelling of a target: without a scheme it is ``dns:///`` (gRPC's ``doc/naming.md``), a socket is its path."""
    if path := socket_path(target):
        return f"unix:{unquote(path)}"
    return target.removeprefix("dns:").removeprefix("///").removeprefix("passthrough:///")


def _looks_like_one(target: str) -> bool:
    if path := socket_path(target):
        return path.rstrip("/").endswith("XDS")
    return target.endswith(ISTIOD_PORTS) or host_alone(target) == GOOGLE
