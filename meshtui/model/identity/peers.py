"""Certificates on live connections, joined with what they belong to: clusters of the accepted config, and pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from meshtui.model.address import host_of
from meshtui.model.channels import Channel, ChannelReport, PeerCertificate
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.comparison import IdentityState, InUse, Side, identity_of
from meshtui.model.identity.spiffe import SpiffeId
from meshtui.model.identity.workload import Workload
from meshtui.model.xds.config import Cluster, ClusterLoadAssignment
from meshtui.model.xds.names import split_target
from meshtui.model.xds.resource import CDS, EDS
from meshtui.model.xds.snapshot import Snapshot

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""Where callers seem to come from that are on the same machine or behind a port-forward: it names no pod."""

ClustersByAddress = Mapping[tuple[str, str], tuple[str, ...]]
"""(client scope, address) → the clusters that have this address."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A secured connection as channelz shows it, and the clusters it serves; none for one that came in."""

    peer: PeerCertificate
    clusters: tuple[str, ...] = ()


MOST_CLUSTERS: Final = 64
"""Clusters that one EDS resource is taken to serve; Istio's have one. Every address keeps the list."""


def clusters_by_address(snapshot: Snapshot) -> ClustersByAddress:
    """Where the clusters in force send their requests, by the endpoints in force."""
    readers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, resource in snapshot.resources.items():
        if key.type == CDS and isinstance(body := resource.body, Cluster):
            readers[key.scope, body.endpoints_name or body.name].append(body.name)
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, resource in snapshot.resources.items():
        if key.type == EDS and isinstance(body := resource.body, ClusterLoadAssignment):
            target, clusters = _spelt(key.scope), readers.get((key.scope, key.name), [])[:MOST_CLUSTERS]
            for locality in body.localities:
                for endpoint in locality.endpoints:
                    found[target, endpoint.address] += clusters
    return {place: tuple(dict.fromkeys(clusters)) for place, clusters in found.items()}


def sightings(report: ChannelReport, known: ClustersByAddress) -> Iterator[Sighting]:
    """Every secured connection of the process, those it opened and those it accepted."""
    for channel in report.channels:
        for subchannel in channel.subchannels:
            clusters = _clusters(known, channel, subchannel.address)
            yield from (Sighting(peer, clusters) for peer in subchannel.peers)
    for server in report.servers:
        yield from (Sighting(peer) for peer in server.peers)


def _clusters(known: ClustersByAddress, channel: Channel, address: str) -> tuple[str, ...]:
    """gRPC before 1.66 reports no scopes, so that all its config is under the empty one."""
    return known.get((_spelt(channel.target), address)) or known.get(("", address), ())


def _spelt(target: str) -> str:
    """One spelling of a target: C-core's scope is ``xds:/a``, its channelz has ``xds:///a``."""
    authority, name = split_target(target)
    return f"xds://{authority}/{name}" if name else target


@dataclass(frozen=True, slots=True)
class OwnMarks:
    """By what a workload is known on other pods' connections.

    ``fingerprints`` are those of the leaves seen on its disk, ``hosts`` its IPs. ``alone`` says that no other pod
    looked at carries the same ``spiffe`` id: replicas of one deployment share it.
    """

    fingerprints: frozenset[str] = frozenset()
    spiffe: SpiffeId | None = None
    hosts: frozenset[str] = frozenset()
    alone: bool = True

    def fit(self, certificate: Certificate, where: str) -> bool:
        """Whether the other end of a connection, with this certificate and address, is this workload."""
        if certificate.fingerprint_sha256 in self.fingerprints:
            return True
        if self.spiffe is None or certificate.spiffe != self.spiffe:
            return False
        host = host_of(where)
        return host in self.hosts or (host in LOOPBACK and self.alone)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another pod looked at: its name, who it is, and whom it is connected to."""

    name: str
    spiffe: SpiffeId | None
    in_use: tuple[InUse, ...]


def seen_by(neighbours: Iterable[Neighbour], marks: OwnMarks) -> tuple[InUse, ...]:
    """This workload's own certificates as the other ends of its connections show them.

    gRPC tells over channelz who the peer is, and (C-core 1.85, grpc-go 1.82) not what it presents itself.
    """
    return tuple(
        replace(certificate, side=Side.LOCAL, where=f"{neighbour.name}'s end", cluster="")
        for neighbour in neighbours
        for certificate in _distinct(neighbour.in_use)
        if certificate.side is Side.REMOTE and marks.fit(certificate.certificate, certificate.where)
    )


def _distinct(in_use: Iterable[InUse]) -> tuple[InUse, ...]:
    """A connection that serves several clusters once."""
    return tuple({(used.where, used.certificate.fingerprint_sha256, used.side): used for used in in_use}.values())


def joined_identity(workload: Workload, in_use: tuple[InUse, ...], now: datetime) -> IdentityState:
    """The four corners side by side: files and agent of ``workload``, the accepted config it knows, what is in use."""
    provider = workload.files.provider
    return replace(
        identity_of(workload.files.own, workload.agent, now),
        in_use=in_use,
        clusters=workload.identity.clusters,
        listeners=workload.identity.listeners,
        refresh_interval=provider.refresh_interval if provider is not None else None,
    )


def own_marks(workload: Workload, hosts: frozenset[str], neighbours: Iterable[Neighbour]) -> OwnMarks:
    """By what this workload is known to its neighbours: today's leaf and the earlier ones, its SPIFFE id, its IPs."""
    leaf = workload.files.own.leaf if workload.files.own is not None else None
    leaves = [certificate for turned in workload.rotations for certificate in (turned.before, turned.after)]
    if leaf is not None:
        leaves.append(leaf)
    spiffe = leaf.spiffe if leaf is not None else None
    alone = all(neighbour.spiffe != spiffe for neighbour in neighbours)
    return OwnMarks(frozenset(leaf.fingerprint_sha256 for leaf in leaves), spiffe, hosts, alone)
