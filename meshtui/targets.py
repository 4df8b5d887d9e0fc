"""The composition root: what was typed becomes sources, and a session over them.

The only module that names concrete sources; everything above asks here. They are imported when they are opened: neither
``--help`` nor the first paint waits for gRPC, and a command that looks once loads the one source it looks with.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar

from meshtui.model.address import Address, parse_address
from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.reference import ClusterOptions, Kind, Reference, parse_reference
from meshtui.model.kubernetes.typed import line_of, parse_line
from meshtui.model.target import DEFAULT_INTERVAL, TargetOptions

if TYPE_CHECKING:
    from meshtui.model.identity.agent import AgentReport
    from meshtui.model.identity.workload import WorkloadFiles
    from meshtui.model.xds.resource import Resource, ResourceKey
    from meshtui.model.xds.snapshot import Snapshot
    from meshtui.session.protocols import ConfigSource, EchoSource, Sources
    from meshtui.session.session import Session
    from meshtui.sources.grpc.channel import Channel

Result = TypeVar("Result")

# what was typed


@dataclass(frozen=True, slots=True)
class Meant:
    """What a typed target means: a pod by reference, or an address; ``options`` are those that hold for it."""

    reference: Reference | None
    address: Address | None
    options: TargetOptions


def meant(target: str, options: TargetOptions) -> Meant:
    """What the line means. Raises ``UsageError`` for what is no target."""
    text, cluster = parse_line(target, options.cluster)
    options = replace(options, cluster=cluster)
    reference = parse_reference(text, selector=cluster.selector)
    return Meant(reference, None if reference is not None else parse_address(text), options)


def named(target: str, options: TargetOptions) -> str:
    """The target by the line that means it wherever it is typed: a pod with its namespace and context, as far as they
    were given. Raises ``UsageError`` for what is no target."""
    text, cluster = parse_line(target, options.cluster)
    return target if meant(target, options).reference is None else line_of(text, cluster)


# a session


def open_session(target: str, options: TargetOptions, *, interval: float = DEFAULT_INTERVAL) -> Session:
    """A session for a target as typed; it does nothing until started. Raises ``UsageError``."""
    return _session(target, options, interval, whole=True)


def open_echo_session(target: str, options: TargetOptions, *, interval: float) -> Session:
    """A session that sends requests and follows the config, and looks at nothing else. Raises ``UsageError``."""
    return _session(target, options, interval, whole=False)


def _session(target: str, options: TargetOptions, interval: float, *, whole: bool) -> Session:
    from meshtui.session.session import Session

    meant(target, options)  # a target that is none is said at once

    async def connect() -> Sources:
        _can_open_files()
        await asyncio.to_thread(_import, EVERYTHING if whole else FOR_ECHO)
        return await _open(target, options, whole=whole)

    return Session(target, connect, interval=interval)


# one look, for headless commands


def look(target: str, options: TargetOptions) -> Snapshot:
    """One snapshot of the target."""
    with looking(target, options) as again:
        return again()


@contextmanager
def looking(target: str, options: TargetOptions) -> Iterator[Callable[[], Snapshot]]:
    """What looks at the target as often as it is called, over one way there, so that all looks are at one pod."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            config = _run(runner, stack.enter_async_context(_config_source(target, options)))
            yield lambda: _run(runner, config.poll())
        finally:
            _run(runner, stack.aclose())


def look_with_config(
    target: str, options: TargetOptions, select: Callable[[Resource], bool]
) -> tuple[Snapshot, Mapping[ResourceKey, Any]]:
    """One snapshot, and the proto JSON of the resources selected as a document; ``None`` where none is in force."""
    snapshot = look(target, options)
    from meshtui.sources.proto.json_mapping import config_document

    chosen = (resource for resource in snapshot.resources.values() if select(resource))
    return snapshot, {resource.key: config_document(resource) for resource in chosen}


@asynccontextmanager
async def echo_source(target: str, options: TargetOptions) -> AsyncIterator[EchoSource]:
    """What calls ForwardEcho at the target, and asks it for nothing else."""
    async with reach(target, options) as reached:
        from meshtui.sources.echo import EchoClient

        yield EchoClient(reached.channel, reached.address)


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
        return _run(runner, source.poll())


# what there is in a cluster, for completion


