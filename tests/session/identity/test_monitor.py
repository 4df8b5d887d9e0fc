"""Identity followed beside the config: what is read, what fails alone, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.comparison import CornerState, Side, identity_comparison
from meshtui.model.identity.workload import Workload, WorkloadFiles
from meshtui.model.timeline import EventKind
from meshtui.model.xds.resource import Health
from meshtui.session.identity import monitor
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.session.state import LinkState, SessionState
from meshtui.session.workspace import Workspace
from tests.waiting import PATIENCE_S
from tests.world.clock import NOW, Clock
from tests.world.config import HOST, canary, subset
from tests.world.sources import AnsweredConfig
from tests.world.workloads import ScriptedChannels, ScriptedWorkload, certificate, looked, report

OLD = certificate(0x3F9A010203, NOW - timedelta(minutes=40))
NEW = certificate(0x77010203AA, NOW)
ECHO = certificate(0x5AB0808401, NOW - timedelta(minutes=5), account="echo")
V1 = "127.0.1.11:17070"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other closely: what is tested is their order, not their pace."""
    monkeypatch.setattr(monitor, "AGENT_EVERY", 0.01)
    monkeypatch.setattr(monitor, "FILES_EVERY", 0.01)


def whole(leaf: object = OLD) -> ScriptedWorkload:
    assert leaf in (OLD, NEW)
    one = OLD if leaf is OLD else NEW
    return ScriptedWorkload(looked(one, NOW), report(NOW, one.not_after))


@asynccontextmanager
async def following(
    workload: ScriptedWorkload | None = None,
    channels: ScriptedChannels | None = None,
    config: AnsweredConfig | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Session]:
    async def connect() -> Sources:
        read = channels.read if channels is not None else None
        return Sources(config or AnsweredConfig(), channels=channels, workload=workload, read_peer=read)

    session = Session("here", connect, interval=0.1, now=clock or Clock())
    session.start()
    try:
        yield session
    finally:
        await session.stop()


async def until(session: Session, holds: Callable[[SessionState, Workload], bool]) -> tuple[SessionState, Workload]:
    """The first state for which something holds; fails after five seconds."""
    async with asyncio.timeout(PATIENCE_S):
        while session.state.workload is None or not holds(session.state, session.state.workload):
            session.poll_now()
            await asyncio.sleep(0.005)
    return session.state, session.state.workload


def _joined(state: SessionState, known: Workload) -> bool:
    return known.agent is not None and known.read_at is not None and bool(known.identity.in_use)


async def test_everything_is_joined() -> None:
    channels = ScriptedChannels(f"xds:///{HOST}:7070", {V1: ECHO})
    async with following(whole(), channels) as session:
        _, workload = await until(
            session,
            lambda _, known: known.agent is not None and known.read_at is not None and bool(known.identity.in_use),
        )
    assert workload.identity.on_disk is not None
    assert workload.identity.on_disk.certificate is OLD
    assert workload.identity.refresh_interval == timedelta(seconds=900)
    assert [cluster.cluster for cluster in workload.identity.clusters] == [subset("v1"), subset("v2")]
    assert [(used.cluster, used.certificate) for used in workload.identity.in_use] == [(subset("v1"), ECHO)]
    assert identity_comparison(workload.identity).corners[0].state is CornerState.SAME


async def test_a_target_without_sources_still_has_an_identity_by_config_and_peers() -> None:
    channels = ScriptedChannels(f"xds:///{HOST}:7070", {V1: ECHO})
    async with following(None, channels) as session:
        state, workload = await until(session, lambda _, known: bool(known.identity.in_use))
    assert workload.identity.on_disk is None
    assert state.missing == ()


async def test_a_rotation_is_an_event_once() -> None:
    source = whole(OLD)
    async with following(source) as session:
        await until(session, lambda _, known: known.read_at is not None)
        source.files = looked(NEW, NOW)
        source.agent = report(NOW, NEW.not_after)
        state, workload = await until(session, lambda _, known: bool(known.rotations))
        seen = source.reads
        await until(session, lambda *_: source.reads > seen + 3)
        state = session.state
    assert [turned.after for turned in workload.rotations] == [NEW]
    events = [event for event in state.events if event.kind is EventKind.IDENTITY]
    assert [(event.subject, event.at) for event in events] == [("certificate default", NOW)]
    assert events[0].text == "rotated, serial 3f:9a:01:02… → 77:01:02:03…, ends 11:00:00 UTC"


async def test_the_agents_readiness_is_told_when_it_turns() -> None:
    source = whole()
    async with following(source) as session:
        await until(session, lambda _, known: known.agent is not None)
        source.agent = report(NOW, OLD.not_after, ready=False)
        state, _ = await until(session, lambda state, _: any(event.text == "not ready" for event in state.events))
        assert "agent-not-ready" in [finding.code for finding in state.findings]
        source.agent = report(NOW, OLD.not_after)
        state, _ = await until(session, lambda state, _: any(event.text == "ready" for event in state.events))
    assert [event.health for event in state.events if event.text == "not ready"] == [Health.REFUSED]
    assert "agent-not-ready" not in [finding.code for finding in state.findings]


async def test_a_dead_agent_is_a_gap_and_its_last_word_stays() -> None:
    source = whole()
    async with following(source) as session:
        await until(session, lambda _, known: known.agent is not None)
        source.agent = TargetUnreachable("The agent at x does not answer: refused.", "forward its port")
        state, workload = await until(session, lambda state, _: bool(state.missing))
        assert state.link.state is LinkState.LIVE
        assert [gap.why for gap in state.missing] == ["The agent at x does not answer: refused."]
        assert workload.agent is not None, "the last answer stays"
        seen = source.scrapes
        await until(session, lambda *_: source.scrapes > seen + 3)
        lost = [event for event in session.state.events if event.text.startswith("does not answer")]
        assert len(lost) == 1, "told once, not with each failure"
        source.agent = report(NOW, OLD.not_after)
        state, _ = await until(session, lambda state, _: not state.missing)
    assert "answers again" in [event.text for event in state.events]


