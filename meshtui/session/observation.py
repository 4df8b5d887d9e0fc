"""What a session learns: each observation is a value with its time, so that a list of them tells the whole story again.

Observation
├── Look            one look at the target: config, channels
├── Attached        the target is reached for the first time
├── FilesRead       the workload's files
├── AgentAnswered   the workload's agent
├── FactLost        files or agent gave no answer
├── PeersSeen       what the other attached targets show
├── EchoSeen        the present echo run moved on
├── Happened        something happened outside, in the demo mesh
├── ClusterSeen     the cluster said what is behind the client's endpoints, or gave no answer
├── PodBecame       what has become of the pod that is attached
├── IstioSeen       the cluster said which of Istio's objects there are, or gave no answer
├── PodEventsSeen   the cluster said what it remembers of the pod, or gave no answer
├── LogSeen         the log that is followed moved on
└── PartChecked     a part of meshtui broke beside the look, or works again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from meshtui.model.channels import ChannelReport, PeerCertificate
from meshtui.model.errors import MeshtuiError
from meshtui.model.finding import Finding
from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.comparison import Side
from meshtui.model.identity.workload import Offers, WorkloadFiles
from meshtui.model.kubernetes.behind import Behind
from meshtui.model.kubernetes.events import PodEvents
from meshtui.model.timeline import Event
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.state import EchoState
from meshtui.session.identity_memory import Peers
from meshtui.session.state import MissingFact

if TYPE_CHECKING:  # what only a pod needs
    from meshtui.model.kubernetes.istio import IstioObjects
    from meshtui.model.kubernetes.pod_fate import PodFate
    from meshtui.session.log_state import LogState

PeerCertificates: TypeAlias = Mapping[tuple[PeerCertificate, Side], Certificate | None]
"""Both sides' certificates of live connections, parsed; ``None`` for what is no certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look brought: for config and channels the answer, the error, or ``None`` for what was not asked, has no
    source, or comes in a later look since it was too slow for this one.

    ``certificates`` are those on the connections of ``channels``, ``at`` is when the look was complete.
    """

    at: datetime
    config: Snapshot | MeshtuiError | None = None
    channels: ChannelReport | MeshtuiError | None = None
    certificates: PeerCertificates = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """The target was reached for the first time; ``offers`` says which facts of its workload can be had, ``reached``
    is the line of ``Sources.reached``."""

    at: datetime
    offers: Offers
    reached: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """The workload's files were read: the same object as before while they did not change."""

    at: datetime
    files: WorkloadFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnswered:
    """The workload's agent answered."""

    at: datetime
    report: AgentReport


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLost:
    """The workload's files or its agent gave no answer."""

    at: datetime
    missing: MissingFact


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersSeen:
    """The other attached targets show something else than before."""

    at: datetime
    peers: Peers


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoSeen:
    """The present echo run moved on, or another one began."""

    at: datetime
    echo: EchoState


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something happened outside, as in the demo mesh."""

    at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSeen:
    """What the cluster says is behind the endpoints that the client holds, or why it says nothing."""

    at: datetime
    behind: Behind | MeshtuiError


@dataclass(frozen=True, slots=True, kw_only=True)
class PodBecame:
    """What has become of the pod that is attached."""

    at: datetime
    fate: PodFate


@dataclass(frozen=True, slots=True, kw_only=True)
class IstioSeen:
    """Istio's objects of the namespaces that the client calls, or why the cluster says nothing."""

    at: datetime
    istio: IstioObjects | MeshtuiError


@dataclass(frozen=True, slots=True, kw_only=True)
class PodEventsSeen:
    """What the cluster remembers of the pod, or why it says nothing."""

    at: datetime
    events: PodEvents | MeshtuiError


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSeen:
    """The log that is followed moved on, or another one was begun."""

    at: datetime
    log: LogState


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChecked:
    """A part of meshtui beside the look: ``defect`` says how it broke, ``None`` that it works."""

    at: datetime
    part: str
    defect: Finding | None


Observation: TypeAlias = (
    Look
    | Attached
    | FilesRead
    | AgentAnswered
    | FactLost
    | PeersSeen
    | EchoSeen
    | Happened
    | ClusterSeen
    | PodBecame
    | IstioSeen
    | PodEventsSeen
    | LogSeen
    | PartChecked
)