def contexts(cluster: ClusterOptions) -> Sequence[str]:
    """The kubeconfig's contexts. Raises ``BadInput`` for a file that is none."""
    from meshtui.sources.kubernetes.kubeconfig import read_kubeconfig

    return tuple(read_kubeconfig(cluster, os.environ).contexts)


def names_in_cluster(kind: Kind | None, cluster: ClusterOptions, within_s: float) -> Sequence[str]:
    """The names of a kind in the namespace that is meant, or (``None``) those of all namespaces.

    Raises ``MeshtuiError`` when they cannot be had, ``TimeoutError`` when not in time.
    """
    from meshtui.sources.kubernetes.names import list_names

    async def listed() -> Sequence[str]:
        async with asyncio.timeout(within_s):
            return await list_names(kind, cluster, within_s)

    with asyncio.Runner() as runner:
        return _run(runner, listed())


# reaching


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A target that can be called. ``address`` is how messages name it; the channel connects with the first call."""

    channel: Channel
    address: Address


@asynccontextmanager
async def reach(target: str, options: TargetOptions) -> AsyncIterator[Reached]:
    """The one way to a target. Everything that was opened for it is closed with the block.

    Raises ``UsageError`` for what is no target, and whatever keeps a way there from being made.
    """
    said = meant(target, options)
    _can_open_files()
    from meshtui.sources.grpc.channel import open_channel

    address = said.address
    if address is None:
        raise MeshtuiError(
            "A pod cannot be reached by its name yet.", "kubectl port-forward, and attach to its address"
        )
    async with open_channel(address, options.tls, max_message=options.max_message) as channel:
        yield Reached(channel=channel, address=address)


@asynccontextmanager
async def _config_source(target: str, options: TargetOptions) -> AsyncIterator[ConfigSource]:
    async with reach(target, options) as reached:
        from meshtui.sources.csds.source import CsdsSource

        yield CsdsSource(reached.channel, reached.address, **_bounds(options))


def _run(runner: asyncio.Runner, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``. It is not what the runner's task returns: on its way out that makes the repr of it, which
    for a large config takes longer than the look.
    """
    results: list[Result] = []

    async def keep() -> None:
        results.append(await work)

    runner.run(keep())
    return results[0]


FILES_NEEDED: Final = 8
"""Files that gRPC opens for its first channel; without one of them its C core ends the whole process."""


def _can_open_files() -> None:
    """Raises ``OSError`` (EMFILE) while it can be said, where gRPC would abort."""
    with ExitStack() as opened:
        for _ in range(FILES_NEEDED):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


FOR_ECHO: Final = ("csds.source", "echo")
EVERYTHING: Final = (*FOR_ECHO, "channelz.source", "workload.source")
"""Modules of the sources a session may have: heavy, so a session imports them off the event loop."""


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(f"meshtui.sources.{name}")


async def _open(target: str, options: TargetOptions, *, whole: bool) -> Sources:
    """Config and echo; with ``whole``, channels and the workload's identity too."""
    from meshtui.session.protocols import Sources
    from meshtui.sources.csds.source import CsdsSource
    from meshtui.sources.echo import EchoClient

    opened = AsyncExitStack()
    reached = await opened.enter_async_context(reach(target, options))
    channel, address = reached.channel, reached.address
    sources = Sources(
        config=CsdsSource(channel, address, **_bounds(options)),
        echo=EchoClient(channel, address),
        contact_s=options.timeout,
        opened=(opened.aclose,),
    )
    if not whole:
        return sources
    from meshtui.sources.channelz.source import ChannelzSource
    from meshtui.sources.workload.source import LocalWorkload, read_peer

    named = (options.bootstrap, options.certs, options.agent)
    workload = LocalWorkload(*named, timeout=options.timeout, max_message=options.max_message) if any(named) else None
    return replace(
        sources,
        channels=ChannelzSource(channel, address, **_bounds(options)),
        workload=workload,
        read_peer=read_peer,
    )


class _Bounds(TypedDict):
    """What every source over a channel is given."""

    timeout: float
    max_message: int
    tls: bool


def _bounds(options: TargetOptions) -> _Bounds:
    return _Bounds(timeout=options.timeout, max_message=options.max_message, tls=options.tls.wanted)
