"""``meshtui attach`` and the bare ``meshtui``: the screen."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from meshtui.cli.diagnostics import ExitCode, say
from meshtui.cli.numbers import Number
from meshtui.cli.options import target_options
from meshtui.cli.terminal_guard import TerminalGuard
from meshtui.cli.watchdog import Watchdog
from meshtui.model.echo.words import counted_words
from meshtui.model.errors import UsageError
from meshtui.model.target import DEFAULT_INTERVAL, TargetOptions

if TYPE_CHECKING:
    from meshtui.cli.running_demo import RunningDemo
    from meshtui.model.kubernetes.access import AccessLadder
    from meshtui.session.demo_control import DemoControl
    from meshtui.session.kubernetes.picker import PodPicker
    from meshtui.session.recents import Recents
    from meshtui.session.session import Session
    from meshtui.targets import Person
    from meshtui.tui.app import MeshtuiApp


@click.command()
@click.option(
    "--interval",
    type=Number(0.1, 3600, "number of seconds"),
    default=DEFAULT_INTERVAL,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks at the config.",
)
@target_options()
@click.pass_context
def attach(ctx: click.Context, target: str, interval: float, options: TargetOptions) -> None:
    """Open the screen on a target: pod/NAME, host:port or unix:///path.

    Of deploy/NAME, svc/NAME and the like it is one pod, which one is said; -l LABELS takes a pod by its labels.
    """
    ctx.exit(open_screen(target, options, interval))


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
    guard = TerminalGuard(sys.stdin.fileno())
    watchdog = Watchdog(sys.stdin.fileno(), ExitCode.INTERRUPTED, lambda: guard.drawing(False))
    watchdog.start()
    from meshtui.cli.scenarios import scenarios
    from meshtui.model.kubernetes.login_prompt import LoginPrompt
    from meshtui.session.recents import Recents
    from meshtui.session.workspace import Workspace
    from meshtui.targets import Person
    from meshtui.tui.app import MeshtuiApp

    recents = Recents()
    opener = _Opener(options or TargetOptions(), interval, recents, demo)
    line = opener.line(target) if target is not None else None  # a target that is none is said before the screen opens
    app = MeshtuiApp(
        Workspace(opener.session),
        target=line,
        demo=demo,
        open_demo=opener.demo,
        scenarios=scenarios(),
        recents=recents.offers(),
        open_picker=opener.picker,
        ask_access=opener.access,
        cluster_known=opener.cluster_known,
        left=watchdog.leaving,
        drawing=guard.drawing,
        lending=watchdog.lending,
    )
    login = LoginPrompt(app.say, app.lend_terminal, app.said_all, opener.by_hand, watchdog.broken_off_at)
    opener.person = Person(login=login)
    watchdog.attach(app.end)
    app.run()
    return _ended(app)


class _Opener:
    """Opens what the screen asks for; the pods of a demo each with the options that its mesh knows."""

    def __init__(self, options: TargetOptions, interval: float, recents: Recents, demo: RunningDemo | None) -> None:
        self._options = options
        from meshtui.model.kubernetes.login_prompt import ByHand

        cluster = options.cluster
        # What was said of one target holds for no other.
        elsewhere = cluster._replace(namespace=None, selector=None, container=None, port=None)
        self._for_others = replace(options, cluster=elsewhere)
        self.person: Person | None = None
        self.by_hand = ByHand()
        self._interval = interval
        self._recents = recents
        self._demos = [demo] if demo is not None else []

    def line(self, target: str) -> str:
        """The target that the command line means, as a line that says all of it. Raises ``UsageError`` for none."""
        from meshtui.targets import named

        return named(target, self._options)

    def demo(self, scenario: str | None) -> DemoControl:
        """A demo mesh; it does nothing until started."""
        from meshtui.cli.scenarios import open_demo

        self._demos.append(open_demo(scenario))
        return self._demos[-1]

    @property
    def cluster_known(self) -> bool:
        """Whether there is a kubeconfig, or the cluster this runs in."""
        from meshtui.targets import knows_a_cluster

        return knows_a_cluster(self._options.cluster)

    def picker(self) -> PodPicker:
        """What follows the pods of a cluster while one is picked."""
        from meshtui.session.kubernetes.picker import PodPicker
        from meshtui.targets import NOBODY, open_pods

        timeout, person = self._options.timeout, self.person or NOBODY
        cluster = self._options.cluster
        return PodPicker(lambda other: open_pods(other, timeout, person), cluster, by_hand=self.by_hand.ask)

    async def access(self, target: str) -> AccessLadder | None:
        """What the user may do in the namespace of a pod; ``None`` for an address. Raises ``MeshtuiError``."""
        from meshtui.targets import NOBODY
        from meshtui.targets.access import access_of

        return await access_of(target, self._for_others, self.person or NOBODY)

    def session(self, typed: str) -> Session:
        """A session with a target; what is no pod of a demo is remembered for the next start."""
        import asyncio  # a command that finds no terminal needs none of it

        from meshtui.targets import NOBODY, open_session

        pod = next((known for demo in self._demos if (known := demo.options(typed)) is not None), None)
        options = pod or self._for_others
        session = open_session(typed, options, interval=self._interval, person=self.person or NOBODY)
        if pod is None:
            asyncio.get_running_loop().run_in_executor(None, self._remember, typed)
        return session

    def _remember(self, typed: str) -> None:
        """Keep the target by a line that means it whatever context is current at the next start. Blocks."""
        from meshtui.targets import bound

        self._recents.remember(bound(typed, self._for_others))


def _ended(app: MeshtuiApp) -> ExitCode:
    """Say which runs were stopped on leaving. Raises what the screen ended with that it should not have."""
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
