"""Channels, subchannels and sockets as channelz reports them (gRFC A14)."""

from __future__ import annotations

from dataclasses import dataclass
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
    """A client channel. ``target`` as the app dialled it; ``failure`` as that of a subchannel."""

    id: int
    target: str
    state: ChannelState
    calls: Calls
    failure: str = ""
    subchannels: tuple[Subchannel, ...] = ()


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
