"""View 8: the agent's log as it comes, in every state its reading can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.log_pod import LogForbidden
from meshtui.model.kubernetes.rights import GET_LOG
from meshtui.session.kubernetes import log
from meshtui.session.log_state import LogPhase, LogState
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.tui.views.log.rows import LogRows
from tests.kubernetes.double.pods import waiting
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.clock import Clock
from tests.world.logs import ScriptedLog, afternoon, at_second, pod_with
from tests.world.seed import healthy

SIZES = [(80, 24), (110, 30), (160, 45)]

POD = "pod/echo-v1"


@pytest.fixture(autouse=True)
def _tried_again_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried again by a key alone: a busy machine shows the same."""
    monkeypatch.setattr(log, "PAUSES_S", (3600.0,))
    monkeypatch.setattr(log, "ENDED_PAUSES_S", (3600.0,))


@dataclass
class LogBench(Bench):
    """As the bench, and its pod has a log."""

    log: ScriptedLog = field(default_factory=lambda: ScriptedLog(afternoon()))

    def open_session(self, target: str) -> Session:
        async def connect() -> Sources:
            if target not in self.sources:
                raise TargetUnreachable(
                    f"{target} is not running: CrashLoopBackOff.", "kubectl describe pod tells more"
                )
            return Sources(self.sources[target])

        source = self.log if target == POD else None
        session = Session(target, connect, interval=3600, log=source, now=self.clock)
        self.sessions[target] = session
        return session

    async def until(self, pilot: Pilot[None], holds: Callable[[LogState], object]) -> None:
        """Wait until something holds of the log, and is painted."""
        session = self.sessions[POD]
        await until(lambda: session.state.log is not None and holds(session.state.log), "the log")
        await settle(pilot)


@pytest.fixture
def bench(clock: Clock) -> LogBench:
    bench = LogBench(clock)
    bench.add(POD, healthy())
    return bench


def has(count: int) -> Callable[[LogState], object]:
    return lambda log: log.phase is LogPhase.LIVE and len(log.book.lines) == count


def many(count: int, start: int = 0) -> list[str]:
    return [f"info\tline {number}" for number in range(start, start + count)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_an_afternoon(bench: LogBench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    async with run(bench.app(POD), size) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(9))
        golden(pilot.app, f"log-{size[0]}x{size[1]}")


async def test_nothing_is_read_before_it_is_looked_at(bench: LogBench, run: Run) -> None:
    async with run(bench.app(POD), (80, 24)) as pilot:
        await settle(pilot)
        assert bench.log.followed == []
        assert "8 Log" in screen_text(pilot.app).replace("8  Log", "8 Log")


async def test_an_address_has_no_such_view(bench: LogBench, run: Run) -> None:
    bench.add("127.0.1.13:17171", healthy())
    async with run(bench.app(), (80, 24)) as pilot:
        assert "Log" not in screen_text(pilot.app)
        await pilot.press("8")
        await settle(pilot)
        assert "Overview" in screen_text(pilot.app)
        await pilot.press(*":view log", "enter")
        await settle(pilot)
        assert "has no log here" in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
async def test_only_the_mesh_whole_lines_and_a_search(
    bench: LogBench, run: Run, golden: Golden, size: tuple[int, int]
) -> None:
    async with run(bench.app(POD), size) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(9))
        await pilot.press("x", "w", "slash", *"upstream istiod", "enter")
        await settle(pilot)
        golden(pilot.app, f"log-found-{size[0]}x{size[1]}")
        rows = pilot.app.screen.query_one(LogRows)
        before = rows.number
        await pilot.press("N")
        assert rows.number is not None
        assert before is not None
        assert rows.number < before
        await pilot.press("n")
        assert rows.number == before
        await pilot.press("escape", "escape", "w")
        await settle(pilot)
        text = screen_text(pilot.app)
        assert ("FLAG" in text, "only xDS" in text, " / upstream" in text) == (True, False, False)
        await pilot.press("e")
        assert "only trouble: 3 of" in screen_text(pilot.app)


async def test_lines_that_come_while_one_reads_above(bench: LogBench, run: Run, golden: Golden) -> None:
    bench.log.lines = [at_second(500 - number, said) for number, said in enumerate(many(60))]
    async with run(bench.app(POD), (80, 24)) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(60))
        assert "line 59" in screen_text(pilot.app)
        await pilot.press("k", "k", "pageup")
        rows = pilot.app.screen.query_one(LogRows)
        number, top = rows.number, rows.scroll_offset.y
        bench.log.say(*(at_second(400 - number, said) for number, said in enumerate(many(12, 60))))
        await bench.until(pilot, has(72))
        assert (rows.number, rows.scroll_offset.y) == (number, top)
        golden(pilot.app, "log-unseen-80x24")
        await pilot.press("G")
        await settle(pilot)
        assert "line 71" in screen_text(pilot.app)
        bench.log.say(at_second(1, "info\tthe newest"))
        await bench.until(pilot, has(73))
        text = screen_text(pilot.app)
        assert ("the newest" in text, "new line" in text) == (True, False)


