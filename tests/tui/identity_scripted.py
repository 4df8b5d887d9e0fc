"""The bench with workloads: targets whose identity the test writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from textual.pilot import Pilot

from meshtui.model.errors import TargetUnreachable
from meshtui.model.identity.workload import Workload
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.workloads import ScriptedChannels, ScriptedWorkload

TARGET = "127.0.1.13:17171"


@dataclass
class IdentityBench(Bench):
    """As the bench, and each target may have a workload and channels."""

    workloads: dict[str, ScriptedWorkload] = field(default_factory=dict)
    channels: dict[str, ScriptedChannels] = field(default_factory=dict)

    def open_session(self, target: str) -> Session:
        async def connect() -> Sources:
            source, channels = self.sources.get(target), self.channels.get(target)
            if source is None:
                raise TargetUnreachable(f"Nothing answers at {target}: connection refused.", "check the port-forward")
            read = channels.read if channels is not None else None
            return Sources(source, channels=channels, workload=self.workloads.get(target), read_peer=read)

        session = Session(target, connect, interval=3600, now=self.clock)
        self.sessions[target] = session
        return session

    async def until(self, pilot: Pilot[None], holds: Callable[[Workload], bool], target: str = TARGET) -> None:
        """Wait until something is known of a target's workload and painted; bounded."""
        session = self.sessions[target]

        def known() -> bool:
            session.poll_now()
            return session.state.workload is not None and holds(session.state.workload)

        await until(known, "what the workload is")
        await settle(pilot)
