"""What a source may raise, who may answer, and what may be kept: the session goes on, and says so."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from meshtui.model.answerer import SWITCHES_KEPT, Answerer, Processes, Switch, Switches, answerer, counts_again
from meshtui.model.channels import Calls, ChannelReport, ServerSockets
from meshtui.model.errors import TargetUnreachable
from meshtui.model.target import TargetOptions
from meshtui.model.timeline import LONGEST_NAME, Event, EventKind, Timeline
from meshtui.model.xds.diff import diff
from meshtui.model.xds.resource import CDS, RDS, Health, Resource, ResourceKey
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.session.link import aged
from meshtui.session.previous import REMOVED_KEPT, remember
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.session.state import Link, LinkState
from meshtui.targets import open_session
from tests.csds_server import SERVICE
from tests.session.test_session import following, until
from tests.waiting import PATIENCE_S
from tests.world.clock import NOW, Clock
from tests.world.config import ROUTES, canary, cluster, resource, snapshot, split_routes, with_resource
from tests.world.sources import AnsweredConfig

import grpc  # isort: skip
import grpc.aio  # isort: skip


class Raising(AnsweredConfig):
    """A source that raises what the test puts into ``error``, however odd."""

    error: BaseException | None = None

    async def poll(self) -> Snapshot:
        if self.error is not None:
            self.polls += 1
            raise self.error
        return await super().poll()


RAISED = [
    TypeError("descriptor needs bytes"),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    OSError(errno.EMFILE, "Too many open files"),
    asyncio.CancelledError(),
    asyncio.InvalidStateError(),
    AssertionError(),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_whatever_a_source_raises_costs_one_look_and_is_said(error: BaseException) -> None:
    script = Raising()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        script.error = error
        stale = await until(session, lambda state: state.link.state is LinkState.STALE)
        assert stale.link.problem.endswith(".")
        assert stale.snapshot is not None
        assert stale.events[0].health is Health.REFUSED
        script.error = None
        await until(session, lambda state: state.link.state is LinkState.LIVE)
        assert session.running


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_a_connection_that_cannot_be_made_is_said_and_tried_again(error: BaseException) -> None:
    tries = 0

    async def connect() -> Sources:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return Sources(AnsweredConfig())

    session = Session("here", connect, interval=0.1, now=Clock())
    session.start()
    try:
        await until(session, lambda state: state.link.state is LinkState.DOWN or state.snapshot is not None)
        await until(session, lambda state: state.link.state is LinkState.LIVE)
    finally:
        await session.stop()


async def test_a_loop_that_ends_is_said_and_stopping_raises_nothing() -> None:
    script = Raising()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        assert session._task is not None
        session._task.cancel()
        await until(session, lambda state: state.link.state is LinkState.STALE)


async def test_channels_that_raise_cost_only_themselves() -> None:
    class Broken:
        async def poll(self) -> ChannelReport:
            raise ValueError("not a report")

    async with following(AnsweredConfig(), Broken()) as session:
        state = await until(session, lambda state: bool(state.missing))
    assert state.link.state is LinkState.LIVE
    assert "ValueError" in state.missing[0].why


async def test_a_tree_that_cannot_be_built_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("meshtui.session.reduce.build", broken)
    async with following(AnsweredConfig()) as session:
        state = await until(session, lambda state: bool(state.findings))
    assert state.link.state is LinkState.LIVE
    assert [finding.code for finding in state.findings] == ["rule-failed"]


def test_a_link_is_live_only_while_looks_come_back() -> None:
    link = Link(LinkState.LIVE, NOW, NOW)
    assert aged(link, 1.0, NOW + timedelta(seconds=5)).state is LinkState.LIVE
    old = aged(link, 1.0, NOW + timedelta(seconds=60))
    assert old.state is LinkState.STALE
    assert old.problem
    assert aged(link, 60.0, NOW + timedelta(seconds=60)).state is LinkState.LIVE


def other(node: str, seen: Snapshot) -> Snapshot:
    return replace(seen, node=NodeIdentity(id=node))


async def test_another_client_is_an_event_and_a_finding_and_nothing_is_compared() -> None:
    script = AnsweredConfig()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        changed = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v2": 20})))
        script.answer = other("sidecar~127.0.1.99~client-b.echo-grpc~x", changed)
        state = await until(session, lambda state: bool(state.findings))
    assert [finding.code for finding in state.findings] == ["another-client"]
    assert "client-b" in state.events[0].text
    assert state.events[0].health is not Health.OK
    assert state.changed_at == {}
    assert all(event.key is None for event in state.events)


def test_clients_that_answer_in_turn_are_told_from_one_that_was_replaced() -> None:
    nodes = [NodeIdentity(id="a"), NodeIdentity(id="b")]
    switches = Switches().add(Switch(NOW, nodes[0], nodes[1]))
    assert not switches.in_turn(NOW)
    for at in range(1, 40):
        switches = switches.add(Switch(NOW + timedelta(seconds=at), nodes[at % 2], nodes[1 - at % 2]))
    assert switches.in_turn(NOW + timedelta(seconds=40))
    assert len(switches.kept) == SWITCHES_KEPT


def test_a_restart_shows_in_the_counters() -> None:
    def report(started: int) -> ChannelReport:
        return ChannelReport(NOW, (), (ServerSockets(10, (), Calls(started)),))

    assert counts_again(report(300), report(5))
    assert not counts_again(report(300), report(301))
    assert not counts_again(None, report(5))
    assert counts_again(report(300), ChannelReport(NOW, (), (ServerSockets(4, (), Calls(301)),)))
    assert not counts_again(report(300), ChannelReport(NOW, ()))


def counting(seconds: int, started: int, server: int = 10) -> ChannelReport:
    return ChannelReport(NOW + timedelta(seconds=seconds), (), (ServerSockets(server, (), Calls(started)),))


class Behind:
    """Channelz behind a balancer: each look is answered by the next pod, each with counts of its own."""

    def __init__(self, counts: list[int]) -> None:
        self.counts, self.looks = counts, 0

    async def poll(self) -> ChannelReport:
        pod = self.looks % len(self.counts)
        self.looks += 1
        self.counts[pod] += 1
        return counting(self.looks, self.counts[pod])


@pytest.mark.parametrize("counts", [[300, 5], [300, 305], [300, 5, 100], [5, 300, 100, 7], [40, 41, 42, 43, 44]])
async def test_pods_that_answer_channelz_in_turn_are_told_once_and_flood_nothing(counts: list[int]) -> None:
    behind = Behind(counts)
    async with following(AnsweredConfig(), behind) as session:
        await until(session, lambda _: behind.looks >= 250)
        texts = [event.text for event in session.state.events if event.kind is EventKind.LINK]
    restarts = [text for text in texts if text.startswith("restart")]
    assert len(restarts) <= 4, texts
    assert [text for text in texts if "several processes answer channelz in turn" in text], texts
    assert len(texts) <= 8, texts


def test_a_process_that_counts_past_the_one_before_is_no_other() -> None:
    processes = Processes().see(counting(0, 300))
    restarts = 0
    for second in range(1, 400):
        processes = processes.see(counting(second, second))
        restarts += processes.restarted
        assert not processes.in_turn(NOW + timedelta(seconds=second))
    assert restarts == 1


def test_each_new_restart_is_one() -> None:
    processes = Processes()
    told = []
    for second, started in enumerate((300, 301, 5, 6, 1, 2, 400)):
        processes = processes.see(counting(second, started))
        told.append(processes.restarted)
    assert told == [False, False, True, False, True, False, False]


async def test_an_app_that_restarts_again_and_again_floods_nothing() -> None:
    class Crashing:
        looks = 0

        async def poll(self) -> ChannelReport:
            self.looks += 1
            return counting(self.looks, 1, server=self.looks)

    crashing = Crashing()
    async with following(AnsweredConfig(), crashing) as session:
        await until(session, lambda _: crashing.looks >= 100)
        texts = [event.text for event in session.state.events]
    assert len([text for text in texts if text.startswith("restarted:")]) == 3
    assert len([text for text in texts if text.startswith("restarts again and again")]) == 1


def test_a_restart_shows_in_config_that_is_newer_than_the_silence() -> None:
    later = NOW + timedelta(seconds=60)
    anew = snapshot([resource(CDS, "one", cluster("one"), at=later)])
    assert answerer(canary(), anew, silent_since=NOW + timedelta(seconds=30)) is Answerer.RESTARTED
    assert answerer(canary(), anew, silent_since=None) is Answerer.SAME
    assert answerer(canary(), canary(), silent_since=NOW + timedelta(seconds=30)) is Answerer.SAME
    ahead = NOW - timedelta(seconds=60)
    assert answerer(canary(), canary(), silent_since=ahead) is Answerer.SAME  # its clock runs before this one


async def test_a_restart_is_told_though_channelz_gave_no_answer_in_between() -> None:
    class Counting:
        started: int | None = 300

        async def poll(self) -> ChannelReport:
            if self.started is None:
                raise TargetUnreachable("No answer.")
            return ChannelReport(NOW, (), (ServerSockets(10, (), Calls(self.started)),))

    channels = Counting()
    async with following(AnsweredConfig(), channels) as session:
        await until(session, lambda state: state.channels is not None)
        channels.started = None
        await until(session, lambda state: state.channels is None)
        channels.started = 5
        state = await until(session, lambda state: state.channels is not None)
    assert "restarted" in state.events[0].text


async def test_a_removed_resource_is_marked_neither_well_nor_ill() -> None:
    script = AnsweredConfig()
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        script.answer = snapshot([])
        state = await until(session, lambda state: state.snapshot is not None and not state.snapshot.resources)
    assert {event.health for event in state.events if event.text == "removed"} == {None}


def test_names_that_come_and_go_leave_a_bounded_memory() -> None:
    previous: MappingProxyType[ResourceKey, Resource] | dict[ResourceKey, Resource] = {}
    before = snapshot([])
    for number in range(1_000):
        name = f"cluster-{number}"
        after = snapshot([resource(CDS, name, cluster(name))])
        previous = dict(remember(previous, diff(before, after), after.resources))
        before = after
    assert len(previous) == REMOVED_KEPT
    assert [key.name for key in previous][-1] == "cluster-998"


def test_large_configs_and_names_that_come_and_go_leave_a_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.session.previous.BYTES_KEPT", 3_000)
    one = resource(CDS, "one", cluster("one"))._replace(value=bytes(1_000))
    names = ["a", "b", "c", "d" * 900]
    large = [one._replace(key=one.key._replace(name=name)) for name in names]
    gone = diff(snapshot(large), snapshot([]))
    kept = remember({}, gone, {})
    assert 0 < sum(known.size + len(key.name) for key, known in kept.items()) <= 3_000
    assert gone[-1].key in kept


def test_an_event_about_an_endless_name_does_not_keep_it() -> None:
    name = "n" * 1_000_000
    timeline = Timeline().add(Event(NOW, EventKind.CONFIG, f"CDS {name}", "removed", key=ResourceKey("", CDS, name)))
    (event,) = timeline.events
    assert len(event.subject) == LONGEST_NAME
    assert event.key is None


async def test_a_server_that_ends_calls_with_ok_and_no_message_is_said_and_watched_on() -> None:
    async def nothing(*_: object) -> AsyncIterator[bytes]:
        messages: tuple[bytes, ...] = ()
        for message in messages:
            yield message

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    methods: dict[str, Any] = {
        "StreamClientStatus": grpc.stream_stream_rpc_method_handler(nothing),
        "FetchClientStatus": grpc.unary_stream_rpc_method_handler(nothing),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    session = open_session(f"127.0.0.1:{port}", TargetOptions(), interval=0.1)
    session.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while session.state.link.state is LinkState.CONNECTING:
                await asyncio.sleep(0.02)
        assert session.state.link.state is not LinkState.LIVE
        assert session.state.link.problem.endswith(".")
        assert session.running
    finally:
        await session.stop()
        await server.stop(None)


LOOK_WITH_FEW_FILES = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
from meshtui.model.target import TargetOptions
from meshtui.session.state import LinkState
from meshtui.targets import open_session

async def main():
    session = open_session("127.0.0.1:9", TargetOptions())
    session.start()
    while session.state.link.state is LinkState.CONNECTING:
        await asyncio.sleep(0.02)
    print(session.state.link.problem, session.running)
    await session.stop()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_too_few_files_are_said_where_grpc_would_abort() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK_WITH_FEW_FILES, "12"], capture_output=True, text=True, timeout=120, check=True
    )
    assert "may open no more files" in done.stdout
    assert done.stdout.endswith("True\n")
