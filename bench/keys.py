"""How long a key takes in the config view while a target of 10 000 resources is polled every second.

The real screen and real gRPC against the target of ``bench poll``; Textual's headless driver stands for the terminal.
Measured are the time until the cursor has moved, the time until what moved was given to the terminal, and processor
time a key with everything it causes: the paints of tree and detail as well. What polling costs without keys is measured
before and taken off.

Before each size the same is measured of a bare Textual app: an ``OptionList`` of as many rows, as wide as the tree,
beside a ``Static`` that is given a text as high as the screen with each row. It polls nothing. Textual paints sixty
times a second at most, so either may wait 17 ms for its paint.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before the first import of grpc: its log goes to the screen

from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList, Static

from bench.poll import SERVICES
from meshtui.model.target import TargetOptions
from meshtui.session.workspace import Workspace
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.views.config.tree import ConfigTree

KEYS = 300
"""Presses for the distribution, 25 a second: a held key on a slow terminal, over some twelve polls."""

PAUSE = 0.04
"""Seconds between two presses."""

SIZES = ((80, 24), (160, 45))

BARE_ROWS = 13_336
"""Rows of the bare list: those of the tree, unfolded."""


class Watched(App[None]):
    """Calls ``painted`` whenever something painted was given to the terminal."""

    painted: Callable[[], None] | None = None

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if renderable is not None and self.painted is not None:
            self.painted()


class WatchedMeshtui(Watched, MeshtuiApp):
    """The real program, watched."""

    # Textual looks beside the class that it is given.
    CSS_PATH = str(Path(inspect.getfile(MeshtuiApp)).with_name("app.tcss"))


class BareApp(Watched):
    """A list and a text beside it, with what Textual has for them and no look of their own."""

    CSS = "OptionList { width: 54%; height: 1fr; } Static { width: 1fr; height: 1fr; }"

    def compose(self) -> ComposeResult:
        rows = [f"service-{row // 8:04}.namespace-{row % 40:02}.svc.cluster.local   {row}" for row in range(BARE_ROWS)]
        with Horizontal():
            yield OptionList(*rows, markup=False)
            yield Static(markup=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        lines = (f" fact {line:<12} of service-{event.option_index:05}" for line in range(self.size.height))
        self.query_one(Static).update("\n".join(lines), layout=False)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds of each key, in order of length; and processor seconds a key."""

    moved: list[float]
    painted: list[float]
    processor: float


def main() -> None:
    """Measure and print."""
    command = [sys.executable, "-m", "bench._csds_target", str(SERVICES)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().decode().strip()
        for size in SIZES:
            bare = asyncio.run(_measure_bare(size))
            asyncio.run(_measure(address, size, bare))
    finally:
        server.communicate()


async def _measure_bare(size: tuple[int, int]) -> dict[str, Waits]:
    app = BareApp()
    async with app.run_test(size=size):
        await asyncio.sleep(1)
        rows = app.query_one(OptionList)
        print(f"{size[0]}×{size[1]}, bare app, {rows.option_count} rows")
        return {key: await _keys(app, rows, "highlighted", key, 0.0) for key in ("down", "pagedown")}


async def _measure(target: str, size: tuple[int, int], bare: dict[str, Waits]) -> None:
    workspace = Workspace(lambda typed: open_session(typed, TargetOptions(timeout=30)))
    app = WatchedMeshtui(workspace, target=target)
    async with app.run_test(size=size) as pilot:
        await _until_seen(workspace)
        await pilot.press("2")
        async with asyncio.timeout(30):
            while not app.screen.query(ConfigTree):  # noqa: ASYNC110 - the view is imported and mounted meanwhile
                await asyncio.sleep(0.05)
        await pilot.press("plus")
        await asyncio.sleep(1)
        tree = pilot.app.screen.query_one(ConfigTree)
        print(f"{size[0]}×{size[1]}, {tree.count()} rows in the tree")
        idle = await _processor_share(3)
        print(f"  idle, polling each second: {idle:.0%} of one processor")
        for key, held_against in bare.items():
            _compare(await _keys(app, tree, "cursor", key, idle), held_against)
        _folds(tree)
        await _filter(pilot, tree)


async def _keys(app: Watched, rows: Widget, cursor: str, key: str, idle: float) -> Waits:
    """Press a key again and again; ``idle`` is the share of a processor that is used without keys."""
    moves: list[float] = []
    paints: list[float] = []
    seen = asyncio.Event()

    def was_painted() -> None:
        if moves and not paints:
            paints.append(time.perf_counter())
            seen.set()

    rows.watch(rows, cursor, lambda: moves.append(time.perf_counter()), init=False)
    setattr(rows, cursor, 0)
    await asyncio.sleep(PAUSE)
    app.painted = was_painted
    moved: list[float] = []
    painted: list[float] = []
    began, processor = time.perf_counter(), time.process_time()
    for _ in range(KEYS):
        moves.clear()
        paints.clear()
        seen.clear()
        pressed = time.perf_counter()
        app.post_message(Key(key, None))
        await asyncio.wait_for(seen.wait(), 60)
        moved.append(moves[0] - pressed)
        painted.append(paints[0] - pressed)
        await asyncio.sleep(PAUSE)
    took = time.perf_counter() - began
    app.painted = None
    waits = Waits(sorted(moved), sorted(painted), (time.process_time() - processor - idle * took) / KEYS)
    for what, times in (("moved", waits.moved), ("painted", waits.painted)):
        print(
            f"  {key:<9} until {what:<8} median {statistics.median(times) * 1000:5.1f}"
            f"  p99 {_late(times) * 1000:5.1f}  max {times[-1] * 1000:5.1f} ms"
        )
    print(f"  {key:<9} processor a key  {waits.processor * 1000:5.1f} ms")
    return waits


def _late(times: list[float]) -> float:
    return times[int(len(times) * 0.99)]


def _compare(ours: Waits, bare: Waits) -> None:
    pairs = (
        ("median until painted", statistics.median(ours.painted), statistics.median(bare.painted)),
        ("p99 until painted", _late(ours.painted), _late(bare.painted)),
        ("processor a key", ours.processor, bare.processor),
    )
    print("            × bare app:  " + ", ".join(f"{what} {mine / theirs:.2f}" for what, mine, theirs in pairs))


def _folds(tree: ConfigTree) -> None:
    tree.cursor = 0
    times = []
    for _ in range(20):
        began = time.process_time()
        tree.action_fold()
        tree.action_unfold()
        times.append((time.process_time() - began) / 2)
    print(f"  fold or unfold, listing {tree.count()} rows anew: median {statistics.median(times) * 1000:.0f} ms")


async def _filter(pilot: Pilot[None], tree: ConfigTree) -> None:
    await pilot.press("slash")
    times = []
    for letter in "service-1234":
        began = time.process_time()
        await pilot.press(letter)
        times.append(time.process_time() - began)
    letter_took = statistics.median(times) * 1000
    print(f"  a letter of the filter: median {letter_took:.0f} ms of processor; {tree.count()} rows left")


async def _processor_share(seconds: float) -> float:
    began, processor = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - processor) / (time.perf_counter() - began)


async def _until_seen(workspace: Workspace) -> None:
    async with asyncio.timeout(60):
        while workspace.front is None or workspace.front.state.snapshot is None:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
