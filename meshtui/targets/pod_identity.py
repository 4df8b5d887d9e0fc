"""Who a pod is, for commands that look once: its files, and what its agent says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.model.kubernetes.rights import EXEC, FORWARD, SEE_POD
from meshtui.model.kubernetes.typed import line_of
from meshtui.model.target import TargetOptions
from meshtui.targets.reach import Person, meant, resolved, run

if TYPE_CHECKING:
    from meshtui.model.identity.agent import AgentReport
    from meshtui.model.identity.workload import WorkloadFiles
    from meshtui.model.kubernetes.rights import Need
    from meshtui.sources.kubernetes.api import Api
    from meshtui.sources.kubernetes.pod_workload import PodWorkload
    from meshtui.sources.kubernetes.resolved import Resolved

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodIdentity:
    """``files`` are the pod's, or why they cannot be had; so is ``agent``, the same error where the pod itself is out
    of reach. ``target`` and ``options`` mean this very pod, whatever was typed."""

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
    async with resolved(said.reference, said.options, person, *_needs(said.options)) as (api, pod):
        from meshtui.sources.kubernetes.pod_workload import PodWorkload
        from meshtui.sources.kubernetes.resolved import port_in_pod

        workload = PodWorkload(api, pod.namespace, pod.name, pod.pod, said.options)
        try:
            files, agent = await _look(pod, workload, said.options)
        finally:
            await workload.close()
        if isinstance(files, TargetUnreachable) and files is not agent:
            files = await _explained(api, pod, files, agent)
        typed = said.options.cluster.port
        port = port_in_pod(pod, typed) if typed is not None else None
        cluster = said.options.cluster._replace(selector=None, namespace=pod.namespace, port=port)
        return PodIdentity(
            files=files,
            agent=agent,
            target=line_of(f"pod/{pod.name}", cluster),
            options=replace(said.options, cluster=cluster),
        )


def _needs(options: TargetOptions) -> tuple[Need, ...]:
    """What is asked of the pod beside what was given by hand."""
    reads = not (options.bootstrap or options.certs or options.cluster.read_only)
    return (*((EXEC,) if reads else ()), *(() if options.agent else (FORWARD,)))


async def _look(
    pod: Resolved, workload: PodWorkload, options: TargetOptions
) -> tuple[WorkloadFiles | MeshtuiError, AgentReport | MeshtuiError]:
    """Both at once. A pod that is out of reach by its status is not dialled: only what was given by hand is read."""
    from meshtui.sources.kubernetes.resolved import why_not_reached, why_not_read

    unreached = why_not_reached(pod)
    unread = unreached or why_not_read(pod, options.cluster.container)
    if options.bootstrap or options.certs:
        unread = None
    if options.agent:
        unreached = None
    return await asyncio.gather(_unless(unread, workload.read), _unless(unreached, workload.ask_agent))


async def _unless(error: MeshtuiError | None, ask: Callable[[], Awaitable[Found]]) -> Found | MeshtuiError:
    """What is asked for, or why it cannot be had; nothing is asked where that is known."""
    if error is not None:
        return error
    try:
        return await ask()
    except MeshtuiError as failed:
        return failed


async def _explained(
    api: Api, pod: Resolved, error: TargetUnreachable, agent: AgentReport | MeshtuiError
) -> TargetUnreachable:
    """Why the files cannot be had: with all rights that are missing, and what the pod's status has to do with it. What
    else would tell is not named: a command has asked the agent by now, and says what came of that.
    """
    from meshtui.sources.kubernetes.pod_files import FilesForbidden, FilesMissing
    from meshtui.sources.kubernetes.resolved import by_status
    from meshtui.sources.kubernetes.rights import why_forbidden

    hint = error.hint
    if isinstance(error, FilesForbidden):
        needs = (
            *((SEE_POD,) if pod.pod is None else ()),
            EXEC,
            *((FORWARD,) if isinstance(agent, MeshtuiError) else ()),
        )
        hint = await why_forbidden(api, pod.namespace, *needs, pod=pod.name) or hint
    what = error.alone if isinstance(error, FilesMissing) else error.what
    return TargetUnreachable(f"{what}{by_status(pod)}", hint)
