"""``meshtui demo``: a real mesh on this machine, with the screen on it or headless."""

from __future__ import annotations

from pathlib import Path

import click

from meshtui.cli.diagnostics import say
from meshtui.cli.output import line
from meshtui.cli.scenarios import open_demo, scenarios


class ScenarioName(click.ParamType[str]):
    """A scenario's name, completed and checked without loading the mesh."""

    name = "scenario"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        names = [scenario.name for scenario in scenarios()]
        if value not in names:
            self.fail(f"There is no scenario {value}; there are {', '.join(names)}.", param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        return [
            click.shell_completion.CompletionItem(scenario.name, help=scenario.description)
            for scenario in scenarios()
            if scenario.name.startswith(incomplete)
        ]


@click.command()
@click.option("--scenario", type=ScenarioName(), help="The story to play; --list shows them.")
@click.option("--list", "list_", is_flag=True, help="List the scenarios and leave.")
@click.option(
    "--manifests",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Istio YAML of your own, read from here and applied again whenever a file changes.",
)
@click.option("--headless", is_flag=True, help="No screen: print one line of JSON when traffic flows, then run.")
@click.pass_context
def demo(ctx: click.Context, scenario: str | None, list_: bool, manifests: Path | None, headless: bool) -> None:
    """Start a real proxyless mesh on this machine and open the screen on it.

    A control plane with CA, two versions of an echo service and a client that keeps calling it, each pod an agent and
    an app in processes of their own. All of it ends with meshtui.
    """
    if list_:
        width = max(len(known.name) for known in scenarios())
        for known in scenarios():
            line(f"{known.name.ljust(width)}  {known.description}")
        return
    if scenario and manifests:
        raise click.UsageError("--scenario and --manifests exclude each other: both say what config the mesh gets.")
    if headless:
        ctx.exit(_headless(scenario, manifests))
    from meshtui.cli.attach import open_screen

    ctx.exit(open_screen(demo=open_demo(scenario, manifests)))


def _headless(scenario: str | None, manifests: Path | None) -> int:
    import asyncio

    from meshtui.demo.headless import run_headless
    from meshtui.demo.scenarios import DEFAULT

    return asyncio.run(run_headless(line, say, scenario=scenario or DEFAULT, manifests=manifests))
