"""The composition root: what was typed becomes sources, and a session over them.

The only module that names concrete sources; everything above asks here. They are imported when they are opened: neither
``--help`` nor the first paint waits for gRPC, and a command that looks once loads the one source it looks with.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from meshtui.model.kubernetes.reference import ClusterOptions, Kind, Reference
from meshtui.model.target import DEFAULT_INTERVAL, TargetOptions
from meshtui.targets.reach import (
    NOBODY,
    Person,
    bound,
    can_open_files,
    import_all,
    is_pod,
    meant,
    named,
    reach,
    resolved,
    run,
)

if TYPE_CHECKING:
    from meshtui.model.identity.agent import AgentReport
    from meshtui.model.identity.bootstrap import Bootstrap
    from meshtui.model.identity.workload import WorkloadFiles
    from meshtui.model.xds.resource import Resource, ResourceKey
    from meshtui.model.xds.snapshot import Snapshot
    from meshtui.session.kubernetes.protocols import PodsSource
    from meshtui.session.protocols import EchoSource, Sources
    from meshtui.session.session import Session
    from meshtui.sources.kubernetes.pod_log import PodLog
    from meshtui.targets.reach import Reached

__all__ = [
    "NOBODY",
    "Looking",
    "Person",
    "ask_agent",
    "bound",
    "contexts",
    "echo_source",
    "is_bootstrap_file",
    "is_pod",
    "labels_in_cluster",
    "look",
    "look_with_config",
    "looking",
    "named",
    "names_in_cluster",
    "open_echo_session",
    "open_session",
    "read_workload",
    "workload_from_environment",
]

# a session


def open_session(
    target: str, options: TargetOptions, *, interval: float = DEFAULT_INTERVAL, person: Person = NOBODY
) -> Session:
    """A session for a target as typed; it does nothing until started. Raises ``UsageError``."""
    return _session(target, options, interval, person, whole=True)


def open_echo_session(target: str, options: TargetOptions, *, interval: float, person: Person = NOBODY) -> Session:
    """A session that sends requests and follows the config, and looks at nothing else. Raises ``UsageError``."""
    return _session(target, options, interval, person, whole=False)


def _session(target: str, options: TargetOptions, interval: float, person: Person, *, whole: bool) -> Session:
    from meshtui.session.session import Session

    said = meant(target, options)  # a target that is none is said at once
    log = _log(said.reference, said.options, person) if whole and said.reference is not None else None

    async def connect() -> Sources:
        return await _open(target, options, person, whole=whole, log=log)

    if person.login is None:
        return Session(target, connect, interval=interval, log=log)
    return Session(target, connect, interval=interval, log=log, by_hand=person.login.by_hand.ask)


def _log(reference: Reference, options: TargetOptions, person: Person) -> PodLog:
    """The pod's log, which asks the cluster itself: it is wanted most where the pod's app cannot be reached."""
    from meshtui.sources.kubernetes.pod_log import PodLog

    return PodLog(lambda: resolved(reference, options, person))


# one look, for headless commands


def look(target: str, options: TargetOptions, *, person: Person = NOBODY) -> Snapshot:
    """One snapshot of the target. ``person`` is who may be told and asked on the way there."""
    with looking(target, options, person=person) as again:
        return again()


class Looking:
    """Looks at a target as often as it is called, over one way there, so that all looks are at one pod."""

    def __init__(self, runner: asyncio.Runner, reached: Reached) -> None:
        self._runner = runner
        self._reached = reached
        self._config = reached.config()

    def __call__(self) -> Snapshot:
        """One look."""
        return run(self._runner, self._config.poll())

    def bootstrap(self) -> Bootstrap | None:
        """The bootstrap of that pod, read in it; ``None`` for an address. Raises ``MeshtuiError``."""
        return run(self._runner, self._reached.bootstrap())


@contextmanager
def looking(target: str, options: TargetOptions, *, person: Person = NOBODY) -> Iterator[Looking]:
    """What looks at the target as often as it is called. Raises as :func:`reach`."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Looking(runner, run(runner, stack.enter_async_context(reach(target, options, person=person))))
        finally:
            run(runner, stack.aclose())


def look_with_config(
    target: str, options: TargetOptions, select: Callable[[Resource], bool], *, person: Person = NOBODY
) -> tuple[Snapshot, Mapping[ResourceKey, Any]]:
    """One snapshot, and the proto JSON of the resources selected as a document; ``None`` where none is in force."""
    snapshot = look(target, options, person=person)
    from meshtui.sources.proto.json_mapping import config_document

    chosen = (resource for resource in snapshot.resources.values() if select(resource))
    return snapshot, {resource.key: config_document(resource) for resource in chosen}


@asynccontextmanager
async def echo_source(target: str, options: TargetOptions, *, person: Person = NOBODY) -> AsyncIterator[EchoSource]:
    """What calls ForwardEcho at the target, and asks it for nothing else."""
    async with reach(target, options, needs_csds=False, person=person) as reached:
        yield reached.echo()


def read_workload(bootstrap: str | None, certificates: str | None) -> WorkloadFiles:
    """A bootstrap file and certificates: those of ``certificates`` when given, else those that the bootstrap names."""
    from meshtui.sources.workload import read_once

    return read_once.read_workload(bootstrap, certificates)


