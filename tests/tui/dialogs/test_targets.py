"""Several targets at once: attached, chosen, switched between."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from meshtui.model.errors import UsageError
from meshtui.session.demo_control import Offer
from meshtui.session.session import Session
from meshtui.session.workspace import Workspace
from meshtui.tui.app import MeshtuiApp
from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import healthy, inbound

CLIENT, SERVER = "127.0.1.13:17171", "127.0.1.11:17171"


async def test_a_typed_address_is_attached_and_the_keys_switch(bench: Bench, run: Run) -> None:
    bench.add(CLIENT, healthy())
    bench.add(SERVER, [inbound("127.0.1.11:17070")])
    async with run(bench.app(CLIENT), (110, 30)) as pilot:
        await pilot.press("o", "tab", *SERVER, "enter")
        await bench.frame(pilot, SERVER)
        assert "No outbound channel is open" in screen_text(pilot.app)
        assert "2/2" in screen_text(pilot.app)
        await pilot.press("right_square_bracket")
        assert "config is whole" in screen_text(pilot.app)
        assert "1/2" in screen_text(pilot.app)
        await pilot.press("left_square_bracket")
        assert "No outbound channel is open" in screen_text(pilot.app)


@pytest.mark.parametrize("typed", [SERVER, "v1"])
async def test_what_is_typed_at_the_list_is_the_address_or_name(bench: Bench, run: Run, typed: str) -> None:
    bench.add(CLIENT, healthy())
    bench.add(SERVER, [inbound("127.0.1.11:17070")])
    recents = (Offer(SERVER, "echo-v1", ""), Offer("127.0.1.12:17171", "echo-v2", ""))
    async with run(bench.app(CLIENT, recents=recents), (110, 30)) as pilot:
        await pilot.press("o", *typed)
        assert pilot.app.screen.query_one("#target-input", Input).value == typed
        await pilot.press("enter")
        await bench.frame(pilot, SERVER)
        assert "2/2" in screen_text(pilot.app)


async def test_each_target_keeps_its_folds_and_cursor(bench: Bench, run: Run) -> None:
    bench.add(CLIENT, healthy())
    bench.add(SERVER, healthy())
    async with run(bench.app(CLIENT), (110, 30)) as pilot:
        await pilot.press("2", "h", "o", "tab", *SERVER, "enter")
        await bench.frame(pilot, SERVER)
        assert "▾ ✓ echo" in screen_text(pilot.app)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "▸ ✓ echo" in screen_text(pilot.app)


async def test_offers_are_listed_and_opened(bench: Bench, run: Run) -> None:
    bench.add(CLIENT, healthy())
    bench.add(SERVER, [inbound("127.0.1.11:17070")])
    recents = (Offer(SERVER, "echo-v1", "answers as an xDS server"),)
    async with run(bench.app(CLIENT, recents=recents), (110, 30)) as pilot:
        await pilot.press("o")
        text = screen_text(pilot.app)
        assert "echo-v1" in text
        assert "answers as an xDS server" in text
        await pilot.press("j", "enter")
        await bench.frame(pilot, SERVER)
        assert "2/2" in screen_text(pilot.app)


async def test_what_is_no_target_is_said(bench: Bench, run: Run) -> None:
    bench.add(CLIENT, healthy())

    def open_session(target: str) -> Session:
        if target == "nonsense":
            raise UsageError("nonsense is no target.", "type host:port")
        return bench.open_session(target)

    app = MeshtuiApp(Workspace(open_session), target=CLIENT, now=bench.clock)
    async with run(app, (110, 30)) as pilot:
        await pilot.press("colon", *"open nonsense", "enter")
        await pilot.pause()
        assert "nonsense is no target. type host:port" in screen_text(pilot.app)
        assert "config is whole" in screen_text(pilot.app)


async def test_leaving_ends_every_session(bench: Bench, run: Run) -> None:
    source = bench.add(CLIENT, healthy())
    async with run(bench.app(CLIENT), (80, 24)) as pilot:
        await pilot.press("q")
    assert source.closed
    assert not bench.sessions[CLIENT].running


async def test_pods_are_listed_by_what_tells_them_apart(bench: Bench, run: Run) -> None:
    first, second, other = (f"pod/echo-v1-7cf5b76586-{name} -n a" for name in ("bgn6t", "x2x7k", "bgn6t"))
    targets = (first, second, other.replace("-n a", "-n b"))
    for target in targets:
        bench.add(target, healthy())
    async with run(bench.app(first), (80, 24)) as pilot:
        for target in targets[1:]:
            await pilot.press("o", "tab")
            pilot.app.screen.query_one(Input).value = target
            await pilot.press("enter")
            await bench.frame(pilot, target)
        await pilot.press("o")
        text = screen_text(pilot.app)
    assert "pod/echo-v1-7cf5b76586-bgn6t -n a " in text
    assert "pod/echo-v1-7cf5b76586-bgn6t -n b " in text
    assert "pod/echo-v1-7cf5b76586-x2x7k " in text
