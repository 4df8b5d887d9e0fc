"""The demo mesh seen as a ``DemoControl``: the one adapter between ``demo`` and the screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from meshtui.demo.events import DemoEvent as MeshEvent
from meshtui.demo.events import DemoEventKind, describe
from meshtui.demo.mesh import Mesh
from meshtui.model.clock import utc_now
from meshtui.model.target import TargetOptions
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.session.demo_control import Offer, Scenario

CALLER: Final = "client"
"""The pod that calls the others: the one with an outbound tree, so the one to look at first."""

REPORTED: Final = frozenset(
    {
        DemoEventKind.CONFIG_APPLIED,
        DemoEventKind.MANIFEST_ERROR,
        DemoEventKind.MANIFEST_NOTE,
        DemoEventKind.NACK,
        DemoEventKind.CERTIFICATE_REFUSED,
        DemoEventKind.PROCESS_DIED,
        DemoEventKind.PROCESS_RESTARTED,
    }
)
"""What befalls the mesh that one who watches a pod wants in the timeline; certificates are seen in the pod itself."""

WORST: Final = frozenset(
    {DemoEventKind.MANIFEST_ERROR, DemoEventKind.NACK, DemoEventKind.CERTIFICATE_REFUSED, DemoEventKind.PROCESS_DIED}
)
"""Those of them that mean that something does not work."""


class RunningDemo:
    """Implements ``meshtui.session.demo_control.DemoControl`` over a real mesh in child processes."""

    def __init__(self, scenario: Scenario, manifests: Path | None = None) -> None:
        self._scenario = scenario
        self._manifests = manifests
        self._mesh: Mesh | None = None

    @property
    def scenario(self) -> Scenario:
        """What is played."""
        return self._scenario

    @property
    def step(self) -> int:
        """Which step is on, from 0."""
        step = self._mesh.current_step if self._mesh else None
        return step.number if step else 0

    def options(self, target: str) -> TargetOptions | None:
        """Where the facts of one of the mesh's pods are, or ``None`` for another target."""
        for pod in self._mesh.pods.values() if self._mesh else ():
            if pod.admin == target:
                return TargetOptions(agent=pod.agent, bootstrap=str(pod.bootstrap), certs=str(pod.certs))
        return None

    def address(self, pod: str) -> str:
        """The target of a pod by its name; of a mesh that was started."""
        assert self._mesh is not None
        return self._mesh.pods[pod].admin

    async def start(self, progress: Callable[[str], None], happened: Callable[[Event], None]) -> tuple[Offer, ...]:
        """Start the mesh and return its pods, the caller in front. Raises ``MeshtuiError`` when it cannot."""
        progress("starting the control plane, three agents and three apps")

        def on_event(event: MeshEvent) -> None:
            sentence = describe(event)
            if event.kind in REPORTED:
                happened(_reported(event, sentence))
            elif sentence:
                progress(sentence)

        if self._manifests is not None:
            self._mesh = Mesh(manifests=self._manifests, on_event=on_event)
        else:
            self._mesh = Mesh(self._scenario.name, on_event=on_event)
        await self._mesh.__aenter__()
        pods = sorted(self._mesh.pods.items(), key=lambda item: item[0] != CALLER)
        return tuple(Offer(pod.admin, name, _about(name)) for name, pod in pods)

    async def next_step(self) -> str:
        """Play the next step and return its name. Raises ``UsageError`` when the scenario has none."""
        assert self._mesh is not None
        return (await self._mesh.step()).title

    async def stop(self) -> None:
        """End every process of the mesh."""
        if self._mesh is not None:
            await self._mesh.stop()


def _about(name: str) -> str:
    return "keeps calling the echo service" if name == CALLER else "answers as an xDS server"


def _reported(event: MeshEvent, sentence: str) -> Event:
    at = datetime.fromisoformat(event.time) if event.time else utc_now()
    health = (
        Health.REFUSED if event.kind in WORST else Health.OK if event.kind is DemoEventKind.CONFIG_APPLIED else None
    )
    return Event(at, EventKind.MESH, event.pod or "mesh", sentence, health=health)
