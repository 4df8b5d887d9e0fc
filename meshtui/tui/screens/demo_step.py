"""The demo's next step, played once somebody agreed: a letter typed astray changes no rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshtui.model.errors import MeshtuiError
from meshtui.tui.dialogs.consent import step_lines
from meshtui.tui.dialogs.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen

    from meshtui.session.demo_control import DemoControl


def ask_for_step(
    screen: Screen[None], demo: DemoControl, tell: Callable[[str], None], complain: Callable[[str], None]
) -> None:
    """Ask on ``screen``; ``tell`` says there that it was played, ``complain`` why not."""

    def answered(agreed: bool | None) -> None:
        if agreed:
            screen.run_worker(play(), exclusive=True, group="step", exit_on_error=False)

    async def play() -> None:
        try:
            played = await demo.next_step()
        except MeshtuiError as error:
            complain(str(error))
        else:
            tell(f"Step: {played}")

    scenario = demo.scenario
    name = scenario.steps[(demo.step + 1) % len(scenario.steps)]
    screen.app.push_screen(
        Question("Play the next step?", "plays it", lambda width: step_lines(scenario.name, name, width)), answered
    )
