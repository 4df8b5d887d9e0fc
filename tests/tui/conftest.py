"""Run the real app, and compare what a person sees with text files."""

from __future__ import annotations

import gc
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console
from textual.app import App
from textual.pilot import Pilot

from meshtui.session.state import LinkState
from meshtui.tui.app import MeshtuiApp
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.clock import Clock


def screen_text(app: App[None]) -> str:
    """What a person sees, as text."""
    width, height = app.size
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor", record=True,
        legacy_windows=False, safe_box=False,
    )  # fmt: skip
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    text = console.export_text(clear=False)
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n") + "\n"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _nothing_set_aside() -> Iterator[None]:
    """What an app set aside for as long as its program runs goes with its test."""
    yield
    gc.unfreeze()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench(clock: Clock) -> Bench:
    return Bench(clock)


Run = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an app under Pilot and wait until its first look is painted; an app that crashes fails the test."""

    @asynccontextmanager
    async def running(app: MeshtuiApp, size: tuple[int, int] = (110, 30)) -> AsyncIterator[Pilot[None]]:
        async with app.run_test(size=size, notifications=True) as pilot:

            def looked() -> bool:
                front = app._workspace.front
                return app._target is None if front is None else front.state.link.state is not LinkState.CONNECTING

            await until(looked, "the first look")
            await settle(pilot)
            press = pilot.press

            async def pressed(*keys: str) -> None:
                """As a person does, who looks before going on: the keys are handed out and what they began is there."""
                await press(*keys)
                await until(lambda: not app.typeahead._waiting, "the keys typed ahead")
                await pilot.pause()

            monkeypatch.setattr(pilot, "press", pressed)
            yield pilot
        assert app.return_code in (0, None), app._exit_renderables

    return running


Golden = Callable[[App[None], str], None]


@pytest.fixture
def golden() -> Golden:
    """Compare the screen with ``golden/NAME.txt``; with ``UPDATE_GOLDEN=1`` write it instead."""

    def compare(app: App[None], name: str) -> None:
        path = Path(__file__).parent / "golden" / f"{name}.txt"
        seen = screen_text(app)
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(seen, encoding="utf-8")
            return
        assert path.exists(), f"no golden file {path.name}: run with UPDATE_GOLDEN=1 and read what it writes"
        assert seen == path.read_text(encoding="utf-8"), f"{path.name} differs; if that is meant: UPDATE_GOLDEN=1"

    return compare
