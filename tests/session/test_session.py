"""The polling loop: what is seen, lost, remembered and judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from meshtui.model.channels import ChannelReport
from meshtui.model.errors import MeshtuiError, ServiceMissing, TargetUnreachable, UsageError
from meshtui.model.kubernetes.pod_fate import PodFate
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import CDS, RDS, Health, Status
from meshtui.session.protocols import ChannelSource, Follower, Sources
from meshtui.session.session import Session
from meshtui.session.state import LinkState, SessionState
from meshtui.session.workspace import Workspace
from tests.waiting import PATIENCE_S
from tests.world.clock import NOW, Clock
from tests.world.config import ROUTES, canary, key, resource, split_routes, subset, with_resource
from tests.world.sources import AnsweredConfig


class NoChannelz:
    """A channel source of an app that does not serve channelz."""

    async def poll(self) -> ChannelReport:
        raise ServiceMissing("The app does not serve channelz.", "register the admin services")


class ToldOf:
    """A follower that tells of one event, then of nothing more, or fails."""

    def __init__(self, told: Event | MeshtuiError) -> None:
        self.told = told
        self.ended = False

    async def follow(self, happened: Callable[[Event], None], became: Callable[[PodFate], None]) -> None:
        if isinstance(self.told, MeshtuiError):
            raise self.told
        happened(self.told)
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


@asynccontextmanager
async def following(
    script: AnsweredConfig, channels: ChannelSource | None = None, follower: Follower | None = None
) -> AsyncIterator[Session]:
    async def connect() -> Sources:
        return Sources(script, channels=channels, follower=follower)

    session = Session("here", connect, interval=0.1, now=Clock())
    session.start()
    try:
        yield session
    finally:
        await session.stop()


async def until(session: Session, holds: Callable[[SessionState], bool]) -> SessionState:
    """The first state for which something holds; fails when it never comes."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(session.state):
            session.poll_now()
            await asyncio.sleep(0.005)
    return session.state


async def test_the_first_look_is_no_change() -> None:
    async with following(AnsweredConfig()) as session:
        state = await until(session, lambda state: state.link.state is LinkState.LIVE)
    assert state.snapshot is not None
    assert len(state.graph.roots) == 2
    assert state.changed_at == {}
    assert [event.text for event in state.events] == ["connected"]


async def test_a_change_is_marked_told_and_its_predecessor_kept() -> None:
    script = AnsweredConfig()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        later = NOW + timedelta(seconds=5)
        script.answer = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v2": 20})), later)
        state = await until(session, lambda state: bool(state.changed_at))
    changed = key(RDS, ROUTES)
    assert state.changed_at == {changed: later}
    assert state.previous[changed].value == repr(split_routes({"v1": 20, "v2": 80})).encode()
    assert state.events[0].text == "v1 20 % → 80 %, v2 80 % → 20 %"


async def test_a_dead_peer_leaves_the_last_state_and_comes_back() -> None:
    script = AnsweredConfig()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        script.answer = TargetUnreachable("localhost:1 refuses connections.", "start the app")
        stale = await until(session, lambda state: state.link.state is LinkState.STALE)
        assert stale.snapshot is not None
        assert stale.link.problem == "localhost:1 refuses connections."
        assert stale.link.last_answer == NOW
        script.answer = canary()
        await until(session, lambda state: state.link.state is LinkState.LIVE)
        assert session.state.events[0].text == "answers again"


@pytest.mark.parametrize(
    ("error", "expected"),
    [(TargetUnreachable("gone."), LinkState.DOWN), (ServiceMissing("no CSDS."), LinkState.MISSING)],
)
async def test_a_target_that_never_answered(error: MeshtuiError, expected: LinkState) -> None:
    async with following(AnsweredConfig(error)) as session:
        state = await until(session, lambda state: state.link.state is expected)
    assert state.snapshot is None
    assert state.link.problem == error.what


async def test_failed_polls_do_not_fill_the_timeline() -> None:
    script = AnsweredConfig(TargetUnreachable("gone."))
    async with following(script) as session:
        await until(session, lambda _: script.polls >= 5)
        assert len(session.state.events) == 1


