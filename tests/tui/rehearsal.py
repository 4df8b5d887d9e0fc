"""A demo without a mesh, for the screens that start one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from meshtui.model.errors import TargetUnreachable
from meshtui.model.timeline import Event
from meshtui.session.demo_control import Offer, Scenario

CLIENT, SERVER = "127.0.1.13:17171", "127.0.1.11:17171"
OFFERS = (Offer(CLIENT, "client", "keeps calling the echo service"), Offer(SERVER, "echo-v1", "answers"))

CANARY = Scenario("canary", "v2 is rolled out in steps", ("start", "10 % to v2"))


@dataclass
class Rehearsal:
    """A demo that comes up when the test lets it."""

    scenario: Scenario = CANARY
    error: TargetUnreachable | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)
    step: int = 0
    stopped: bool = False
    happened: Callable[[Event], None] | None = None

    async def start(self, progress: Callable[[str], None], happened: Callable[[Event], None]) -> tuple[Offer, ...]:
        self.happened = happened
        progress("starting the control plane")
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return OFFERS

    async def next_step(self) -> str:
        self.step += 1
        return self.scenario.steps[self.step]

    async def stop(self) -> None:
        self.stopped = True
