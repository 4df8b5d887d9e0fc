"""One immutable look at an attached target: what the screen paints and the doctor judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from types import MappingProxyType

from meshtui.model.channels import ChannelReport
from meshtui.model.finding import Finding
from meshtui.model.identity.workload import Workload
from meshtui.model.timeline import Event
from meshtui.model.traffic import Traffic
from meshtui.model.xds.diff import Change
from meshtui.model.xds.graph import EMPTY_GRAPH, Graph
from meshtui.model.xds.resource import Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.state import EchoState


class LinkState(Enum):
    """How the target answers. STALE: it did and does not now. DOWN: it never did. MISSING: it serves no CSDS."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    DOWN = "down"
    MISSING = "no CSDS"


@dataclass(frozen=True, slots=True)
class Link:
    """The connection to the target. ``problem`` is a whole sentence, ``hint`` what to try; both empty when live."""

    state: LinkState
    since: datetime
    last_answer: datetime | None = None
    problem: str = ""
    hint: str = ""


class Fact(StrEnum):
    """What a target can keep to itself; the value is how it is called on the screen."""

    CHANNELS = "channels and the control plane's state"
    FILES = "the workload's files"
    AGENT = "the agent's health and metrics"


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact the target does not give: which, why, and the one line that would unlock it."""

    fact: Fact
    why: str
    unlock: str


@dataclass(frozen=True, slots=True)
class SessionState:
    """Everything known of a target at one moment.

    ``revision`` grows with every difference. ``changed_at`` says when each resource last changed under our eyes (the
    first look is no change), ``previous`` holds its config before that. ``traffic`` is what the app's
    calls did in the last minutes. ``echo`` is the present echo run, or the last. ``workload`` is who the target is, as
    far as files, agent, config and live connections tell; ``None`` before the first connection.
    """

    target: str
    revision: int
    link: Link
    interval: float
    snapshot: Snapshot | None = None
    graph: Graph = EMPTY_GRAPH
    changes: tuple[Change, ...] = ()
    changed_at: Mapping[ResourceKey, datetime] = field(default_factory=lambda: MappingProxyType({}))
    previous: Mapping[ResourceKey, Resource] = field(default_factory=lambda: MappingProxyType({}))
    events: tuple[Event, ...] = ()
    channels: ChannelReport | None = None
    traffic: Traffic | None = None
    missing: tuple[MissingFact, ...] = ()
    findings: tuple[Finding, ...] = ()
    echo: EchoState | None = None
    workload: Workload | None = None
