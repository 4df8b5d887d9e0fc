"""Which certificates are on the process's live connections, and since when: remembered from look to look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meshtui.model.channels import ChannelReport, PeerCertificate
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.comparison import InUse, Side
from meshtui.model.identity.peers import Places, Sighting, sightings
from meshtui.session.protocols import ReadPeer


class Connections:
    """``places`` says which clusters an address serves; it is set anew whenever the config differs."""

    def __init__(self, read_peer: ReadPeer | None) -> None:
        self.places: Places = {}
        self._read_peer = read_peer
        self._parsed: dict[tuple[PeerCertificate, Side], Certificate | None] = {}
        self._since: dict[tuple[str, str, Side], datetime] | None = None
        self._in_use: tuple[InUse, ...] = ()

    @property
    def in_use(self) -> tuple[InUse, ...]:
        """The certificates of both sides of every live connection, as of the last look."""
        return self._in_use

    def seen(self, report: ChannelReport) -> None:
        """Take in a look at channelz. What is gone from it is forgotten."""
        if self._read_peer is None:
            return
        parsed: dict[tuple[PeerCertificate, Side], Certificate | None] = {}
        since: dict[tuple[str, str, Side], datetime] = {}
        found: list[InUse] = []
        for sighting in sightings(report, self.places):
            for side, certificate in self._both(sighting, parsed):
                mark = (sighting.peer.address, certificate.fingerprint_sha256, side)
                first = since[mark] = self._first(mark, certificate, report.taken_at)
                found += [
                    InUse(certificate, sighting.peer.address, side, report.taken_at, first, cluster)
                    for cluster in sighting.clusters or ("",)
                ]
        self._parsed, self._since, self._in_use = parsed, since, _unmoved(self._in_use, tuple(found))

    def _both(
        self, sighting: Sighting, parsed: dict[tuple[PeerCertificate, Side], Certificate | None]
    ) -> Iterator[tuple[Side, Certificate]]:
        """Each side's certificate, parsed once in the life of its connection."""
        assert self._read_peer is not None
        for side in Side:
            place = (sighting.peer, side)
            known = self._parsed[place] if place in self._parsed else self._read_peer(sighting.peer, side)
            parsed[place] = known
            if known is not None:
                yield side, known

    def _first(self, mark: tuple[str, str, Side], certificate: Certificate, at: datetime) -> datetime:
        """Since when. A connection that was there at the first look may be as old as its certificate."""
        if self._since is None:
            return min(certificate.not_before, at)
        return self._since.get(mark, at)


def _unmoved(before: tuple[InUse, ...], now: tuple[InUse, ...]) -> tuple[InUse, ...]:
    """The tuple from before when nothing but the moment of looking differs, so that nothing downstream moves."""

    def facts(used: InUse) -> tuple[object, ...]:
        return (used.certificate, used.where, used.side, used.first_seen, used.cluster)

    return before if list(map(facts, before)) == list(map(facts, now)) else now
