"""View 3 shows where traffic goes, asks before it sends, and says of every state what it is."""

from __future__ import annotations

import pytest

from meshtui.model.echo.batch import BatchReply, ReplyKind
from meshtui.model.errors import ServiceMissing
from meshtui.model.split.assessment import Verdict
from meshtui.model.xds.resource import Health
from meshtui.session.echo.state import Phase
from tests.echo_server import output_text
from tests.tui.conftest import Run, screen_text
from tests.tui.echo_scripted import TARGET, EchoBench, ScriptedEcho, compare_page, failed, page_text
from tests.tui.scripted import settle
from tests.world.clock import Clock
from tests.world.config import SCOPE
from tests.world.seed import healthy, inbound, routes

SIZES = [(80, 24), (160, 45)]


@pytest.fixture
def bench(clock: Clock) -> EchoBench:
    return EchoBench(clock)


@pytest.fixture
def echo(bench: EchoBench) -> ScriptedEcho:
    bench.add(resources=healthy())
    return bench.probe()


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_before_the_first_run(bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]) -> None:
    async with run(bench.app(), size) as pilot:
        await pilot.press("3")
        await settle(pilot)
        compare_page(pilot.app, f"echo-idle-{size[0]}")
    assert not echo.batches


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_split_as_configured(bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]) -> None:
    async with run(bench.app(), size) as pilot:
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        assert state.assessment.verdict is Verdict.CONSISTENT
        assert state.tally.sent == 500
        compare_page(pilot.app, f"echo-consistent-{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_another_split_than_configured(
    bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]
) -> None:
    echo.shares = {"v1": 0.5, "v2": 0.5}
    async with run(bench.app(), size) as pilot:
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        assert state.assessment.verdict is Verdict.MISMATCH
        compare_page(pilot.app, f"echo-mismatch-{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_failures_are_explained(bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]) -> None:
    echo.replies.extend([failed(4, 10), *(failed(1, 1) for _ in range(20))])
    async with run(bench.app(), size) as pilot:
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        assert state.tally.failed == 24
        compare_page(pilot.app, f"echo-failures-{size[0]}")


async def test_on_a_wide_screen_the_count_of_many_failures_is_whole(
    bench: EchoBench, echo: ScriptedEcho, run: Run
) -> None:
    echo.replies.extend([failed(186, 256), *(failed(1, 1) for _ in range(187))])
    async with run(bench.app(), SIZES[-1]) as pilot:
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        (line,) = [line for line in page_text(pilot.app).splitlines() if line.strip().startswith("✗ failed")]
        assert line.rstrip().endswith(f"n {state.tally.failed}")
        assert state.tally.failed > 99


async def test_the_first_run_is_asked_for(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app()) as pilot:
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("exclamation_mark")
        await settle(pilot)
        seen = " ".join(screen_text(pilot.app).split())
        assert f"client will send 500 requests to {SCOPE} at 50 a second." in seen
        assert "sends load" in seen
        await pilot.press("escape")
        await settle(pilot)
        assert not echo.batches
        await pilot.press("exclamation_mark")
        await settle(pilot)
        await pilot.press("enter")  # no answer: it is pressed in passing everywhere
        await settle(pilot)
        assert not echo.batches
        await pilot.press("y")
        await bench.finish(pilot)
        sent = len(echo.batches)
        await pilot.press("exclamation_mark")
        await bench.until(pilot, lambda: len(echo.batches) > sent)
        assert bench.sessions["127.0.1.13:17171"].echo is not None


async def test_a_run_is_held_goes_on_and_is_stopped(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    echo.holds_after = 3
    async with run(bench.app()) as pilot:
        await pilot.press("3", "u")
        await bench.begin(pilot)
        await bench.until(pilot, lambda: len(echo.batches) == 4)
        assert "▶ running" in page_text(pilot.app)
        assert "holds the outbound tree open" in page_text(pilot.app)
        await pilot.press("p")
        await bench.until(pilot, lambda: bench.run_of().phase is Phase.PAUSED)
        assert "‖ paused" in page_text(pilot.app)
        echo.go_on()
        await bench.until(pilot, lambda: bench.counted(4))
        assert len(echo.batches) == 4
        echo.holds_after = 8
        await pilot.press("p")
        await bench.until(pilot, lambda: len(echo.batches) == 9)
        await pilot.press("x")
        await bench.until(pilot, lambda: bench.run_of().phase is Phase.CANCELLED)
        assert "■ stopped" in page_text(pilot.app)
        assert bench.run_of().spec.count is None


async def test_a_new_run_takes_the_place_of_one_under_way(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    echo.holds_after = 2
    async with run(bench.app()) as pilot:
        await bench.begin(pilot)
        await bench.until(pilot, lambda: len(echo.batches) == 3)
        await pilot.press("exclamation_mark")
        await bench.until(pilot, lambda: len(echo.batches) == 4)
        assert bench.run_of().tally.sent == 0
        assert bench.run_of().phase is Phase.RUNNING


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_rollout_makes_epochs(bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]) -> None:
    source = bench.sources["127.0.1.13:17171"]
    echo.holds_after = 40
    async with run(bench.app(), size) as pilot:
        await pilot.press("3", "u")
        await bench.begin(pilot)
        for step, share in enumerate((0.5, 0.8), 1):
            await bench.answered(pilot, step * 40)
            source.replace(routes({"v1": round(100 - share * 100), "v2": round(share * 100)}, version=f"5{step}"))
            echo.shares = {"v1": 1 - share, "v2": share}
            await bench.frame(pilot)
            echo.go_on(40)
        await bench.answered(pilot, 120)
        state = bench.run_of()
        assert [epoch.number for epoch in state.epochs] == [1, 2, 3]
        compare_page(pilot.app, f"echo-epochs-{size[0]}")
        await pilot.press("x")
        await bench.until(pilot, lambda: bench.run_of().phase.ended)


async def test_no_echo_service(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    text = "127.0.1.13:17171 answers, but offers no ForwardEcho: it is not Istio's echo app."
    echo.replies.extend([BatchReply(ReplyKind.MISSING, error=text)] * 2)
    async with run(bench.app()) as pilot:
        await bench.begin(pilot)
        await bench.until(pilot, lambda: bench.run_of().phase is Phase.FAILED)
        seen = page_text(pilot.app)
        assert "✗ failed" in seen
        assert text in seen
        assert "UNDECIDED" not in seen


async def test_the_sender_is_lost_and_comes_back(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    echo.holds_after = 3
    async with run(bench.app()) as pilot:
        await bench.begin(pilot)
        await bench.until(pilot, lambda: len(echo.batches) == 4)
        echo.replies.append(
            BatchReply(
                ReplyKind.BROKEN, error="127.0.0.1:1 closed the connection in the middle of the call to ForwardEcho."
            )
        )
        echo.go_on(1)
        await bench.until(pilot, lambda: bench.run_of().phase is Phase.WAITING)
        assert "… waiting for the echo server" in page_text(pilot.app)
        assert (
            "127.0.0.1:1 closed the connection in the middle of the call to ForwardEcho. It is tried again."
            in page_text(pilot.app)
        )
        bench.clock.pass_(1)
        echo.go_on()
        state = await bench.finish(pilot)
        assert state.phase is Phase.DONE
        assert state.tally.lost
        page = page_text(pilot.app)
        assert "✗ lost" in page
        assert f"✗ FAILED       {state.tally.lost} of 500 requests are lost: The probe's own server" in page
        assert "✓ done" not in page


async def test_a_target_without_config_can_still_be_sent_through(bench: EchoBench, run: Run) -> None:
    source = bench.add()
    source.error = ServiceMissing("127.0.1.13:17171 answers, but serves no CSDS.")
    echo = bench.probe()
    async with run(bench.app()) as pilot:
        assert "serves no CSDS" in screen_text(pilot.app)
        await pilot.press("3")
        await settle(pilot)
        assert "No service is chosen to send to. e picks one, or takes an address." in page_text(pilot.app)
        await pilot.press("exclamation_mark")
        await settle(pilot)
        await pilot.press(*"echo:7070", "enter")
        await settle(pilot)
        assert not echo.batches
        await pilot.press("exclamation_mark")
        await settle(pilot)
        await pilot.press("y")
        await bench.until(pilot, lambda: bool(echo.batches) and bench.run_of().phase is Phase.DONE)
        assert echo.batches[0][0].url == "xds:///echo:7070"
        assert "NO TEST" in page_text(pilot.app)


async def test_a_pod_without_channels_takes_the_service_another_target_knows(bench: EchoBench, run: Run) -> None:
    bench.add(resources=healthy())
    bench.add("127.0.1.11:17171", [inbound("127.0.1.11:17070")])
    bench.probe("127.0.1.11:17171")
    async with run(bench.app()) as pilot:
        await pilot.press("colon", *"open 127.0.1.11:17171", "enter")
        await bench.until(pilot, lambda: bench.sessions["127.0.1.11:17171"].state.snapshot is not None)
        await pilot.press("3")
        await settle(pilot)
        assert f"url  {SCOPE}" in page_text(pilot.app)


async def test_a_frozen_screen_stands_while_the_run_goes_on(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    echo.holds_after = 3
    async with run(bench.app()) as pilot:
        await bench.begin(pilot)
        await bench.until(pilot, lambda: len(echo.batches) == 4)
        await pilot.press("space")
        await settle(pilot)
        before = page_text(pilot.app)
        echo.go_on(5)
        await bench.until(pilot, lambda: len(echo.batches) == 9)
        assert page_text(pilot.app) == before
        await pilot.press("space")
        await settle(pilot)
        assert page_text(pilot.app) != before


HOSTILE = ("[@click=app.quit]v1[/]", "v\x1b[31m2\u202e", "版本三" * 12, "", "[/]", "v" * 5000)


@pytest.mark.parametrize("size", [(80, 24), (110, 30), (160, 45), (30, 10)], ids=str)
async def test_hostile_names_only_take_their_cells(
    bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]
) -> None:
    echo.shares = dict.fromkeys(HOSTILE, 1 / len(HOSTILE))
    async with run(bench.app(), size) as pilot:
        await bench.begin(pilot)
        await bench.finish(pilot)
        seen = screen_text(pilot.app)
        assert "\x1b" not in seen
        assert "\u202e" not in seen
        for key in ("b", "b", "a"):
            await pilot.press(key)
            await settle(pilot)
        await pilot.press("escape", "m")
        await settle(pilot)
        await pilot.press("escape", "e")
        await settle(pilot)


async def test_where_nothing_answers_the_cause_comes_before_the_chart(
    bench: EchoBench, echo: ScriptedEcho, run: Run
) -> None:
    echo.replies.extend([failed(10, 10), *(failed(1, 1) for _ in range(490))])
    async with run(bench.app(), (80, 24)) as pilot:
        await bench.begin(pilot)
        await bench.finish(pilot)
        seen = " ".join(page_text(pilot.app).split())
        assert "✗ FAILED 500 of 500 requests failed: mTLS on the client, plaintext on the server." in seen
        assert "✗ ended 0 of 500 answers 500 failed" in seen
        assert not [word for word in ("✓", "UNDECIDED", "NO TEST", "CONSISTENT") if word in seen]
        assert "✗ failed ███" in seen
        assert "✗ 500 failed mTLS on the client, plaintext on the server" in seen
        assert "look Set PeerAuthentication STRICT" in seen


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80", "160"])
async def test_a_version_that_fails_all_its_requests_leaves_the_other_its_part_of_all(
    bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]
) -> None:
    """v2 answers a quarter of all requests and v1 none: v2 has 25 %, and the answers are no test of the weights."""
    one = BatchReply(ReplyKind.OUTPUTS, (output_text(0, "v2"),))
    echo.replies.extend([failed(10, 10), *(one if number % 4 == 0 else failed(1, 1) for number in range(490))])
    async with run(bench.app(), size) as pilot:
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        assert (state.tally.failed, state.tally.sent) == (377, 500)
        seen = " ".join(page_text(pilot.app).split())
        assert "✗ FAILED 377 of 500 requests failed: mTLS on the client" in seen
        assert "24.6 %" in seen
        assert "75.4 %" in seen
        assert "100 % want" not in seen
        assert "split: 123 answers leave it open: the other 377 went to some version too." in seen
        assert not [word for word in ("✓ done", "UNDECIDED", "NO TEST", "CONSISTENT") if word in seen]
    (event,) = [event for event in bench.sessions[TARGET].state.events if event.text.startswith("probe ended")]
    assert event.health is Health.REFUSED
    assert event.text == f"probe ended: {state.outcome_sentence}"


async def test_a_run_stopped_after_failures_says_so(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    echo.replies.extend([failed(10, 10), failed(1, 1)])
    echo.holds_after = 2
    async with run(bench.app()) as pilot:
        await bench.begin(pilot)
        await bench.until(pilot, lambda: len(echo.batches) == 3 and bench.run_of().tally.failed == 11)
        assert "✗ FAILED       11 of 11 requests failed so far: mTLS" in page_text(pilot.app)
        await pilot.press("x")
        await bench.until(pilot, lambda: bench.run_of().phase is Phase.CANCELLED)
        page = page_text(pilot.app)
        assert "■ stopped" in page
        assert "✗ FAILED       11 of 12 requests failed: mTLS" in page