async def test_the_sight_stays_while_the_oldest_are_let_go(bench: LogBench, run: Run) -> None:
    bench.log.lines = [at_second(90_000 - number, said) for number, said in enumerate(many(5_000))]
    async with run(bench.app(POD), (80, 24)) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(5_000))
        rows = pilot.app.screen.query_one(LogRows)
        await pilot.press("pageup", "pageup")
        chosen = rows.chosen
        bench.log.say(*(at_second(70_000 - number, said) for number, said in enumerate(many(2_000, 5_000))))
        await bench.until(pilot, lambda log: log.book.dropped == 2_000)
        assert rows.chosen is chosen
        text = screen_text(pilot.app)
        assert "2000 older let go" in text
        assert "▼ 2000 new lines" in text


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
async def test_a_right_that_lacks(bench: LogBench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    said = 'pods "echo-v1" is forbidden: User "ada" cannot get resource "pods/log" in API group "" in the namespace "x"'
    lacking = Lacking("The log", "echo-grpc", said, GET_LOG)
    bench.log.failure = LogForbidden(f"The cluster forbids it: {said}.", "", lacking)
    async with run(bench.app(POD), size) as pilot:
        await pilot.press("8")
        await bench.until(pilot, lambda log: log.phase is LogPhase.LOST)
        golden(pilot.app, f"log-forbidden-{size[0]}x{size[1]}")
        await pilot.press("y")
        assert 'resources: ["pods/log"]' in pilot.app.clipboard
        bench.log.cut(None)
        await pilot.press("r")
        await bench.until(pilot, has(9))
        assert "overlapping" in screen_text(pilot.app)


async def test_a_cut(bench: LogBench, run: Run, golden: Golden, clock: Clock) -> None:
    async with run(bench.app(POD), (80, 24)) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(9))
        bench.log.cut(TargetUnreachable("The connection to https://10.0.0.1:6443 was cut."))
        await bench.until(pilot, lambda log: log.phase is LogPhase.LOST)
        clock.pass_(0.5)
        await settle(pilot)
        golden(pilot.app, "log-cut-80x24")


async def test_a_crashed_agent_and_its_process_before(bench: LogBench, run: Run, golden: Golden) -> None:
    last = {"exitCode": 1, "reason": "Error"}
    bench.log.answer = pod_with(istio_proxy=waiting("istio-proxy", "CrashLoopBackOff", restarts=3, last=last))
    bench.log.ended = True
    bench.log.before = (at_second(90, "error\tfailed to start: no token"),)
    del bench.sources[POD]  # nor does the app answer
    async with run(bench.app(POD), (80, 24)) as pilot:
        assert "read what the mesh's agent in the pod writes" in screen_text(pilot.app)
        await pilot.press("8")
        await bench.until(pilot, lambda log: log.phase is LogPhase.ENDED)
        golden(pilot.app, "log-ended-80x24")
        await pilot.press("p")
        await bench.until(pilot, lambda log: log.phase is LogPhase.READ)
        assert "no token" in screen_text(pilot.app)
        await pilot.press("p")
        await bench.until(pilot, lambda log: log.phase is LogPhase.ENDED and not log.previous)


async def test_another_container(bench: LogBench, run: Run) -> None:
    async with run(bench.app(POD), (80, 24)) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(9))
        await pilot.press("c")
        await settle(pilot)
        assert "the mesh's agent, running" in screen_text(pilot.app)
        await pilot.press("down", "enter")
        await bench.until(pilot, lambda log: log.container == "app" and log.phase is LogPhase.LIVE)
        assert bench.log.followed[-1] == ("app", None)


async def test_a_line_is_copied_whole_and_times_as_ages(bench: LogBench, run: Run) -> None:
    async with run(bench.app(POD), (80, 24)) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(9))
        await pilot.press("y", "t")
        assert pilot.app.clipboard.endswith("[failed] failed to connect to upstream istiod.istio-system.svc:15012: "
                                            "context deadline exceeded")  # fmt: skip
        assert "10 s  error" in screen_text(pilot.app)


async def test_hostile_lines_and_a_resize(bench: LogBench, run: Run) -> None:
    bench.log.lines = [
        at_second(3, "info\t[/] [@click=app.quit]x[/] \x1b[2J\x07"),
        at_second(2, "info\t" + "漢字" * 3_000),
        at_second(1, "e\u0301" * 40 + "\u202e" + "Z\u0300\u0301\u0302\u0303\u0304"),
    ]
    async with run(bench.app(POD), (80, 24)) as pilot:
        await pilot.press("8")
        await bench.until(pilot, has(3))
        await pilot.press("w", "g")
        await settle(pilot)
        assert "[@click=app.quit]x[/] ␛[2J␇" in screen_text(pilot.app)
        await pilot.resize_terminal(160, 45)
        await settle(pilot)
        await pilot.resize_terminal(40, 12)
        await settle(pilot)
        assert all(len(line) <= 40 for line in screen_text(pilot.app).split("\n"))
