"""Channels, subchannels and sockets as channelz reports them (gRFC A14)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from meshtui.model.xds.names import is_inbound_listener, is_xds


class ChannelState(Enum):
    """Connectivity of a channel or subchannel."""

    UNKNOWN = "UNKNOWN"
    IDLE = "IDLE"
    CONNECTING = "CONNECTING"
    READY = "READY"
    TRANSIENT_FAILURE = "TRANSIENT_FAILURE"
    SHUTDOWN = "SHUTDOWN"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls since the channel was made; ``last_started`` of the newest."""

    started: int = 0
    succeeded: int = 0
    failed: int = 0
    last_started: datetime | None = None


class CallEnd(Enum):
    """How a call ended."""

    WELL = "well"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The certificate of a live connection's other end, DER; empty where the library does not tell.

    ``own`` is what the process itself presents there, DER; grpc-java tells, C-core and grpc-go leave it empty.
    """

    address: str
    der: bytes
    own: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subchannel:
    """A connection attempt to one address; ``peers`` are the certificates on its live sockets.

    ``failure`` is why the last attempt failed, in the words of its trace (untrusted); empty where it says nothing.
    """

    id: int
    address: str
    state: ChannelState
    calls: Calls
    failure: str = ""
    peers: tuple[PeerCertificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A client channel. ``target`` as the app dialled it; ``failure`` as that of a subchannel.

    ``last_end`` is how the last call on it ended, where the counts of two looks tell (:func:`with_ends`).
    """

    id: int
    target: str
    state: ChannelState
    calls: Calls
    failure: str = ""
    subchannels: tuple[Subchannel, ...] = ()
    last_end: CallEnd | None = None


@dataclass(frozen=True, slots=True)
class ServerSockets:
    """One server of the app: where it listens, what it has answered, and the certificates of those connected to it."""

    id: int
    listens: tuple[str, ...]
    calls: Calls
    peers: tuple[PeerCertificate, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """One look at channelz. ``problems`` names what could not be read."""

    taken_at: datetime
    channels: tuple[Channel, ...]
    servers: tuple[ServerSockets, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def mesh_channels(self) -> tuple[Channel, ...]:
        """The channels dialled by an ``xds:`` name: what the app itself does in the mesh."""
        return tuple(
            channel for channel in self.channels if is_xds(channel.target) and not is_inbound_listener(channel.target)
        )


def with_ends(before: ChannelReport | None, report: ChannelReport) -> ChannelReport:
    """The report with how the last calls ended, as far as it and the one before tell.

    Only of channels that are no way into the mesh, on which calls are few: those to a control plane among them.
    """
    known = {channel.id: channel for channel in before.channels} if before is not None else {}
    channels = tuple(_with_end(known.get(channel.id), channel) for channel in report.channels)
    return report if channels == report.channels else replace(report, channels=channels)


def _with_end(before: Channel | None, channel: Channel) -> Channel:
    if before is None or before.target != channel.target or is_xds(channel.target):
        return channel
    well = channel.calls.succeeded - before.calls.succeeded
    failed = channel.calls.failed - before.calls.failed
    if min(well, failed, channel.calls.started - before.calls.started) < 0 or (well and failed):
        return channel  # another process, or it cannot be told which came last
    end = CallEnd.WELL if well else CallEnd.FAILED if failed else before.last_end
    return channel if end is None else replace(channel, last_end=end)
