"""How long a key takes in the config view while a target of 10 000 resources is polled every second.

The real screen and real gRPC against the target of ``bench poll``; Textual's headless driver stands for the terminal.
Measured are the time until the cursor has moved, and processor time a key with everything it causes: the paints of tree
and detail as well. What polling costs without keys is measured before and taken off.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from contextlib import suppress

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before the first import of grpc: its log goes to the screen

from textual.app import App
from textual.events import Key
from textual.pilot import Pilot

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


def main() -> None:
    """Measure and print."""
    command = [sys.executable, "-m", "bench._csds_target", str(SERVICES)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().decode().strip()
        for size in SIZES:
            asyncio.run(_measure(address, size))
    finally:
        server.communicate()


async def _measure(target: str, size: tuple[int, int]) -> None:
    workspace = Workspace(lambda typed: open_session(typed, TargetOptions(timeout=30)))
    app = MeshtuiApp(workspace, target=target)
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
        for name, key in (("one row down", "j"), ("one page down", "pagedown")):
            await _keys(app, tree, name, key, idle)
        _folds(tree)
        await _filter(pilot, tree)


async def _keys(app: App[None], tree: ConfigTree, name: str, key: str, idle: float) -> None:
    moved = asyncio.Event()
    tree.watch(tree, "cursor", moved.set, init=False)
    waits: list[float] = []
    tree.cursor = 0
    began, processor = time.perf_counter(), time.process_time()
    for _ in range(KEYS):
        moved.clear()
        pressed = time.perf_counter()
        app.post_message(Key(key, key if len(key) == 1 else None))
        await asyncio.wait_for(moved.wait(), 60)
        waits.append(time.perf_counter() - pressed)
        await asyncio.sleep(PAUSE)
        if tree.cursor >= tree.count() - 1:
            tree.cursor = 0
    took = time.perf_counter() - began
    spent = (time.process_time() - processor - idle * took) / KEYS
    waits.sort()
    median, late, last = statistics.median(waits), waits[int(len(waits) * 0.99)], waits[-1]
    print(
        f"  {name:<14} until moved: median {median * 1000:5.1f}  p99 {late * 1000:5.1f}  max {last * 1000:5.1f} ms"
        f"   processor a key {spent * 1000:5.1f} ms"
    )


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