async def test_what_becomes_of_the_pod_is_in_the_timeline_and_ends_with_the_session() -> None:
    gone = Event(NOW, EventKind.POD, "pod/echo-v1", "deleted", health=Health.MISSING)
    follower = ToldOf(gone)
    async with following(AnsweredConfig(), follower=follower) as session:
        await until(session, lambda state: gone in state.events)
        assert not follower.ended
    assert follower.ended


async def test_a_pod_that_cannot_be_followed_is_said_and_costs_nothing_else() -> None:
    follower = ToldOf(MeshtuiError("pods may not be watched."))
    async with following(AnsweredConfig(), follower=follower) as session:
        state = await until(session, lambda state: any(event.kind is EventKind.POD for event in state.events))
        assert "not followed: pods may not be watched." in [event.text for event in state.events]
        await until(session, lambda state: state.link.state is LinkState.LIVE)


async def test_missing_channelz_is_a_gap_not_a_failure() -> None:
    async with following(AnsweredConfig(), NoChannelz()) as session:
        state = await until(session, lambda state: bool(state.missing))
    assert state.link.state is LinkState.LIVE
    assert state.missing[0].why == "The app does not serve channelz."


class Channelz:
    """A channel source whose answer waits for ``open``."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.polls = self.ended = 0

    async def poll(self) -> ChannelReport:
        self.polls += 1
        try:
            await self.open.wait()
        finally:
            self.ended += 1
        return ChannelReport(NOW, ())


async def test_a_look_is_published_once_with_its_channels() -> None:
    channels, seen = Channelz(), list[SessionState]()
    channels.open.set()
    async with following(AnsweredConfig(), channels) as session:
        session.subscribe(seen.append)
        await until(session, lambda _: channels.polls >= 4)
    looks = [state for state in seen if state.snapshot is not None]
    assert all(state.channels is not None for state in looks)
    assert len(looks) <= channels.polls
    assert [state.revision for state in seen] == sorted({state.revision for state in seen})


async def test_slow_channels_hold_the_config_back_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.session.session.CHANNELS_WAIT_S", 0.01)
    script, channels = AnsweredConfig(), Channelz()
    async with following(script, channels) as session:
        state = await until(session, lambda state: state.snapshot is not None)
        assert state.channels is None
        assert (script.polls, channels.polls) == (1, 1), "the next look waits for the channels of this one"
        channels.open.set()
        await until(session, lambda state: state.channels is not None)


async def test_stop_takes_a_look_at_slow_channels_back() -> None:
    channels = Channelz()
    async with following(AnsweredConfig(), channels) as session:
        await until(session, lambda _: channels.polls == 1)
        await session.stop()
        assert channels.ended == 1


async def test_findings_follow_the_config() -> None:
    broken = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})))
    gone = resource(CDS, subset("v9"), None, status=Status.DOES_NOT_EXIST)
    script = AnsweredConfig(with_resource(broken, gone))
    async with following(script) as session:
        state = await until(session, lambda state: bool(state.findings))
        assert [finding.code for finding in state.findings] == ["resource-missing"]
        script.answer = canary()
        await until(session, lambda state: not state.findings)


async def test_stop_ends_everything() -> None:
    script = AnsweredConfig()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        await session.stop()
        assert script.closed
        assert not session.running
        polls = script.polls
        session.poll_now()
        await asyncio.sleep(0)
        assert script.polls == polls


async def test_workspace_keeps_sessions_apart() -> None:
    scripts: dict[str, AnsweredConfig] = {}

    def open_session(target: str) -> Session:
        if " " in target:
            raise UsageError(f"{target!r} is no target.")

        async def connect() -> Sources:
            return Sources(scripts.setdefault(target, AnsweredConfig()))

        return Session(target, connect)

    workspace = Workspace(open_session)
    first, second = workspace.attach("a"), workspace.attach("b")
    assert workspace.front is second
    assert workspace.attach("a") is first
    assert workspace.next() is second
    assert workspace.next(-1) is first
    with pytest.raises(UsageError):
        workspace.attach("no target")
    await until(first, lambda state: state.snapshot is not None)
    assert workspace.sessions == (first, second)
    await workspace.close()
    assert scripts["a"].closed
    assert workspace.front is None