def workload_from_environment(environment: Mapping[str, str]) -> WorkloadFiles | None:
    """What gRPC would use when started with ``environment``; ``None`` when that names no bootstrap."""
    from meshtui.sources.workload import read_once

    return read_once.workload_from_environment(environment)


def is_bootstrap_file(path: str) -> bool:
    """Whether the file at ``path`` is a bootstrap rather than certificates."""
    from meshtui.sources.workload import read_once

    return read_once.is_bootstrap_file(path)


def ask_agent(address: str, options: TargetOptions) -> AgentReport:
    """One look at an istio-agent. Raises ``TargetUnreachable``, or ``UsageError`` for an address that is none."""
    from meshtui.sources.agent.source import AgentSource

    source = AgentSource(address, timeout=options.timeout, max_message=options.max_message)
    with asyncio.Runner() as runner:
        return run(runner, source.poll())


# what there is in a cluster, for completion


def contexts(cluster: ClusterOptions) -> Sequence[str]:
    """The kubeconfig's contexts. Raises ``BadInput`` for a file that is none."""
    from meshtui.sources.kubernetes.kubeconfig import read_kubeconfig

    return tuple(read_kubeconfig(cluster, os.environ).contexts)


def names_in_cluster(kind: Kind | None, cluster: ClusterOptions, answer_s: float, within_s: float) -> Sequence[str]:
    """The names of a kind in the namespace that is meant, or (``None``) those of all namespaces. ``answer_s`` is for
    the answer, ``within_s`` for the login as well.

    Raises ``MeshtuiError`` when they cannot be had, ``TimeoutError`` when not in time.
    """
    from meshtui.sources.kubernetes.names import list_names

    return _in_time(list_names(kind, cluster, answer_s), within_s)


def labels_in_cluster(cluster: ClusterOptions, answer_s: float, within_s: float) -> Sequence[str]:
    """The labels of the pods in the namespace that is meant. Times and errors are those of :func:`names_in_cluster`."""
    from meshtui.sources.kubernetes.names import list_labels

    return _in_time(list_labels(cluster, answer_s), within_s)


def _in_time(asked: Coroutine[Any, Any, Sequence[str]], within_s: float) -> Sequence[str]:
    async def waited() -> Sequence[str]:
        async with asyncio.timeout(within_s):
            return await asked

    with asyncio.Runner() as runner:
        return run(runner, waited())


FOR_ECHO: Final = ("meshtui.sources.csds.source", "meshtui.sources.echo")
EVERYTHING: Final = (*FOR_ECHO, "meshtui.sources.channelz.source", "meshtui.sources.workload.source")
"""Modules of the sources a session may have: heavy, so a session imports them off the event loop."""

FOR_A_POD: Final = ("aiohttp", "websockets.asyncio.client", "meshtui.sources.kubernetes.resolve")
"""What talks to a cluster, which is asked for the pod while the others are still being imported."""

OVER_A_RELAY: Final = tuple(
    f"meshtui.sources.kubernetes.{name}" for name in ("pod_link", "over_relay", "pod_story", "pod_workload")
)
"""What a session over a pod has besides."""


async def _open(
    target: str, options: TargetOptions, person: Person, *, whole: bool, log: PodLog | None = None
) -> Sources:
    """Config and echo, with what a cluster says of either; with ``whole``, channels and the workload's identity too."""
    from meshtui.session.protocols import Sources

    can_open_files()
    of_a_pod = meant(target, options).reference is not None
    needed = (*(EVERYTHING if whole else FOR_ECHO), *(OVER_A_RELAY if of_a_pod else ()))
    loading = asyncio.create_task(asyncio.to_thread(import_all, needed))
    opened = AsyncExitStack()
    if of_a_pod:
        await asyncio.to_thread(import_all, FOR_A_POD)
    reached = await opened.enter_async_context(reach(target, options, loaded=loading, person=person))
    if log is not None and reached.api is not None and reached.pod is not None:
        log.reached(reached.api, reached.pod.resolved)
    sources = Sources(
        config=reached.config(),
        echo=reached.echo(),
        cluster=reached.cluster(),
        reached=reached.line,
        contact_s=options.timeout,
        opened=(opened.aclose,),
    )
    if not whole:
        return sources
    from meshtui.sources.workload.source import read_peer

    return replace(
        sources,
        channels=reached.channels(),
        workload=reached.workload(opened),
        follower=reached.follower(),
        read_peer=read_peer,
    )


# picking a pod


def knows_a_cluster(cluster: ClusterOptions) -> bool:
    """Whether there is a kubeconfig, or the cluster that this runs in. Opens nothing."""
    from meshtui.sources.kubernetes.kubeconfig import is_known

    return is_known(cluster, os.environ)


def open_pods(cluster: ClusterOptions, timeout: float, person: Person = NOBODY) -> PodsSource:
    """What the picker asks of the context that is meant. Nothing is opened yet; ``timeout`` is for each answer."""
    from meshtui.sources.kubernetes.cluster_pods import ClusterPods
    from meshtui.sources.kubernetes.plugin_login import SILENT

    return ClusterPods(cluster, timeout, person.login or SILENT)
