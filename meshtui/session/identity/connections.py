"""Which certificates are on the process's live connections, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType

from meshtui.model.channels import ChannelReport, PeerCertificate
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.comparison import InUse, Side
from meshtui.model.identity.peers import ClustersByAddress, sightings
from meshtui.session.identity_memory import ConnectionEnd, Connections
from meshtui.session.observation import PeerCertificates
from meshtui.session.protocols import ReadPeer


class PeerReader:
    """Parses the certificates of live connections, each once in the life of its connection."""

    def __init__(self, read_peer: ReadPeer | None) -> None:
        """``read_peer`` is ``None`` where nothing can be parsed: then there are no certificates."""
        self._read_peer = read_peer
        self._parsed: PeerCertificates = MappingProxyType({})

    @property
    def parsed(self) -> PeerCertificates:
        """The certificates of the newest report; immutable."""
        return self._parsed

    def read(self, report: ChannelReport) -> None:
        """Parse the certificates of the report's connections. Those of connections that are gone are forgotten."""
        if self._read_peer is None:
            return
        parsed: dict[tuple[PeerCertificate, Side], Certificate | None] = {}
        for peer in _peers(report):
            for side in Side:
                place = (peer, side)
                parsed[place] = self._parsed[place] if place in self._parsed else self._read_peer(peer, side)
        self._parsed = MappingProxyType(parsed)


def seen(
    before: Connections, report: ChannelReport, certificates: PeerCertificates, clusters_by_address: ClustersByAddress
) -> Connections:
    """The connections after a look at channelz. What is gone from it is forgotten.

    ``clusters_by_address`` says which clusters an address serves.
    """
    since: dict[ConnectionEnd, datetime] = {}
    found: list[InUse] = []
    for sighting in sightings(report, clusters_by_address):
        for side in Side:
            certificate = certificates.get((sighting.peer, side))
            if certificate is None:
                continue
            end = (sighting.peer.address, certificate.fingerprint_sha256, side)
            first = since[end] = _first_seen(before, end, certificate, report.taken_at)
            found += [
                InUse(
                    certificate=certificate,
                    where=sighting.peer.address,
                    side=side,
                    first_seen=first,
                    cluster=cluster,
                )
                for cluster in sighting.clusters or ("",)
            ]
    in_use = tuple(found)
    # Where nothing differs it stays the same object, so that nothing downstream moves.
    return Connections(before.in_use if in_use == before.in_use else in_use, since)


def _peers(report: ChannelReport) -> Iterator[PeerCertificate]:
    for channel in report.channels:
        for subchannel in channel.subchannels:
            yield from subchannel.peers
    for server in report.servers:
        yield from server.peers


def _first_seen(before: Connections, end: ConnectionEnd, certificate: Certificate, at: datetime) -> datetime:
    """Since when. A connection that was there at the first look may be as old as its certificate."""
    if before.since is None:
        return min(certificate.not_before, at)
    return before.since.get(end, at)
