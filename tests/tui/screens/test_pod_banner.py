"""What has become of the attached pod is seen at once, on any view, and a key leads on to the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from meshtui.model.kubernetes.pod_fate import PodFate, Successor
from meshtui.session.observation import PodBecame
from meshtui.tui.screens.pod_banner import PodBanner
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.echo_scripted import TARGET as ECHO_TARGET
from tests.tui.echo_scripted import EchoBench
from tests.tui.kit.test_hostile_text import HOSTILE, assert_harmless
from tests.tui.scripted import Bench, settle
from tests.world.clock import Clock
from tests.world.fates import FATES, NEW, OLD, at, replica
from tests.world.seed import healthy

TARGET = f"pod/{OLD} -n echo-grpc --context prod"
NEXT = f"pod/{NEW} -n echo-grpc --context prod"


async def become(bench: Bench, pilot: Pilot[None], fate: PodFate, target: str = TARGET) -> None:
    bench.sessions[target]._book.observe(PodBecame(at=bench.clock(), fate=fate))
    await settle(pilot)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((name, (80, 24)) for name in sorted(FATES)),
        ("terminating", (160, 45)),
        ("crashing", (160, 45)),
        ("terminating-unfollowed", (160, 45)),
    ],
)
async def test_it_is_read_at_once(bench: Bench, run: Run, golden: Golden, name: str, size: tuple[int, int]) -> None:
    bench.add(TARGET, healthy())
    async with run(bench.app(TARGET), size) as pilot:
        await become(bench, pilot, FATES[name])
        golden(pilot.app, f"pod-{name}-{size[0]}")


async def test_it_goes_when_it_is_no_longer_true_and_leaves_no_line(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    async with run(bench.app(TARGET), (80, 24)) as pilot:
        lines = []
        for name in ("well", "not-ready", "well"):
            await become(bench, pilot, FATES[name])
            lines.append(pilot.app.screen.query_one(PodBanner).region.height)
        assert lines == [0, 2, 0]


async def test_it_counts_down(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    async with run(bench.app(TARGET), (80, 24)) as pilot:
        await become(bench, pilot, FATES["terminating"])
        bench.clock.pass_(5)
        await settle(pilot)
        assert "at most 18 s left of 30 s" in screen_text(pilot.app)


async def test_it_stays_in_every_view_and_over_the_reason_why_nothing_is_shown(bench: Bench, run: Run) -> None:
    async with run(bench.app(TARGET), (80, 24)) as pilot:
        await become(bench, pilot, FATES["crashing"])
        assert "Container app does not run: CrashLoopBackOff; 7 restarts" in screen_text(pilot.app)
        for view in ("2", "3", "4"):
            await pilot.press(view)
            assert "Container app does not run" in screen_text(pilot.app)


async def test_a_key_follows_the_successor_and_the_way_back_leads_to_the_old_pod(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    bench.add(NEXT, healthy())
    async with run(bench.app(TARGET), (80, 24)) as pilot:
        await pilot.press("f")
        assert list(bench.sessions) == [TARGET]
        await become(bench, pilot, FATES["terminating"])
        await pilot.press("2", "f")
        await settle(pilot)
        assert list(bench.sessions) == [TARGET, NEXT]
        assert pilot.app.screen.query_one(PodBanner).display is False
        await pilot.press("escape")
        await settle(pilot)
        text = screen_text(pilot.app)
        assert "This pod is terminating" in text
        assert "outbound|7070" in text


async def test_a_click_on_the_successor_follows_it(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    bench.add(NEXT, healthy())
    async with run(bench.app(TARGET), (80, 24)) as pilot:
        await become(bench, pilot, FATES["terminating"])
        banner = pilot.app.screen.query_one(PodBanner)
        await pilot.click(PodBanner, offset=(10, banner.size.height - 1))
        await settle(pilot)
        assert list(bench.sessions) == [TARGET, NEXT]


async def test_the_list_of_targets_offers_the_successor(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    bench.add(NEXT, healthy())
    async with run(bench.app(TARGET), (110, 30)) as pilot:
        await become(bench, pilot, FATES["gone"])
        await pilot.press("o")
        assert f"pod/{NEW}" in screen_text(pilot.app)
        assert f"takes the place of pod/{OLD}"[:30] in screen_text(pilot.app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert list(bench.sessions) == [TARGET, NEXT]


async def test_another_pod_of_the_name_takes_the_place_of_the_session_only_when_told(bench: Bench, run: Run) -> None:
    source = bench.add(TARGET, healthy())
    async with run(bench.app(TARGET), (80, 24)) as pilot:
        before = bench.sessions[TARGET]
        await become(bench, pilot, FATES["replaced"])
        assert bench.sessions[TARGET] is before
        await pilot.press("f")
        await settle(pilot)
        assert bench.sessions[TARGET] is not before
        assert "Another pod has its name" not in screen_text(pilot.app)
        assert "1/" not in screen_text(pilot.app).splitlines()[0]
        assert source.closed
        assert not before.running


async def test_a_run_that_is_under_way_is_not_ended_with_the_pod_it_went_through(clock: Clock, run: Run) -> None:
    bench = EchoBench(clock)
    bench.add(ECHO_TARGET, healthy())
    bench.probe().holds_after = 1
    async with run(bench.app(ECHO_TARGET), (110, 30)) as pilot:
        before = bench.sessions[ECHO_TARGET]
        await bench.begin(pilot)
        await become(bench, pilot, FATES["replaced"], ECHO_TARGET)
        await pilot.press("f")
        await settle(pilot)
        assert bench.sessions[ECHO_TARGET] is before
        assert "A run is under way" in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (30, 12), (160, 45)], ids=str)
async def test_what_a_cluster_says_is_only_text(bench: Bench, run: Run, size: tuple[int, int]) -> None:
    bench.add(TARGET, healthy())
    async with run(bench.app(TARGET), size) as pilot:
        for words in HOSTILE:
            ready = {"type": "Ready", "status": "False", "message": words}
            await become(bench, pilot, PodFate(pod=replica(f"a-b-{words}", status={"conditions": [ready]})))
            assert_harmless(screen_text(pilot.app), size)
            other = Successor(pod=replica(f"a-b-{words}", creationTimestamp=at(-1)), ready=1, is_newer=True)
            await become(bench, pilot, replace(FATES["gone"], successor=other))
            await pilot.press("o", "escape")
            assert_harmless(screen_text(pilot.app), size)


async def test_it_fits_whatever_the_size(bench: Bench, run: Run) -> None:
    bench.add(TARGET, healthy())
    async with run(bench.app(TARGET), (160, 45)) as pilot:
        await become(bench, pilot, FATES["crashing"])
        heights = []
        for width in (160, 80, 160):
            await pilot.resize_terminal(width, 24)
            await settle(pilot)
            heights.append(pilot.app.screen.query_one(PodBanner).region.height)
    assert heights == [2, 3, 2]
