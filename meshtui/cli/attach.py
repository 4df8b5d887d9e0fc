"""``meshtui attach`` and the bare ``meshtui``: the screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from meshtui.cli.diagnostics import ExitCode, say
from meshtui.cli.numbers import Number
from meshtui.cli.options import target_options
from meshtui.cli.terminal_guard import TerminalGuard
from meshtui.cli.watchdog import Watchdog
from meshtui.model.address import parse_address
from meshtui.model.echo.words import counted_words
from meshtui.model.errors import UsageError
from meshtui.model.target import DEFAULT_INTERVAL, TargetOptions

if TYPE_CHECKING:
    from meshtui.cli.running_demo import RunningDemo
    from meshtui.session.demo_control import DemoControl
    from meshtui.session.session import Session


@click.command()
@click.argument("target")
@click.option(
    "--interval",
    type=Number(0.1, 3600, "number of seconds"),
    default=DEFAULT_INTERVAL,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks at the config.",
)
@target_options
@click.pass_context
def attach(ctx: click.Context, target: str, interval: float, options: TargetOptions) -> None:
    """Open the screen on a target: host:port or unix:///path."""
    ctx.exit(open_screen(target, options, interval))


SWITCH_S: Final = 0.001
"""Seconds that a thread which takes in a large config keeps the interpreter while a key waits for it. A key needs it
several times over, and Python's own 5 ms for each would be felt."""


def open_screen(
    target: str | None = None,
    options: TargetOptions | None = None,
    interval: float = DEFAULT_INTERVAL,
    demo: RunningDemo | None = None,
) -> ExitCode:
    """Run the interactive program until the user leaves it.

    Raises ``UsageError`` when there is no terminal to draw on, or when the target is none, and whatever the screen
    ended with that it should not have.
    """
    _need_a_terminal()
    sys.setswitchinterval(SWITCH_S)
    guard = TerminalGuard(sys.stdin.fileno())
    watchdog = Watchdog(sys.stdin.fileno(), ExitCode.INTERRUPTED, lambda: guard.drawing(False))
    watchdog.start()
    from meshtui.cli.scenarios import open_demo, scenarios
    from meshtui.session.recents import Recents
    from meshtui.session.workspace import Workspace
    from meshtui.targets import open_session
    from meshtui.tui.app import MeshtuiApp

    recents = Recents()
    chosen = options or TargetOptions()
    demos = [demo] if demo is not None else []

    def start_demo(scenario: str | None) -> DemoControl:
        demos.append(open_demo(scenario))
        return demos[-1]

    def open_(typed: str) -> Session:
        pod = next((known for demo in demos if (known := demo.options(typed)) is not None), None)
        if pod is None:
            recents.remember(typed)
        return open_session(typed, pod or chosen, interval=interval)

    workspace = Workspace(open_)
    if target is not None:
        parse_address(target)  # a target that is none is said before the screen opens
    app = MeshtuiApp(
        workspace,
        target=target,
        demo=demo,
        open_demo=start_demo,
        scenarios=scenarios(),
        recents=recents.offers(),
        left=watchdog.leaving,
        drawing=guard.drawing,
    )
    watchdog.attach(app.end)
    app.run()
    for run in app.stopped_runs:
        say(f"The run to {run.spec.url} was stopped on leaving: {counted_words(run.tally)}.")
    if app.defect is not None:
        raise app.defect
    return ExitCode(app.return_code or 0)


def _need_a_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "The screen needs a terminal, and standard input, output or error is none.",
            "a headless command, such as: meshtui xds status TARGET -o json",
        )
