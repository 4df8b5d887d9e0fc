"""Every way a target can fail to answer has its reason and its way out on the screen."""

from __future__ import annotations

import asyncio

import pytest

from meshtui.model.errors import ServiceMissing, TargetUnreachable
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.session.workspace import Workspace
from meshtui.tui.app import MeshtuiApp
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.world.clock import Clock
from tests.world.seed import healthy, inbound

DOWN = TargetUnreachable(
    "Nothing answers at 127.0.1.13:17171: connection refused.",
    "check that the port-forward runs: kubectl port-forward pod/client 17171",
)
MISSING = ServiceMissing("127.0.1.13:17171 does not serve envoy.service.status.v3.ClientStatusDiscoveryService.")


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)
async def test_no_csds(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    bench.add().error = MISSING
    async with run(bench.app(), size) as pilot:
        golden(pilot.app, f"link-missing-{size[0]}")


async def test_down_says_why_and_what_to_try(bench: Bench, run: Run) -> None:
    bench.add().error = DOWN
    async with run(bench.app(), (80, 24)) as pilot:
        text = " ".join(screen_text(pilot.app).split())
    assert "✗ No config from 127.0.1.13:17171" in text
    assert "kubectl port-forward" in text


async def test_what_has_ended_is_not_promised_to_come_back(bench: Bench, run: Run) -> None:
    ended = TargetUnreachable("pod/echo-v1 (shop) has ended: none of its containers runs (Completed).")
    ended.is_final = True
    bench.add().error = ended
    async with run(bench.app(), (80, 24)) as pilot:
        text = screen_text(pilot.app)
        assert "Tried again every 2 s; only another one of its name can come up." in text


async def test_a_try_that_can_do_no_better_is_not_promised_before_its_time(bench: Bench, run: Run) -> None:
    failed = TargetUnreachable("The login plugin sso failed with exit code 1: enter ABCD.", "Log in as it says.")
    failed.again_in = 14
    bench.add().error = failed
    async with run(bench.app(), (80, 24)) as pilot:
        text = screen_text(pilot.app)
        assert "enter ABCD" in text
        assert "Tried again in 14 s" in text
        assert "r try now" in text


async def test_what_a_plugin_says_is_shown_until_it_has_ended(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    app = bench.app()
    async with run(app, (80, 24)) as pilot:
        app.say("enter [b]ABCD[/b]")
        await settle(pilot)
        assert "enter [b]ABCD[/b]" in screen_text(pilot.app)
        app.said_all()
        await settle(pilot)
        assert "ABCD" not in screen_text(pilot.app)


async def test_down_comes_up_by_itself(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    source.error = DOWN
    async with run(bench.app(), (80, 24)) as pilot:
        source.error = None
        await bench.frame(pilot)
        assert "config is whole" in screen_text(pilot.app)
        await pilot.press("2")
        assert "outbound|7070" in screen_text(pilot.app)


async def test_stale_keeps_the_last_state_with_its_age(bench: Bench, run: Run, golden: Golden) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (80, 24)) as pilot:
        source.error = DOWN
        bench.clock.pass_(12)
        await bench.frame(pilot)
        golden(pilot.app, "link-stale-80")
        await pilot.press("2")
        assert "outbound|7070" in screen_text(pilot.app)
        source.error = None
        await bench.frame(pilot)
        assert "live" in screen_text(pilot.app)
        assert "stale" not in screen_text(pilot.app)


async def test_only_inbound_says_what_to_do(bench: Bench, run: Run, golden: Golden) -> None:
    bench.add(resources=[inbound()])
    async with run(bench.app(), (80, 24)) as pilot:
        golden(pilot.app, "link-inbound-only-80")


async def test_connecting_shows_the_address_and_how_long(clock: Clock) -> None:
    never = asyncio.Event()

    async def connect() -> Sources:
        await never.wait()
        raise AssertionError

    workspace = Workspace(lambda target: Session(target, connect, now=clock))
    app = MeshtuiApp(workspace, target="slow.example:17171", now=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Connecting to slow.example:17171" in screen_text(app)
        clock.pass_(7)
        await settle(pilot)
        assert "7 s so far" in screen_text(app)
        await pilot.press("q")
    assert app.return_code == 0
