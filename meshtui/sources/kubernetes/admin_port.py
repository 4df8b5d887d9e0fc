"""Finds the port of a pod that serves CSDS, by asking the likely ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from meshtui.model.errors import MeshtuiError, ServiceMissing
from meshtui.model.kubernetes.admin_ports import ANNOTATION, AdminPorts, PortCandidate

HEAD_START_S: Final = 0.7
"""Seconds a candidate is asked alone before the next is asked as well: a port that takes a connection and says nothing
must not hold up the others, and those that are less likely are left in peace."""

MOST_REASONS: Final = 3
"""Ports whose reason is said; a fourth is no likely one."""

SpeaksCsds = Callable[[int], Awaitable[bool]]
"""Whether the pod's port serves CSDS. Bounded in time by whoever gives it; a ``MeshtuiError`` is a no with a reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A port that does not serve CSDS: ``why`` is the reason as a sentence."""

    candidate: PortCandidate
    why: str


@dataclass(frozen=True, slots=True)
class AdminPort:
    """The port that was found, why it was asked, and which gave no CSDS before."""

    candidate: PortCandidate
    without: tuple[Asked, ...] = ()

    @property
    def port(self) -> int:
        """Its number."""
        return self.candidate.port


class NoAdminPort(ServiceMissing):
    """None of the ports that were asked serves CSDS; ``asked`` has each with its reason, the likeliest first, and
    ``problem`` what is wrong with what the pod says of its ports."""

    def __init__(self, asked: tuple[Asked, ...], problem: str = "") -> None:
        self.asked = asked
        self.problem = problem
        hint = f"If the app serves it elsewhere, name the port with --port or by the pod's annotation {ANNOTATION}."
        super().__init__(self.said_of("the pod", "CSDS"), hint)

    def said_of(self, pod: str, wanted: str) -> str:
        """It as a sentence about what the pod is called, and what a port of it had to serve."""
        problem = f" {self.problem[:1].upper()}{self.problem[1:]}." if self.problem else ""
        return f"No port of {pod} serves {wanted}; {_reasons(self.asked)}{problem}"


async def find_admin_port(ports: AdminPorts, speaks_csds: SpeaksCsds) -> AdminPort:
    """The first port that serves CSDS; the likelier one where two do. A port that was named is taken without asking.

    Raises ``NoAdminPort``.
    """
    if ports.said:
        return AdminPort(ports.candidates[0])
    under_way: dict[asyncio.Task[str], PortCandidate] = {}
    waiting = list(ports.candidates)
    failed: list[Asked] = []
    try:
        while waiting or under_way:
            if waiting:
                candidate = waiting.pop(0)
                under_way[asyncio.create_task(_refusal(speaks_csds, candidate.port))] = candidate
            done, _ = await asyncio.wait(
                under_way, timeout=HEAD_START_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in [task for task in under_way if task in done]:
                candidate = under_way.pop(task)
                why = task.result()
                if not why:
                    return AdminPort(candidate, tuple(failed))
                failed.append(Asked(candidate, why))
    finally:
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
    failed.sort(key=lambda each: ports.candidates.index(each.candidate))  # until now as their answers came
    raise NoAdminPort(tuple(failed), ports.problem)


def _reasons(asked: tuple[Asked, ...]) -> str:
    """Which ports were asked and why they are none, the likeliest first; of many not each with its own sentence."""
    if len(asked) == 1:
        return f"only {asked[0].candidate.port} was asked. {asked[0].why}"
    numbers = ", ".join(str(each.candidate.port) for each in asked)
    told = " ".join(f"Of {each.candidate.port}: {each.why}" for each in asked[:MOST_REASONS])
    return f"asked were {numbers}. {told}"


async def _refusal(speaks_csds: SpeaksCsds, port: int) -> str:
    """Why the port does not serve CSDS; empty if it does."""
    try:
        return "" if await speaks_csds(port) else f"Port {port} does not serve CSDS."
    except MeshtuiError as error:
        return error.what
