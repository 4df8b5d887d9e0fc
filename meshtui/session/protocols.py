"""What a session needs of its sources. The concrete ones live in ``meshtui.sources`` and are wired in ``targets``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from meshtui.model.channel import ChannelReport
from meshtui.model.resource import Resource
from meshtui.model.snapshot import Snapshot
from meshtui.session.echo_run import EchoSource


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
        """Let go of the connection."""
        ...


class ChannelSource(Protocol):
    """Where the state of live channels comes from: channelz."""

    async def poll(self) -> ChannelReport:
        """The channels now. Raises as :meth:`ConfigSource.poll` does."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What one target offers; ``None`` is a fact this target has no source for."""

    config: ConfigSource
    channels: ChannelSource | None = None
    echo: EchoSource | None = None


Connect = Callable[[], Awaitable[Sources]]
"""Makes the sources inside the running loop. Called once; may import heavy libraries off the loop."""
