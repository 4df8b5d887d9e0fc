"""Who a pod is, for commands that look once: its files, and what its agent says of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.typed import line_of
from meshtui.model.target import TargetOptions
from meshtui.targets.reach import Person, meant, resolved, run

if TYPE_CHECKING:
    from meshtui.model.identity.agent import AgentReport
    from meshtui.model.identity.workload import WorkloadFiles

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodIdentity:
    """``files`` are the pod's, or why they cannot be had; so is ``agent``. ``target`` and ``options`` mean this very
    pod, whatever was typed."""

    files: WorkloadFiles | MeshtuiError
    agent: AgentReport | MeshtuiError
    target: str
    options: TargetOptions


def read_pod(target: str, options: TargetOptions, person: Person) -> PodIdentity:
    """One look at a pod's files and its agent. Raises ``MeshtuiError`` where the pod itself is not found."""
    with asyncio.Runner() as runner:
        return run(runner, _read(target, options, person))


async def _read(target: str, options: TargetOptions, person: Person) -> PodIdentity:
    said = meant(target, options)
    assert said.reference is not None
    async with resolved(said.reference, said.options, person) as (api, pod):
        from meshtui.sources.kubernetes.pod_workload import PodWorkload

        workload = PodWorkload(api, pod.namespace, pod.name, pod.pod, said.options)
        try:
            files, agent = await asyncio.gather(workload.read(), workload.ask_agent(), return_exceptions=True)
        finally:
            await workload.close()
        cluster = said.options.cluster._replace(selector=None, namespace=pod.namespace)
        return PodIdentity(
            files=_expected(files),
            agent=_expected(agent),
            target=line_of(f"pod/{pod.name}", cluster),
            options=replace(said.options, cluster=cluster),
        )


def _expected(found: Found | BaseException) -> Found | MeshtuiError:
    """What was found, or why not. Raises what nobody expected."""
    if isinstance(found, BaseException) and not isinstance(found, MeshtuiError):
        raise found
    return found
