"""What a session needs of its sources. The concrete ones live in ``meshtui.sources`` and are wired in ``targets``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from meshtui.model.target import DEFAULT_TIMEOUT

if TYPE_CHECKING:  # a command that looks once needs the form of the sources alone
    from meshtui.model.channels import ChannelReport, PeerCertificate
    from meshtui.model.echo.batch import Batch, BatchReply
    from meshtui.model.echo.spec import EchoRequestSpec
    from meshtui.model.identity.agent import AgentReport
    from meshtui.model.identity.certificate import Certificate
    from meshtui.model.identity.comparison import Side
    from meshtui.model.identity.workload import Offers, WorkloadFiles
    from meshtui.model.kubernetes.behind import Behind, ServiceRef
    from meshtui.model.kubernetes.events import PodEvents
    from meshtui.model.kubernetes.istio import IstioObjects
    from meshtui.model.kubernetes.log_lines import LogLine
    from meshtui.model.kubernetes.log_pod import LogPlace, LogPod
    from meshtui.model.kubernetes.pod_fate import PodFate
    from meshtui.model.timeline import Event
    from meshtui.model.xds.resource import Resource
    from meshtui.model.xds.snapshot import Snapshot


class ConfigSource(Protocol):
    """Where xDS config comes from: CSDS, or a recording."""

    async def poll(self) -> Snapshot:
        """The config now. Objects of unchanged resources are the same as in the poll before.

        Raises ``TargetUnreachable`` (nothing answers in time) or ``ServiceMissing`` (no CSDS there).
        """
        ...

    def as_json(self, resource: Resource) -> str:
        """The config in force as canonical proto JSON, indented; parts of unknown types show type URL and size."""
        ...

    async def close(self) -> None:
        """Let go of what it keeps open itself, such as a stream."""
        ...


class ChannelSource(Protocol):
    """Where the state of live channels comes from: channelz."""

    async def poll(self) -> ChannelReport:
        """The channels now. Raises as :meth:`ConfigSource.poll` does."""
        ...


class EchoSource(Protocol):
    """Something that calls ForwardEcho."""

    async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
        """Ask for one batch. Never raises for what the server does; when cancelled, takes the call back at once."""
        ...


class WorkloadSource(Protocol):
    """Where a workload's identity comes from: its bootstrap, its certificate files, its agent."""

    @property
    def offers(self) -> Offers:
        """Which of these it was given."""
        ...

    async def read(self, *, anew: bool = False) -> WorkloadFiles:
        """The files now; the same object while nothing changed. What is wrong with a file is in the answer.

        Where each look costs something, what it brought may serve for a while; not when they are wanted ``anew``.

        Raises ``MeshtuiError`` when they are on another machine and cannot be had.
        """
        ...

    async def ask_agent(self) -> AgentReport:
        """One look at the agent. Raises ``MeshtuiError`` when it does not answer."""
        ...


class Follower(Protocol):
    """What knows of the target itself, beside what it answers: that its pod is deleted, or the way there cut."""

    async def follow(self, happened: Callable[[Event], None], became: Callable[[PodFate], None]) -> None:
        """Tell of each event, and what has become of the pod after each, until cancelled.

        Raises ``MeshtuiError`` when nothing can be known, and why.
        """
        ...


class ClusterSource(Protocol):
    """What the cluster of a pod says beside the pod itself."""

    async def behind(self, wanted: Mapping[ServiceRef, frozenset[str]]) -> Behind:
        """What is behind these Services, of which the client holds these addresses. A list that is forbidden is named
        in the answer. Raises ``MeshtuiError`` when the cluster gives no answer at all."""
        ...

    async def istio(self, namespaces: Iterable[str]) -> IstioObjects:
        """Istio's objects of these namespaces and of the pod's own. Raises as :meth:`behind` does."""
        ...

    async def events(self) -> PodEvents:
        """The pod's events. Raises as :meth:`behind` does."""
        ...


class LogSource(Protocol):
    """The logs of a target's containers. It needs no way into the target, and opens nothing before it is asked."""

    async def pod(self) -> LogPod:
        """The pod as it is now. Raises ``MeshtuiError`` when it is gone, or nothing can be known."""
        ...

    def follow(self, container: str, after: LogPlace | None) -> AsyncGenerator[tuple[LogLine, ...], None]:
        """The newest lines, or those behind a place, and then those that come, some at a time, until the container's
        process ends. Raises ``LogForbidden``, or another ``MeshtuiError`` for what keeps it from being read."""
        ...

    async def previous(self, container: str) -> tuple[LogLine, ...]:
        """The newest lines of the process before the container's last restart. Raises as :meth:`follow`."""
        ...

    async def close(self) -> None:
        """Let go of what it keeps open itself."""
        ...


ReadPeer: TypeAlias = "Callable[[PeerCertificate, Side], Certificate | None]"
"""Parses one side's certificate of a live connection; ``None`` for what is none."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What one target offers; ``None`` is a fact this target has no source for.

    ``reached`` is the line that means the very pod and port that were found, empty for an address;
    ``contact_s`` is how long a connection to it may take to come about. ``opened`` lets go of what the sources share,
    such as their channel, in the order in which it was opened.
    """

    config: ConfigSource
    _: KW_ONLY
    channels: ChannelSource | None = None
    echo: EchoSource | None = None
    workload: WorkloadSource | None = None
    follower: Follower | None = None
    cluster: ClusterSource | None = None
    read_peer: ReadPeer | None = None
    reached: str = ""
    contact_s: float = DEFAULT_TIMEOUT
    opened: tuple[Callable[[], Awaitable[object]], ...] = ()

    async def close(self) -> None:
        """Let go of everything that was opened, last first. What cannot be closed does not keep the rest open."""
        for close in (self.config.close, *reversed(self.opened)):
            with suppress(Exception):
                await close()


Connect = Callable[[], Awaitable[Sources]]
"""Makes the sources inside the running loop. Called once; may import heavy libraries off the loop."""
