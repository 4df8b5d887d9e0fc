"""What a session remembers about its target's identity from one observation to the next; no screen shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from meshtui.model.identity.comparison import InUse, Side
from meshtui.model.identity.peers import ClustersByAddress, Neighbour
from meshtui.model.identity.workload import Offers
from meshtui.model.xds.resource import Resource, ResourceKey

ConnectionEnd: TypeAlias = tuple[str, str, Side]
"""One end of a live connection: the address, the certificate's fingerprint, whose side shows it."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The other attached targets as one session needs them: as neighbours, and as (pod, node id)."""

    neighbours: tuple[Neighbour, ...] = ()
    nodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Connections:
    """The certificates ``in_use`` at both ends of every live connection, as of the last look.

    ``since`` says when each was first seen there; ``None`` before the first look.
    """

    in_use: tuple[InUse, ...] = ()
    since: Mapping[ConnectionEnd, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityMemory:
    """``offers`` are the facts that can be had, ``peers`` what other targets show.

    ``resources`` is the config that ``clusters_by_address`` and ``asked_providers`` ((instance, cluster or listener) of
    the config) were made from; they are made anew when it is another object, the former when connections ask for it.
    """

    offers: Offers = field(default_factory=Offers)
    peers: Peers = field(default_factory=Peers)
    resources: Mapping[ResourceKey, Resource] | None = None
    clusters_by_address: ClustersByAddress | None = None
    asked_providers: tuple[tuple[str, str], ...] = ()
    connections: Connections = field(default_factory=Connections)
