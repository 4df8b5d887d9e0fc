"""First paint of the screen against an empty Textual app, each in a fresh process.

A process is started, paints once on Textual's headless driver, says when, and is ended. Both kinds alternate in one
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
import asyncio, json, sys, time
began = time.process_time()
{app}
async def main():
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        print(json.dumps({{"seconds": time.process_time() - began}}))
        sys.stdout.flush()
        import os
        os._exit(0)
asyncio.run(main())
"""


def main() -> None:
    """Measure and print."""
    kinds = {"empty Textual app": EMPTY, "meshtui attach": OURS}
    for app in kinds.values():
        _run(app)
    seen: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, app in kinds.items():
            seen[name].append(_run(app))
    medians = {name: statistics.median(times) for name, times in seen.items()}
    for name, median in medians.items():
        spread = f"{min(seen[name]) * 1000:.0f}–{max(seen[name]) * 1000:.0f}"
        print(f"{name:<20} {median * 1000:6.0f} ms of processor to the first paint ({spread})")
    print(f"ratio {medians['meshtui attach'] / medians['empty Textual app']:.2f}")


def _run(app: str) -> float:
    command = [sys.executable, "-c", MEASURE.format(app=app)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return float(json.loads(done.stdout)["seconds"])


if __name__ == "__main__":
    main()
