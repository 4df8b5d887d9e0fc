"""First paint of the screen against an empty Textual app, each in a fresh process.

A process is started, paints once on Textual's headless driver, says when, and ends. Both kinds alternate in one
run, so that what else the machine does falls on both; the ratio is what is claimed. Bytecode is written before.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

ROUNDS = 12
"""Processes of each kind."""

EMPTY = """
from textual.app import App

class Empty(App):
    pass

app = Empty()
"""

OURS = """
from meshtui.model.target import TargetOptions
from meshtui.session.workspace import Workspace
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp

app = MeshtuiApp(Workspace(lambda target: open_session(target, TargetOptions())), target="127.0.0.1:1")
"""

MEASURE = """
import asyncio, json, os, sys, time
began = time.process_time()
{app}
display = app._display

def painted(screen, renderable):
    display(screen, renderable)
    if renderable is not None and type(screen).__name__ == "{screen}":
        print(json.dumps({{"seconds": time.process_time() - began}}), flush=True)
        os._exit(0)

app._display = painted

async def main():
    async with app.run_test(size=(160, 45)):
        await asyncio.sleep(60)

asyncio.run(main())
"""
"""Ends the process as soon as the screen it is about was given to the driver for the first time."""


def main() -> None:
    """Measure and print."""
    kinds = {
        "empty Textual app": (EMPTY, "Screen"),
        "meshtui attach, first paint": (OURS, "OpeningScreen"),
        "meshtui attach, main screen": (OURS, "MainScreen"),
    }
    for app, screen in kinds.values():
        _run(app, screen)
    seen: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, (app, screen) in kinds.items():
            seen[name].append(_run(app, screen))
    medians = {name: statistics.median(times) for name, times in seen.items()}
    bare = medians["empty Textual app"]
    for name, median in medians.items():
        spread = f"{min(seen[name]) * 1000:.0f}–{max(seen[name]) * 1000:.0f}"
        print(f"{name:<28} {median * 1000:6.0f} ms of processor ({spread}), {median / bare:.2f} × the empty app")


def _run(app: str, screen: str) -> float:
    command = [sys.executable, "-c", MEASURE.format(app=app, screen=screen)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return float(json.loads(done.stdout)["seconds"])


if __name__ == "__main__":
    main()
