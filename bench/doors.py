"""Whole commands from start to exit, against a bare program that fetches and prints the same.

Processor time is that of the child, user and system; wall time stands beside it. Every round runs each program once, so
that whatever else the machine does meets all of them; ratios are of the medians. grpcdebug is measured too where it is
on the path; it takes answers of 4 MiB at most, so both show a target that fits into that.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.poll import SERVICES, csds_target

ROUNDS: Final = 7
"""Runs of each program for a median."""

SMALL: Final = 2
"""Services of the small target, twelve resources."""

MIDDLE: Final = 1_150
"""Services whose answer has 4.1 MB, just what grpcdebug receives: 6 900 resources."""

MESHTUI: Final = (str(Path(sys.executable).with_name("meshtui")),)


@dataclass(frozen=True, slots=True)
class Door:
    """One command, what it is held against and by how much: ``limit`` is a ratio, or seconds without ``against``."""

    name: str
    command: tuple[str, ...]
    limit: float
    against: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one run."""

    processor: float
    wall: float


def main() -> None:
    """Measure and print."""
    with csds_target(SMALL) as small, csds_target(MIDDLE) as middle, csds_target(SERVICES) as large:
        bare = (sys.executable, str(Path(__file__).with_name("_bare_status.py")))
        standards: dict[str, tuple[str, ...]] = {
            "bare 12": (*bare, small),
            "bare 10 000": (*bare, large),
            "import click": (sys.executable, "-c", "import click"),
        }
        doors = [
            Door("xds status -o json, 12", (*MESHTUI, "xds", "status", small, "-o", "json"), 1.3, "bare 12"),
            Door("xds status, 10 000", (*MESHTUI, "xds", "status", large), 1.6, "bare 10 000"),
            Door("xds status -o json, 10 000", (*MESHTUI, "xds", "status", large, "-o", "json"), 1.6, "bare 10 000"),
            Door("xds config -o json, 10 000", (*MESHTUI, "xds", "config", large, "-o", "json"), 1.5),
            Door("xds tree, 10 000", (*MESHTUI, "xds", "tree", large), 1.2),
            Door("--help", (*MESHTUI, "--help"), 1.5, "import click"),
        ]
        grpcdebug = shutil.which("grpcdebug")
        if grpcdebug is not None:
            beside = "grpcdebug 6 900"
            standards |= {beside: (grpcdebug, middle, "xds", "status"), "bare 6 900": (*bare, middle)}
            doors += [
                Door("xds status, 6 900", (*MESHTUI, "xds", "status", middle), 2.0, beside),
                Door("xds status -o json, 6 900", (*MESHTUI, "xds", "status", middle, "-o", "json"), 2.0, beside),
            ]
        _report(doors, standards)


def _report(doors: Sequence[Door], standards: dict[str, tuple[str, ...]]) -> None:
    commands = {*standards.values(), *(door.command for door in doors)}
    runs: dict[tuple[str, ...], list[Cost]] = {command: [] for command in commands}
    for command in commands:
        _run(command)  # bytecode is written and files are in memory
    for _ in range(ROUNDS):
        for command in commands:
            runs[command].append(_run(command))
    costs = {
        command: Cost(
            statistics.median(cost.processor for cost in found),
            statistics.median(cost.wall for cost in found),
        )
        for command, found in runs.items()
    }
    for name, command in standards.items():
        cost = costs[command]
        print(f"{name:<30}{cost.processor:7.3f} s processor {cost.wall:7.3f} s wall")
    for door in doors:
        cost = costs[door.command]
        value = cost.processor / costs[standards[door.against]].processor if door.against else cost.processor
        unit = f"× {door.against}" if door.against else "s"
        verdict = "within" if value <= door.limit else "OVER"
        print(
            f"{door.name:<30}{cost.processor:7.3f} s processor {cost.wall:7.3f} s wall   {value:5.2f} {unit:<18}"
            f" {verdict} {door.limit}"
        )


def _run(command: tuple[str, ...]) -> Cost:
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall)


if __name__ == "__main__":
    main()
