"""The immutable state of an attached target, all that is known of it at a moment: what the screen paints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from meshtui.doctor.diagnose import Diagnosis
from meshtui.model.answerer import Processes, Switches
from meshtui.model.channels import ChannelReport
from meshtui.model.finding import Finding
from meshtui.model.identity.workload import Workload
from meshtui.model.kubernetes.behind import Behind
from meshtui.model.kubernetes.events import KubernetesEvent
from meshtui.model.kubernetes.ghosts import Ghost
from meshtui.model.timeline import Event, Timeline
from meshtui.model.traffic import Traffic
from meshtui.model.xds.graph import EMPTY_GRAPH, Graph
from meshtui.model.xds.resource import Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.state import EchoState
from meshtui.session.identity_memory import IdentityMemory

if TYPE_CHECKING:  # what only a pod needs
    from meshtui.model.kubernetes.istio import IstioObjects
    from meshtui.model.kubernetes.pod_fate import PodFate
    from meshtui.session.log_state import LogState


class LinkState(Enum):
    """How the target answers. STALE: it did and does not now. DOWN: it never did. MISSING: it serves no CSDS."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    DOWN = "down"
    MISSING = "no CSDS"


@dataclass(frozen=True, slots=True)
class Link:
    """The connection to the target. ``problem`` is a whole sentence, ``hint`` what to try; both empty when live.

    ``timed_out`` says that nothing came in the time it was given, which ``problem`` then names. ``retry_at`` is when
    the try comes that may do better, where the next one cannot; with ``only_by_hand`` that is one a person asks for.
    ``is_final`` says that what was there has ended.
    """

    state: LinkState
    since: datetime
    last_answer: datetime | None = None
    _: KW_ONLY
    problem: str = ""
    hint: str = ""
    timed_out: bool = False
    retry_at: datetime | None = None
    only_by_hand: bool = False
    is_final: bool = False


class Fact(StrEnum):
    """What a target can keep to itself; the value is how it is called on the screen."""

    CHANNELS = "channels and the control plane's state"
    FILES = "the workload's files"
    AGENT = "the agent's health and metrics"
    CLUSTER = "what the cluster has behind the endpoints"
    POD_EVENTS = "the pod's events"
    ISTIO = "Istio's objects"


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact the target does not give: which, why, and the one line that would unlock it."""

    fact: Fact
    why: str
    unlock: str


EVENTS_SHOWN: Final = 500
"""Events copied into each state: more than any screen shows, few enough to copy on each change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMemory:
    """``ghosts`` are the endpoints without a pod that is to serve, found in ``resources`` and ``behind``;
    ``events_said`` says when an event of the pod came into the timeline last, by its UID; ``None`` before the first
    look at them."""

    ghosts: tuple[Ghost, ...] = ()
    resources: Mapping[ResourceKey, Resource] | None = None
    behind: Behind | None = None
    events_said: Mapping[str, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What later observations need of earlier ones, and no screen shows.

    About who answers: ``switches`` of the client, the ``processes`` behind channelz and the latest ``restarts``; each
    ``…_reported_at`` says when it was last said that they go on and on. ``restart_reported`` says that the config
    showed a restart of which the next look at channelz tells nothing new.

    About findings: ``diagnosis`` is the newest of config and channels, ``defects`` are the parts of meshtui that broke.

    ``cluster`` is what was made of the cluster's answers.
    """

    timeline: Timeline = field(default_factory=Timeline)
    switches: Switches = field(default_factory=Switches)
    switches_reported_at: datetime | None = None
    processes: Processes = field(default_factory=Processes)
    processes_reported_at: datetime | None = None
    restarts: tuple[datetime, ...] = ()
    restarts_reported_at: datetime | None = None
    restart_reported: bool = False
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    defects: Mapping[str, Finding] = field(default_factory=lambda: MappingProxyType({}))
    identity: IdentityMemory = field(default_factory=IdentityMemory)
    cluster: ClusterMemory = field(default_factory=ClusterMemory)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Everything known of a target at one moment.

    ``reached`` is the line that means the very pod and port behind ``target``, empty for an address and until it is
    known. ``revision`` grows with every difference. ``changed_at`` says when each resource last changed under our eyes
    (the first look is no change), ``previous`` holds its config before that. ``traffic`` is what the app's
    calls did in the last minutes. ``echo`` is the present echo run, or the last. ``workload`` is who the target is, as
    far as files, agent, config and live connections tell; ``None`` before the first connection. ``behind`` is what the
    cluster says of the client's endpoints, ``istio`` which of Istio's objects there are, ``pod_events`` what it
    remembers of the pod, the oldest first. ``fate`` is
    what has become of the pod; ``None`` for an address, and where the pod may not be read. ``log`` is what
    a container of the pod wrote; ``None`` until somebody looks at it.
    """

    target: str
    reached: str = ""
    revision: int = 0
    link: Link
    interval: float
    snapshot: Snapshot | None = None
    graph: Graph = EMPTY_GRAPH
    changed_at: Mapping[ResourceKey, datetime] = field(default_factory=lambda: MappingProxyType({}))
    previous: Mapping[ResourceKey, Resource] = field(default_factory=lambda: MappingProxyType({}))
    events: tuple[Event, ...] = ()
    channels: ChannelReport | None = None
    traffic: Traffic | None = None
    missing: tuple[MissingFact, ...] = ()
    findings: tuple[Finding, ...] = ()
    echo: EchoState | None = None
    workload: Workload | None = None
    behind: Behind | None = None
    pod_events: tuple[KubernetesEvent, ...] = ()
    istio: IstioObjects | None = None
    fate: PodFate | None = None
    log: LogState | None = None
    memory: Memory = field(default_factory=Memory)

    def with_events(self, *events: Event) -> SessionState:
        """With these events after the others."""
        if not events:
            return self
        timeline = self.memory.timeline.add(*events)
        memory = replace(self.memory, timeline=timeline)
        return replace(self, memory=memory, events=timeline.latest(EVENTS_SHOWN))

    def with_missing(self, lost: MissingFact) -> SessionState:
        """Without the fact: in the place where it was said to be missing before, else after the others."""
        if lost in self.missing:
            return self
        if not any(known.fact is lost.fact for known in self.missing):
            return replace(self, missing=(*self.missing, lost))
        return replace(self, missing=tuple(lost if known.fact is lost.fact else known for known in self.missing))

    def without_missing(self, fact: Fact) -> SessionState:
        """The fact is there."""
        missing = tuple(known for known in self.missing if known.fact is not fact)
        return self if len(missing) == len(self.missing) else replace(self, missing=missing)
