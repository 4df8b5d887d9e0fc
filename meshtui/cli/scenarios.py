"""The demo's scenarios by name, and the demo mesh to play one; nothing of the mesh is loaded before it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meshtui.session.demo_control import Scenario

if TYPE_CHECKING:
    from meshtui.cli.running_demo import RunningDemo


def scenarios() -> tuple[Scenario, ...]:
    """The built-in scenarios, as the screen lists them."""
    from meshtui.demo.scenarios import SCENARIOS

    return tuple(Scenario(known.name, known.summary, ("start", *known.step_titles)) for known in SCENARIOS)


def open_demo(scenario: str | None = None, manifests: Path | None = None) -> RunningDemo:
    """The demo mesh as the screen knows it; it does nothing until started."""
    from meshtui.cli.running_demo import RunningDemo
    from meshtui.demo.scenarios import DEFAULT

    if manifests is not None:
        return RunningDemo(Scenario(str(manifests), "your own manifests"), manifests)
    chosen = next(known for known in scenarios() if known.name == (scenario or DEFAULT))
    return RunningDemo(chosen)
