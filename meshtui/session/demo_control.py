"""A mesh that meshtui itself runs, seen by the screen as something that starts, offers pods and can be stepped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from meshtui.model.timeline import Event


@dataclass(frozen=True, slots=True)
class Offer:
    """A target to choose: what to type, and one line that says what it is."""

    target: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story the mesh can play; ``steps`` names them, one for a scenario that stands still."""

    name: str
    description: str
    steps: tuple[str, ...] = ()


class DemoControl(Protocol):
    """The demo mesh as the screen knows it. Made by the command line, which alone knows the demo."""

    @property
    def scenario(self) -> Scenario:
        """What is played."""
        ...

    @property
    def step(self) -> int:
        """Which step is on, from 0."""
        ...

    async def start(self, progress: Callable[[str], None], happened: Callable[[Event], None]) -> tuple[Offer, ...]:
        """Start the mesh and return its pods, the one to open first in front.

        ``progress`` is told what is being waited for, ``happened`` what befalls the mesh later on (an applied manifest,
        a refused one, a restarted pod). Raises ``MeshtuiError`` when it cannot start.
        """
        ...

    async def next_step(self) -> str:
        """Play the next step, the first again after the last, and return its name."""
        ...

    async def stop(self) -> None:
        """End every process of the mesh."""
        ...
