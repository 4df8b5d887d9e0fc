"""How the program begins: asked, straight in, or with a mesh that has to come up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from meshtui.model.errors import TargetUnreachable
from meshtui.model.timeline import Event, EventKind
from meshtui.session.demo_control import Offer, Scenario
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.rehearsal import CANARY, CLIENT, SERVER, Rehearsal
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.seed import healthy, inbound


async def test_asked_with_recents_and_the_demo(bench: Bench, run: Run, golden: Golden) -> None:
    bench.add(SERVER, [inbound()])
    scenarios = (Scenario("canary", "v2 is rolled out in steps", ("start",)), Scenario("mtls-strict", "mutual TLS"))
    app = bench.app(None, recents=(Offer(SERVER, SERVER),), scenarios=scenarios, open_demo=lambda _: Rehearsal())
    async with run(app, (80, 24)) as pilot:
        golden(app, "start-80")
        await pilot.press("enter")
        await bench.frame(pilot, SERVER)
        assert "No outbound channel is open" in screen_text(app)


async def test_asked_and_an_address_typed(bench: Bench, run: Run) -> None:
    bench.add(CLIENT, healthy())
    async with run(bench.app(None), (80, 24)) as pilot:
        await pilot.press(*CLIENT, "enter")  # nothing to choose: the input has the focus
        await bench.frame(pilot, CLIENT)
        assert "config is whole" in screen_text(pilot.app)


async def test_the_demo_chosen_comes_up_and_its_first_pod_is_opened(bench: Bench, run: Run) -> None:
    bench.add(CLIENT, healthy())
    demo = Rehearsal()
    chosen: list[str | None] = []

    def open_demo(name: str | None) -> Rehearsal:
        chosen.append(name)
        return demo

    app = bench.app(None, scenarios=(demo.scenario,), open_demo=open_demo)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("enter")
        await _until(pilot, lambda: "starting the control plane" in screen_text(app))
        demo.go.set()
        await _until(pilot, lambda: CLIENT in bench.sessions)
        await bench.frame(pilot, CLIENT)
        assert "config is whole" in screen_text(app)
        assert demo.happened is not None
        demo.happened(Event(bench.clock(), EventKind.MESH, "istiod", "a manifest was refused"))
        await pilot.press("c")
        await _until(pilot, lambda: "Play the next step?" in screen_text(app))
        await pilot.press("y")
        await _until(pilot, lambda: demo.step == 1)
        await settle(pilot)
        assert "a manifest was refused" in screen_text(app)
        assert "Step: 10 % to v2" in screen_text(app)
        await pilot.press("o")
        assert "echo-v1" in screen_text(app)
    assert chosen == ["canary"]
    assert demo.stopped


async def test_a_mesh_that_does_not_start_says_why(bench: Bench, run: Run) -> None:
    demo = Rehearsal(error=TargetUnreachable("The demo mesh did not start: no port is free.", "Try it once more."))
    demo.go.set()
    app = bench.app(None, demo=demo)
    async with run(app, (80, 24)) as pilot:
        await _until(pilot, lambda: "did not start" in screen_text(app))
        assert "no port is free" in screen_text(app)
        assert "Try it once more." in screen_text(app)
        await pilot.press("q")
    assert demo.stopped


async def test_leaving_while_it_starts_stops_it(bench: Bench, run: Run) -> None:
    demo = Rehearsal()
    async with run(bench.app(None, demo=demo), (80, 24)) as pilot:
        await pilot.press("q")
    assert demo.stopped


async def _until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    await until(condition)
    await settle(pilot)


@pytest.mark.parametrize("paste", [False, True])
async def test_an_address_typed_or_pasted_at_the_list_is_attached(bench: Bench, run: Run, paste: bool) -> None:
    bench.add(SERVER, [inbound()])
    app = bench.app(None, recents=(Offer(CLIENT, CLIENT),), scenarios=(CANARY,), open_demo=lambda _: Rehearsal())
    async with run(app, (80, 24)) as pilot:
        if paste:
            app.post_message(events.Paste(f"{SERVER}\n"))
            await until(lambda: app.screen.query_one("#start-input", Input).value == SERVER)
        else:
            await pilot.press(*SERVER)
        await pilot.press("enter")
        await bench.frame(pilot, SERVER)
        assert "No outbound channel is open" in screen_text(app)