async def test_an_agent_that_hangs_delays_nothing() -> None:
    class Hanging(ScriptedWorkload):
        async def ask_agent(self) -> AgentReport:
            self.scrapes += 1
            await asyncio.Event().wait()
            raise AssertionError

    source, config = Hanging(looked(OLD, NOW)), AnsweredConfig()
    async with following(source, config=config) as session:
        await until(session, lambda _, known: source.reads > 3 and config.polls > 3 and source.scrapes > 0)
        assert source.scrapes == 1
        assert session.state.link.state is LinkState.LIVE


async def test_a_look_that_is_asked_for_is_at_the_workload_itself() -> None:
    source = whole()
    async with following(source) as session:
        await until(session, lambda _, known: known.read_at is not None and source.reads_anew > 0)


async def test_a_defect_in_a_source_costs_only_itself() -> None:
    class Broken(ScriptedWorkload):
        async def read(self, *, anew: bool = False) -> WorkloadFiles:
            raise ZeroDivisionError

    async with following(Broken(agent=report(NOW, OLD.not_after))) as session:
        state, workload = await until(
            session,
            lambda state, known: (
                bool(state.missing) and known.agent is not None and state.link.state is not LinkState.CONNECTING
            ),
        )
        assert state.link.state is LinkState.LIVE
        assert "ZeroDivisionError" in state.missing[0].why
        assert workload.agent is not None


async def test_files_and_agent_are_followed_while_the_app_is_down() -> None:
    config = AnsweredConfig(TargetUnreachable("here refuses connections.", "start the app"))
    async with following(whole(), config=config) as session:
        state, workload = await until(session, lambda _, known: known.agent is not None and known.read_at is not None)
    assert state.link.state is LinkState.DOWN
    assert state.snapshot is None
    assert workload.ends_at == OLD.not_after


async def test_findings_join_those_about_the_config_and_go_with_their_cause() -> None:
    clock = Clock(OLD.not_after + timedelta(minutes=3))
    source = whole()
    async with following(source, clock=clock) as session:
        state, _ = await until(session, lambda state, _: bool(state.findings))
        assert state.findings[0].code == "certificate-expired"
        assert len({(finding.code, finding.subject) for finding in state.findings}) == len(state.findings)
        clock.now = NOW
        await until(session, lambda state, _: not state.findings)


async def test_what_is_in_use_is_told_by_the_pod_at_the_other_end() -> None:
    """C-core tells who the peer is, never what it presents itself: two attached pods tell of each other."""
    server = ScriptedChannels("unix:XDS", callers={"127.0.0.1:5000": NEW})

    async def client() -> Sources:
        return Sources(AnsweredConfig(), workload=whole(NEW), read_peer=lambda peer, side: None)

    async def echo() -> Sources:
        answer = canary()
        node = replace(answer.node, id="sidecar~127.0.1.11~echo-v1.echo-grpc~echo-grpc.svc.cluster.local")
        return Sources(AnsweredConfig(replace(answer, node=node)), channels=server, read_peer=server.read)

    connects = {"client": client, "echo": echo}
    workspace = Workspace(lambda name: Session(name, connects[name], interval=0.1, now=Clock()))
    one = workspace.attach("client")
    workspace.attach("echo")
    try:
        _, workload = await until(one, lambda _, known: bool(known.identity.own_in_use))
        (own,) = workload.identity.own_in_use
        assert (own.certificate, own.where, own.side) == (NEW, "echo-v1's end", Side.LOCAL)
        assert identity_comparison(workload.identity).corners[2].state is CornerState.SAME
    finally:
        await workspace.close()


async def test_a_connection_of_before_the_rotation_is_no_alarm_and_a_new_one_with_the_old_certificate_is() -> None:
    clock = Clock(NOW + timedelta(hours=0, minutes=19))
    channels = ScriptedChannels("unix:XDS", {V1: ECHO}, own={V1: OLD}, now=clock.now)
    async with following(whole(NEW), channels, clock=clock) as session:
        _, workload = await until(
            session, lambda _, known: known.read_at is not None and bool(known.identity.own_in_use)
        )
        assert [finding.code for finding in workload.findings] == []
        assert "it keeps that until it closes" in identity_comparison(workload.identity).sentence
        channels.dialled = {"127.0.1.12:17070": ECHO}
        channels.own = {"127.0.1.12:17070": OLD}
        _, workload = await until(session, lambda _, known: bool(known.findings))
    assert [finding.code for finding in workload.findings] == ["identity-in-use-stale"]


async def test_nothing_is_published_while_nothing_differs() -> None:
    source = whole()
    async with following(source, ScriptedChannels(f"xds:///{HOST}:7070", {V1: ECHO})) as session:
        await until(session, lambda _, known: known.agent is not None and bool(known.identity.in_use))
        first = session.state.workload
        seen = source.reads
        await until(session, lambda *_: source.reads > seen + 5)
        again = session.state.workload
    assert first is not None
    assert again is not None
    assert first.files is again.files
    assert first.identity.in_use is again.identity.in_use


async def test_stop_ends_both_tasks() -> None:
    source = whole()
    async with following(source) as session:
        await until(session, lambda _, known: known.agent is not None)
        await session.stop()
        seen = (source.reads, source.scrapes)
        await asyncio.sleep(0.05)
        assert (source.reads, source.scrapes) == seen
