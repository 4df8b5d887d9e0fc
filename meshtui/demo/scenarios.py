"""The scenarios that come with the demo: folders of plain Istio YAML under ``scenarios/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meshtui.model.errors import UsageError

_ROOT = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a scenario; the first is what it starts with."""

    number: int
    title: str
    directory: Path


@dataclass(frozen=True, slots=True)
class DemoScenario:
    """A named set of manifests, perhaps with further steps."""

    name: str
    summary: str
    step_titles: tuple[str, ...] = ()
    """The steps after the start, in order; step N is the folder ``step-N``."""
    step_when_ready: bool = False
    """Whether the first step is taken as soon as traffic flows: to break something, it must have worked."""
    evicts: bool = False
    """Whether agents serve one ADS stream only, as Istio's do."""

    @property
    def directory(self) -> Path:
        """The folder of its manifests."""
        return _ROOT / self.name

    def step(self, number: int) -> Step:
        """A step by number; 0 is the start."""
        title = self.step_titles[number - 1] if number else "start"
        directory = self.directory / f"step-{number}" if number else self.directory
        return Step(number, title, directory)


DEFAULT = "traffic-shift"
"""What ``meshtui demo`` shows when nothing is asked for: the split that needs a judge."""

SCENARIOS = (
    DemoScenario("discovery", "a Service and nothing else: half of the calls to each version"),
    DemoScenario("subsets", "calls with the header version: v2 go to v2, all others to v1"),
    DemoScenario("traffic-shift", "20 % of the calls go to v1 and 80 % to v2"),
    DemoScenario("mtls-client-only", "the client speaks mutual TLS to servers that do not: every call fails"),
    DemoScenario("mtls-strict", "mutual TLS on both sides, with a 20/80 split"),
    DemoScenario(
        "canary",
        "v2 is rolled out in steps, from nothing to everything",
        ("10 % to v2", "25 % to v2", "50 % to v2", "all to v2"),
    ),
    DemoScenario(
        "refused",
        "a good start, then a change that gRPC refuses (NACK): the old configuration stays in force",
        ("least-request load balancing, which this gRPC does not implement",),
        step_when_ready=True,
    ),
    DemoScenario(
        "evicted",
        "agents serve one ADS stream, as Istio's do: an app that opens two loses the one, then the other, for ever",
        evicts=True,
    ),
)
"""Every scenario, in the order to show them."""


def scenario(name: str) -> DemoScenario:
    """The scenario with a name. Raises UsageError when there is none."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    names = ", ".join(scenario.name for scenario in SCENARIOS)
    raise UsageError(f"There is no demo scenario {name!r}.", f"The scenarios are: {names}.")
