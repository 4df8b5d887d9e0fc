"""What is typed in one go lands where it was meant: after every key that moves the focus or opens something."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from meshtui.model.errors import BadInput, UsageError
from meshtui.session.demo_control import Offer
from meshtui.session.session import Session
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.dialogs.save import SaveDialog
from meshtui.tui.key_parser import KeyParser
from meshtui.tui.kit.rows import Rows
from meshtui.tui.screens.start import StartScreen
from meshtui.tui.screens.view_tabs import ViewTabs
from meshtui.tui.views.config.detail import Detail
from meshtui.tui.views.config.view import ConfigView
from meshtui.tui.views.echo.view import EchoView
from tests.tui.conftest import Run, screen_text
from tests.tui.echo_scripted import TARGET, EchoBench
from tests.tui.rehearsal import OFFERS, Rehearsal
from tests.tui.scripted import settle
from tests.waiting import until
from tests.world.clock import Clock
from tests.world.seed import healthy, inbound

TIMES = int(os.environ.get("MESHTUI_TYPED", "4"))
"""How often each burst is typed."""

UP, CLEAR, PALETTE, LEAVE = "\x1b[A", "\x15", "\x10", "\x11"

PASTE = "\x1b[200~{}\x1b[201~"


@pytest.fixture
def bench(clock: Clock) -> EchoBench:
    found = EchoBench(clock)
    found.add(resources=healthy())
    found.probe()
    return found


def burst(app: MeshtuiApp, text: str) -> None:
    """Post all that a terminal would send, at once."""
    for event in KeyParser().feed(text):
        app.post_message(event)


async def calm(pilot: Pilot[None]) -> None:
    """Wait until all that was typed is handed out and what it began is painted."""
    app = pilot.app
    assert isinstance(app, MeshtuiApp)
    await until(lambda: not app.message_queue_size and not app.typeahead._waiting, "the end of the burst")
    await settle(pilot)


Seen = Callable[[MeshtuiApp], object]


def view(app: MeshtuiApp) -> str:
    return app.screen_stack[1].query_one(ViewTabs).chosen


def main(app: MeshtuiApp) -> str:
    """The view in front, with nothing over it and nothing being typed."""
    assert len(app.screen_stack) == 2, app.screen
    assert not isinstance(app.focused, Input)
    assert not app.screen.query_one("#command").display
    return view(app)


def typed(app: MeshtuiApp) -> tuple[str, str]:
    """The input in front and what is in it."""
    assert isinstance(app.focused, Input), app.focused
    return app.focused.id or "", app.focused.value


def config(app: MeshtuiApp) -> ConfigView:
    return app.screen_stack[1].query_one(ConfigView)


def row(app: MeshtuiApp) -> tuple[str, int]:
    assert isinstance(app.focused, Rows), app.focused
    return main(app), app.focused.cursor


def filtered(app: MeshtuiApp) -> tuple[str, str, int]:
    return main(app), config(app).filter.text, config(app).rows.cursor


def page(app: MeshtuiApp) -> tuple[str, str]:
    return main(app), app.screen.query_one(Detail).tab.value


def count(app: MeshtuiApp) -> tuple[str, str]:
    return main(app), app.screen.query_one(EchoView).draft.form.count


Burst = tuple[str, Seen, object]

BURSTS: dict[str, list[Burst]] = {
    "command": [
        (":view identity", typed, ("command", "view identity")),
        (":view identity\r", main, "identity"),
        (":view identity\r2", main, "config"),
        (":table\r:tree\rgj", row, ("config", 1)),
        (":vi\t", typed, ("command", "view overview")),
        (":\t\x1b2", main, "config"),
        (":c\x1b2", main, "config"),
        (":\x1b[Z2", main, "config"),
        (":" + PASTE.format("view identity\nq"), typed, ("command", "view identity")),
        (":" + PASTE.format("view identity") + "\r", main, "identity"),
    ],
    "paste": [
        (PASTE.format("cq:\r3"), main, "overview"),
        ("2" + PASTE.format("cq:\r3"), main, "config"),
        ("3" + PASTE.format("!y"), main, "echo"),
    ],
    "filter": [
        ("/canary q", typed, ("command", "filter canary q")),
        ("4/v2\rg", filtered, ("config", "v2", 0)),
        ("2/v2", typed, ("filter-input", "v2")),
        ("2/canary q", typed, ("filter-input", "canary q")),
        ("2/v2\rgj", filtered, ("config", "v2", 1)),
        ("2/v2\tgj", filtered, ("config", "v2", 1)),
        ("2/v2\x1b[Z3", main, "echo"),
        ("2/v2\x1bgj", filtered, ("config", "", 1)),
        ("2/" + PASTE.format("v2") + "\rgj", filtered, ("config", "v2", 1)),
    ],
    "views": [
        ("2gjj", row, ("config", 2)),
        ("4gj1", main, "overview"),
        ("3jj2g", row, ("config", 0)),
        ("2g\rl", page, ("config", "YAML")),
        ("2g\rh\x1bgj", row, ("config", 1)),
        ("2ttgj", row, ("config", 1)),
    ],
    "help and targets": [
        ("?q2", main, "config"),
        ("?jj\x1b2", main, "config"),
        ("o\tcq:1", typed, ("target-input", "cq:1")),
        ("o\tcq\x1b2", main, "config"),
        ("o\r2", main, "config"),
        (":open\r\tcq", typed, ("target-input", "cq")),
    ],
    "palette": [
        (PALETTE + "identity\r", main, "identity"),
        (PALETTE + "view config\rgj", row, ("config", 1)),
        (PALETTE + "cq\x1b2", main, "config"),
    ],
    "save": [
        ("2s" + CLEAR + "cq", typed, ("save-input", "cq")),
        ("2scq\x1b3", main, "echo"),
        ("2S" + CLEAR + PASTE.format("cq\nq") + "z", typed, ("save-input", "cqz")),
    ],
    "echo": [
        ("3e\t" + CLEAR + "77", typed, ("echo-count", "77")),
        ("3e\t" + CLEAR + "77\x1b2", main, "config"),
        ("3e\t" + CLEAR + "77\r", count, ("echo", "77")),
        ("3e\t\t\t" + PASTE.format("x-cq: 1"), typed, ("echo-headers", "x-cq: 1")),
        ("3e" + CLEAR + "cq!\x1b3", main, "echo"),
        ("3!\x1b2", main, "config"),
        ("3!n1", main, "overview"),
        ("3!jjn:c\x1b2", main, "config"),
    ],
}
"""By what they are about: what is typed, what is looked at then, and what is to be seen there."""

BACK = "\x1b\x1b\x1b2\x1b\x1b1"
"""Back to the first view from wherever a burst ended, nothing filtered."""


@pytest.mark.parametrize("about", BURSTS)
async def test_every_key_of_a_burst_arrives(bench: EchoBench, run: Run, about: str) -> None:
    demo = Rehearsal()
    demo.go.set()
    app = bench.app(demo=demo)
    async with run(app, (110, 30)) as pilot:
        for time in range(TIMES):
            for text, seen, wanted in BURSTS[about]:
                burst(app, text)
                await calm(pilot)
                assert seen(app) == wanted, f"{text!r}, time {time}\n{screen_text(app)}"
                assert (demo.step, bench.echo[TARGET].batches) == (0, []), f"{text!r} ran as a command, time {time}"
                assert not app._exit
                burst(app, BACK)
                await calm(pilot)
                assert main(app) == "overview"


async def test_bursts_after_a_run_go_to_its_dialogs(bench: EchoBench, run: Run) -> None:
    app = bench.app()
    async with run(app, (110, 30)) as pilot:
        await bench.begin(pilot)
        await bench.finish(pilot)
        sent = len(bench.echo[TARGET].batches)
        after: list[Burst] = [
            ("ajj\x1b2", main, "config"),
            ("aq2", main, "config"),
            ("E" + CLEAR + "cq!", typed, ("save-input", "cq!")),
            ("m" + CLEAR + "cq", typed, ("echo-map-0", "cq")),
            ("m\tcq!\x1b2", main, "config"),
        ]
        for _ in range(TIMES):
            for text, seen, wanted in after:
                burst(app, "3" + text)
                await calm(pilot)
                assert seen(app) == wanted, f"{text!r}\n{screen_text(app)}"
                burst(app, BACK)
                await calm(pilot)
        assert len(bench.echo[TARGET].batches) == sent


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80", "160"])
async def test_every_key_that_opens_a_row_is_waited_for(bench: EchoBench, run: Run, size: tuple[int, int]) -> None:
    app = bench.app()
    async with run(app, size) as pilot:
        for _ in range(TIMES):
            burst(app, "2g\rl")
            await calm(pilot)
            assert page(app) == ("config", "YAML")
            burst(app, "h\x1bgjj")
            await calm(pilot)
            assert row(app) == ("config", 2)
            burst(app, "1g\r")
            await calm(pilot)
            assert main(app) == "config"
            at = config(app).rows.cursor
            burst(app, "1g\rj")
            await calm(pilot)
            assert row(app) == ("config", at + 1)


@pytest.mark.parametrize("keys", ["2jj", "3", ":view identity\r", "/v2\r", "2/v2"])
async def test_keys_typed_before_the_first_paint_wait_for_it(bench: EchoBench, run: Run, keys: str) -> None:
    wanted: dict[str, tuple[Seen, object]] = {
        "2jj": (row, ("config", 2)),
        "3": (main, "echo"),
        ":view identity\r": (main, "identity"),
        "/v2\r": (filtered, ("config", "v2", 0)),
        "2/v2": (typed, ("filter-input", "v2")),
    }
    for _ in range(-(-TIMES // 4)):
        app = bench.app()
        burst(app, keys)  # before it runs
        async with run(app, (110, 30)) as pilot:
            await calm(pilot)
            seen, state = wanted[keys]
            assert seen(app) == state


@pytest.mark.parametrize("times", range(-(-TIMES // 4)))
async def test_the_start_screen_passes_on_what_is_typed(bench: EchoBench, run: Run, times: int) -> None:
    app = bench.app(None, recents=(Offer("cq:1", "cq:1"),), scenarios=(), open_demo=lambda _: Rehearsal())
    burst(app, f"a{TARGET}\r:view identity\r")
    async with run(app, (80, 24)) as pilot:
        await until(lambda: TARGET in bench.sessions)
        await calm(pilot)
        assert main(app) == "identity"


@pytest.mark.parametrize("times", range(-(-TIMES // 4)))
async def test_an_address_is_typed_and_left_on_the_start_screen(bench: EchoBench, run: Run, times: int) -> None:
    bench.add("seen:1", [inbound()])
    app = bench.app(None, recents=(Offer("seen:1", "seen:1"),), scenarios=(), open_demo=lambda _: Rehearsal())
    burst(app, "aq\x1b\tcq" + PASTE.format("x\nq") + UP)
    async with run(app, (80, 24)) as pilot:
        await calm(pilot)
        assert typed(app) == ("start-input", "cqx")  # what was there is selected, so typing replaces it
        burst(app, "\x1b\r2gj")
        await until(lambda: "seen:1" in bench.sessions)
        await calm(pilot)
        assert row(app) == ("config", 1)


async def test_keys_typed_while_the_demo_starts_are_for_the_mesh(bench: EchoBench, run: Run) -> None:
    bench.add(OFFERS[0].target, healthy())
    demo = Rehearsal()
    app = bench.app(None, scenarios=(demo.scenario,), open_demo=lambda _: demo)
    async with run(app, (80, 24)) as pilot:
        burst(app, "\r:view config\rgj")
        await until(lambda: demo.happened is not None)
        demo.go.set()
        await until(lambda: OFFERS[0].target in bench.sessions)
        await calm(pilot)
        assert row(app) == ("config", 1)
    assert demo.step == 0


async def test_what_was_typed_for_a_target_that_is_none_is_dropped(
    bench: EchoBench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str | None] = []

    def open_demo(name: str | None) -> Rehearsal:
        opened.append(name)
        return Rehearsal()

    def refuse(target: str) -> Session:
        raise UsageError(f"{target} is no target")

    monkeypatch.setattr(bench, "open_session", refuse)
    app = bench.app(None, scenarios=(Rehearsal().scenario,), open_demo=open_demo)
    async with run(app, (80, 24)) as pilot:
        burst(app, "anonsense\r:view identity\r")
        await until(lambda: "is no target" in screen_text(app))
        await calm(pilot)
        assert isinstance(app.screen, StartScreen)
        assert not opened


async def test_a_dialog_that_writes_is_waited_for(bench: EchoBench, run: Run, tmp_path: Path) -> None:
    app = bench.app()
    async with run(app, (110, 30)) as pilot:
        for time in range(TIMES):
            path = tmp_path / f"cq{time}.json"
            burst(app, f"2S{CLEAR}{path}\r3")
            await calm(pilot)
            assert main(app) == "echo"
            assert path.exists()


async def test_leaving_needs_no_waiting(bench: EchoBench, run: Run) -> None:
    demo = Rehearsal()  # never comes up
    app = bench.app(None, demo=demo)
    async with run(app, (80, 24)):
        burst(app, ":view\r")
        await until(lambda: app.typeahead._waiting)
        burst(app, LEAVE)
        await until(lambda: app._exit)
        assert app._exit
    assert demo.stopped


async def test_a_dialog_whose_work_never_ends_holds_no_keys_for_ever(bench: EchoBench, run: Run) -> None:
    goes_on = threading.Event()

    def make(path: Path) -> str:
        goes_on.wait()
        raise BadInput(f"{path} was never meant to be written")

    app = bench.app()
    async with run(app, (80, 24)) as pilot:
        app.push_screen(SaveDialog(make, "never.json", "Save"))
        await calm(pilot)
        try:
            burst(app, "\r\x1b3")
            await calm(pilot)
            assert main(app) == "echo"
        finally:
            goes_on.set()


async def test_a_click_is_followed_by_the_keys_after_it(bench: EchoBench, run: Run) -> None:
    app = bench.app()
    async with run(app, (80, 24)) as pilot:
        for _ in range(TIMES):
            burst(app, "1")
            await calm(pilot)
            zone = next(zone for zone in app.screen.query_one(ViewTabs).zones(80) if zone.name == "config")
            at = f"{zone.start + 2};2"
            burst(app, f"\x1b[<0;{at}M\x1b[<0;{at}mgjj")
            await calm(pilot)
            assert row(app) == ("config", 2)
