"""A log is followed over cuts, restarts and silence, and what was not read is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_pod import LogPod, OtherPod
from meshtui.session.kubernetes import log as log_module
from meshtui.session.kubernetes.log import LogFollower
from meshtui.session.log_state import LogPhase, LogState
from tests.kubernetes.double.pods import running, waiting
from tests.waiting import until
from tests.world.clock import NOW
from tests.world.logs import ScriptedLog, afternoon, at_second, pod_with

CUT = TargetUnreachable("The connection to https://10.0.0.1:6443 was cut.", "try again")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits long for the next try."""
    monkeypatch.setattr(log_module, "PAUSES_S", (0.01,))
    monkeypatch.setattr(log_module, "ENDED_PAUSES_S", (0.01,))


@asynccontextmanager
async def following(source: ScriptedLog, *, silence_s: float = 60.0) -> AsyncIterator[LogFollower]:
    seen: list[LogState] = []
    follower = LogFollower(source, seen.append, lambda: NOW, still_s=0.02, silence_s=silence_s)
    follower.start()
    follower.start()
    try:
        yield follower
    finally:
        await follower.stop()
    assert source.closed
    assert len(asyncio.all_tasks()) == 1


def texts(book: LogBook) -> list[str]:
    return [line.text for line in book.lines]


async def test_what_was_written_and_what_comes() -> None:
    source = ScriptedLog(afternoon())
    async with following(source) as follower:
        await until(lambda: len(follower.state.book.lines) == 9)
        source.say(at_second(0, "info\tone more"))
        await until(lambda: texts(follower.state.book)[-1] == "one more")
        assert (follower.state.phase, follower.state.container) == (LogPhase.LIVE, "istio-proxy")
        assert source.followed == [("istio-proxy", None)]


async def test_a_log_without_a_line_is_live_too() -> None:
    async with following(ScriptedLog()) as follower:
        await until(lambda: follower.state.phase is LogPhase.LIVE)
        assert follower.state.book.lines == ()


async def test_after_a_cut_it_goes_on_behind_the_last_line_and_says_so() -> None:
    source = ScriptedLog([at_second(9, "info\tone"), at_second(9, "info\ttwo")])
    async with following(source) as follower:
        await until(lambda: len(follower.state.book.lines) == 2)
        source.cut(CUT)
        await until(lambda: follower.state.phase is LogPhase.LOST)
        assert follower.state.trouble is CUT
        assert follower.state.again_at is not None
        assert texts(follower.state.book) == ["one", "two"]
        source.cut(None)
        source.say(at_second(3, "info\tthree"))
        await until(lambda: follower.state.phase is LogPhase.LIVE and len(follower.state.book.lines) == 4)
        one, two, note, three = follower.state.book.lines
        assert (note.is_note, one.is_note, two.text, three.text) == (True, False, "two", "three")
        assert note.text.endswith(" UTC: The connection to https://10.0.0.1:6443 was cut.")
    last = source.followed[-1][1]
    assert last is not None
    assert (last.at, last.taken) == (two.at, 2)


async def test_long_silence_is_looked_into_and_nothing_is_told_twice() -> None:
    source = ScriptedLog([at_second(9, "info\tone")])
    async with following(source, silence_s=0.02) as follower:
        await until(lambda: len(source.followed) > 3)
        assert texts(follower.state.book) == ["one"]
        assert follower.state.phase is LogPhase.LIVE


async def test_a_container_that_ends_and_its_next_process() -> None:
    source = ScriptedLog([at_second(9, "info\tone")])
    async with following(source) as follower:
        await until(lambda: len(follower.state.book.lines) == 1)
        ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-08-01T09:59:58Z"}
        source.answer = pod_with(istio_proxy=waiting("istio-proxy", "CrashLoopBackOff", restarts=1, last=ended))
        source.end()
        await until(lambda: follower.state.phase is LogPhase.ENDED)
        source.answer = pod_with(
            istio_proxy=running("istio-proxy") | {"restartCount": 2, "lastState": {"terminated": ended}}
        )
        source.ended = False
        source.say(at_second(1, "info\ttwo"))
        await until(lambda: texts(follower.state.book)[-1] == "two")
    notes = [line.text for line in follower.state.book.lines if line.is_note]
    assert notes[0].endswith("; the process before ended at 09:59:58 UTC with exit code 137 (OOMKilled)")


async def test_another_pod_of_the_name_is_not_shown() -> None:
    source = ScriptedLog(afternoon())
    async with following(source, silence_s=0.02) as follower:
        await until(lambda: len(follower.state.book.lines) == 9)
        source.answer = OtherPod("pod/echo-v1 (echo-grpc) is gone; another pod has its name.")
        await until(lambda: follower.state.phase is LogPhase.LOST)
        assert len(follower.state.book.lines) == 9


async def test_the_pod_that_the_session_reached_is_begun_anew() -> None:
    source = ScriptedLog(afternoon())
    async with following(source, silence_s=0.02) as follower:
        await until(lambda: len(follower.state.book.lines) == 9)
        begun = follower.state.begun
        source.answer = LogPod(namespace="echo-grpc", name="echo-v2")
        await until(lambda: follower.state.begun == begun + 1 and len(follower.state.book.lines) == 9)
        assert follower.state.pod == source.answer


async def test_another_container_and_the_process_before() -> None:
    source = ScriptedLog(afternoon(), before=(at_second(99, "info\tlong ago"),))
    async with following(source) as follower:
        await until(lambda: len(follower.state.book.lines) == 9)
        follower.show("app")
        await until(lambda: source.followed[-1] == ("app", None))
        follower.show("app", previous=True)
        await until(lambda: follower.state.phase is LogPhase.READ)
        assert texts(follower.state.book) == ["long ago"]
        source.before = TargetUnreachable("previous terminated container not found")
        follower.look_now()
        await until(lambda: follower.state.phase is LogPhase.LOST)
        follower.show("istio-proxy")
        await until(lambda: follower.state.phase is LogPhase.LIVE and not follower.state.previous)


async def test_a_defect_is_said_and_does_not_end_it() -> None:
    class Broken(ScriptedLog):
        async def pod(self) -> LogPod:
            if not self.followed:
                self.followed.append(("", None))
                raise ZeroDivisionError("ours")
            return await super().pod()

    source = Broken(afternoon())
    async with following(source) as follower:
        await until(lambda: follower.state.phase is LogPhase.LIVE and len(follower.state.book.lines) == 9)
