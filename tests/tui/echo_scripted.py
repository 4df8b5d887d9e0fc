"""Targets that can be probed, their answers written by the test: the real session, engine and app over them."""

from __future__ import annotations

import asyncio
import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import TargetUnreachable
from meshtui.session.echo.state import EchoState
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from tests.echo_server import output_text
from tests.tui.conftest import screen_text
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.clock import NOW, Clock

TARGET = "127.0.1.13:17171"

PLAINTEXT = (
    "rpc error: code = Unknown desc = {failed}/{count} requests had errors; first error: rpc error: code = Unavailable "
    "desc = connection error: tls: first record does not look like a TLS handshake"
)


@dataclass
class ScriptedEcho:
    """Answers as ``shares`` say, by a fixed draw; each batch takes the time its rate asks for.

    ``replies`` come before that, one a batch. After ``holds_after`` batches it answers nothing until asked to.
    """

    clock: Clock
    shares: dict[str, float] = field(default_factory=lambda: {"v1": 0.8, "v2": 0.2})
    replies: deque[BatchReply] = field(default_factory=deque)
    holds_after: int | None = None
    batches: list[tuple[EchoRequestSpec, Batch]] = field(default_factory=list)
    text: Callable[[int, str], str] = output_text
    _random: random.Random = field(default_factory=lambda: random.Random(7))
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    async def forward(self, spec: EchoRequestSpec, batch: Batch) -> BatchReply:
        self.batches.append((spec, batch))
        if self.holds_after is not None and len(self.batches) > self.holds_after:
            self._told.clear()
            await self._told.wait()
        self.clock.pass_(batch.count / (spec.qps or 50) + 0.001)  # a little late, as everything real is
        if self.replies:
            return self.replies.popleft()
        drawn = self._random.choices(list(self.shares), list(self.shares.values()), k=batch.count)
        return BatchReply(ReplyKind.OUTPUTS, tuple(self.text(index, version) for index, version in enumerate(drawn)))

    def go_on(self, batches: int | None = None) -> None:
        """Answer again, for so many batches."""
        self.holds_after = None if batches is None else len(self.batches) - 1 + batches
        self._told.set()


def failed(failing: int, count: int) -> BatchReply:
    """A batch of which ``failing`` requests failed on TLS."""
    return BatchReply(ReplyKind.REFUSED, error=PLAINTEXT.format(failed=failing, count=count))


class EchoBench(Bench):
    """A bench whose targets also send requests."""

    echo: dict[str, ScriptedEcho]

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.echo = {}

    def probe(self, target: str = TARGET) -> ScriptedEcho:
        """Let a target send requests."""
        self.echo[target] = ScriptedEcho(self.clock)
        return self.echo[target]

    def open_session(self, target: str) -> Session:
        async def connect() -> Sources:
            source = self.sources.get(target)
            if source is None:
                raise TargetUnreachable(f"Nothing answers at {target}: connection refused.", "check the port-forward")
            return Sources(source, echo=self.echo.get(target))

        def monotonic() -> float:
            return (self.clock() - NOW).total_seconds()

        session = Session(target, connect, interval=3600, now=self.clock, monotonic=monotonic)
        self.sessions[target] = session
        return session

    def run_of(self, target: str = TARGET) -> EchoState:
        """The present run."""
        state = self.sessions[target].state.echo
        assert state is not None
        return state

    async def until(self, pilot: Pilot[None], holds: Callable[[], bool]) -> None:
        """Go on until something is so, and painted. Fails when it never is."""
        await until(holds)
        await settle(pilot)

    def counted(self, batches: int) -> bool:
        """Whether so many batches of the one run were sent, and those are counted."""
        sent = self.echo[TARGET].batches[:batches]
        return len(sent) == batches and self.run_of().tally.sent == sum(batch.count for _, batch in sent)

    async def answered(self, pilot: Pilot[None], batches: int) -> None:
        """Wait until so many batches are counted, judged as far as the config was looked at, and painted."""
        session = self.sessions[TARGET]
        await self.until(pilot, lambda: self.counted(batches))
        await self.frame(pilot)
        assert session.echo is not None
        run = session.echo.run
        assert run is not None
        await self.until(pilot, lambda: self.run_of() is run.state and not run.state.held_back)

    async def begin(self, pilot: Pilot[None]) -> None:
        """Open view 3 and run, saying yes to the question."""
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("exclamation_mark")
        await settle(pilot)
        await pilot.press("y")
        await self.until(pilot, lambda: self.sessions[TARGET].state.echo is not None)

    async def finish(self, pilot: Pilot[None]) -> EchoState:
        """Let the run end: all answers in, and one more look at the config so that they are judged."""
        await self.until(pilot, lambda: self.run_of().phase.value in ("settling", "done", "failed"))
        await self.frame(pilot)
        await self.until(pilot, lambda: self.run_of().phase.ended)
        return self.run_of()


def page_text(app: App[None]) -> str:
    """What stands between the tabs and the keys."""
    return "\n".join(screen_text(app).split("\n")[2 : app.size.height - 1]) + "\n"


def compare_page(app: App[None], name: str) -> None:
    """Compare view 3 with ``golden/NAME.txt``; with ``UPDATE_GOLDEN=1`` write it instead."""
    path = Path(__file__).parent / "golden" / f"{name}.txt"
    seen = page_text(app)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(seen, encoding="utf-8")
        return
    assert path.exists(), f"no golden file {path.name}: run with UPDATE_GOLDEN=1 and read what it writes"
    assert seen == path.read_text(encoding="utf-8"), f"{path.name} differs; if that is meant: UPDATE_GOLDEN=1"
