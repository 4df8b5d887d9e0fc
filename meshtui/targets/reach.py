"""The one way to a target: an address, or a pod of a cluster by its name."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict, TypeVar

from meshtui.model.address import Address, parse_address
from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.model.kubernetes.reference import Kind, Reference, checked_namespace, parse_reference
from meshtui.model.kubernetes.typed import line_of, parse_line
from meshtui.model.target import TargetOptions

if TYPE_CHECKING:
    from meshtui.model.identity.bootstrap import Bootstrap
    from meshtui.model.kubernetes.rights import Need
    from meshtui.session.protocols import (
        ChannelSource,
        ClusterSource,
        ConfigSource,
        EchoSource,
        Follower,
        WorkloadSource,
    )
    from meshtui.sources.grpc.channel import Channel
    from meshtui.sources.kubernetes.api import Api
    from meshtui.sources.kubernetes.pod_link import PodLink
    from meshtui.sources.kubernetes.resolved import Resolved

Result = TypeVar("Result")


class Person(NamedTuple):
    """Who is in front: ``picked`` is told which pod is looked at, where what was typed could mean several; ``login`` is
    how a login plugin may talk to them."""

    picked: Callable[[str], None] = lambda _: None
    login: LoginPrompt | None = None


NOBODY: Final = Person()
"""Nobody is told, and nobody asked."""

# what was typed


class Meant(NamedTuple):
    """What a typed target means: a pod by reference, or an address; ``options`` are those that hold for it."""

    reference: Reference | None
    address: Address | None
    options: TargetOptions


def meant(target: str, options: TargetOptions) -> Meant:
    """What the line means. Raises ``UsageError`` for what is no target."""
    text, cluster = parse_line(target, options.cluster)
    if cluster.namespace is not None:
        checked_namespace(cluster.namespace)
    options = replace(options, cluster=cluster)
    reference = parse_reference(text, selector=cluster.selector)
    return Meant(reference, None if reference is not None else parse_address(text), options)


def named(target: str, options: TargetOptions) -> str:
    """The target by the line that means it wherever it is typed: a pod with its namespace and context, as far as they
    were given. Raises ``UsageError`` for what is no target."""
    text, cluster = parse_line(target, options.cluster)
    return target if meant(target, options).reference is None else line_of(text, cluster)


def bound(target: str, options: TargetOptions) -> str:
    """The line of :func:`named` with the context and the namespace that hold now, so that it means no pod of another
    cluster later. It reads the kubeconfig, which blocks; where that cannot be, the line is as it was typed."""
    line = named(target, options)
    text, cluster = parse_line(target, options.cluster)
    if meant(target, options).reference is None:
        return line
    from meshtui.sources.kubernetes.kubeconfig import IN_CLUSTER, choose, read_kubeconfig

    try:
        chosen = choose(read_kubeconfig(cluster, os.environ), cluster, os.environ)
    except MeshtuiError:
        return line
    context = cluster.context if chosen.name == IN_CLUSTER else chosen.name
    return line_of(text, cluster._replace(context=context, namespace=chosen.namespace))


def is_pod(target: str, options: TargetOptions) -> bool:
    """Whether this is a pod, where it could be a file as well: what is there on this machine is a file, unless
    something was said that only a pod can use."""
    if os.path.lexists(target) and not options.cluster.given:
        return False
    text, cluster = parse_line(target, options.cluster)
    return parse_reference(text, selector=cluster.selector) is not None


# the way there


class Reached:
    """A target that can be called. ``address`` is how messages name it; ``api`` and ``pod`` are there for a pod."""

    def __init__(
        self,
        channel: Channel,
        address: Address,
        options: TargetOptions,
        api: Api | None = None,
        pod: PodLink | None = None,
    ) -> None:
        self.channel, self.address, self.options = channel, address, options
        self.api, self.pod = api, pod

    @property
    def line(self) -> str:
        """The line that means the very pod and port that were found; empty for an address."""
        if self.pod is None:
            return ""
        found = self.pod.resolved
        cluster = self.options.cluster._replace(selector=None, namespace=found.namespace, port=self.pod.port)
        return line_of(f"pod/{found.name}", cluster)

    def config(self) -> ConfigSource:
        """Its xDS config."""
        if self.pod is not None:
            from meshtui.sources.kubernetes.over_relay import RelayedConfig

            return RelayedConfig(self.pod.config, self.pod.way, self.pod.first)
        from meshtui.sources.csds.source import CsdsSource

        return CsdsSource(self.channel, self.address, **self._bounds())

    def channels(self) -> ChannelSource:
        """The state of its channels."""
        from meshtui.sources.channelz.source import ChannelzSource

        source = ChannelzSource(self.channel, self.address, **self._bounds())
        if self.pod is None:
            return source
        from meshtui.sources.kubernetes.over_relay import RelayedChannels

        return RelayedChannels(source, self.pod.way)

    def echo(self) -> EchoSource:
        """What sends requests from there."""
        from meshtui.sources.echo import EchoClient

        source = EchoClient(self.channel, self.address)
        if self.pod is None:
            return source
        from meshtui.sources.kubernetes.over_relay import RelayedEcho

        return RelayedEcho(source, self.pod.way)

    def workload(self, opened: AsyncExitStack) -> WorkloadSource | None:
        """Its files and its agent: those of the pod, or what was named; ``None`` for an address without any. What it
        keeps open is closed with ``opened``."""
        options = self.options
        if self.api is not None and self.pod is not None:
            from meshtui.sources.kubernetes.pod_workload import PodWorkload

            pod = self.pod.resolved
            workload = PodWorkload(self.api, pod.namespace, pod.name, pod.pod, options)
            opened.push_async_callback(workload.close)
            return workload
        from meshtui.sources.workload.source import LocalWorkload

        given = (options.bootstrap, options.certs, options.agent)
        return LocalWorkload(*given, timeout=options.timeout, max_message=options.max_message) if any(given) else None

    async def bootstrap(self) -> Bootstrap | None:
        """The pod's own bootstrap, read by one exec; ``None`` for an address. Raises ``MeshtuiError``."""
        if self.api is None or self.pod is None:
            return None
        from meshtui.sources.kubernetes.pod_workload import PodWorkload

        pod = self.pod.resolved
        return await PodWorkload(self.api, pod.namespace, pod.name, pod.pod, self.options).read_bootstrap()

    def follower(self) -> Follower | None:
        """What tells of the pod and the way there; ``None`` for an address."""
        if self.api is None or self.pod is None:
            return None
        from meshtui.sources.kubernetes.follow import PodFollower
        from meshtui.sources.kubernetes.pod_story import PodStory
        from meshtui.sources.kubernetes.resolved import pod_words

        resolved, words = self.pod.resolved, pod_words(self.pod.resolved)
        pod = resolved.pod
        return PodStory(
            words,
            self.pod.way.relay,
            picked=resolved.picked,
            unseen=resolved.unseen,
            follower=PodFollower(self.api, pod, words, selector=resolved.selector) if pod is not None else None,
        )

    def cluster(self) -> ClusterSource | None:
        """What the cluster says beside the pod; ``None`` for an address."""
        if self.api is None or self.pod is None:
            return None
        from meshtui.sources.kubernetes.pod_cluster import PodCluster
        from meshtui.sources.kubernetes.resolved import uid_of

        resolved = self.pod.resolved
        return PodCluster(self.api, resolved.namespace, resolved.name, uid_of(resolved))

    def _bounds(self) -> _Bounds:
        options = self.options
        return _Bounds(timeout=options.timeout, max_message=options.max_message, tls=options.tls.wanted)


class _Bounds(TypedDict):
    """What every source over a channel is given."""

    timeout: float
    max_message: int
    tls: bool


@asynccontextmanager
async def reach(
    target: str,
    options: TargetOptions,
    *,
    needs_csds: bool = True,
    loaded: Awaitable[object] | None = None,
    person: Person = NOBODY,
) -> AsyncIterator[Reached]:
    """The one way to a target. Everything that was opened for it is closed with the block.

    A pod's port is looked for by CSDS; without ``needs_csds`` one that serves anything of gRPC will do. ``loaded`` is
    what gRPC's modules are being imported by; a pod is asked for meanwhile. ``person`` is who may be told and
    asked on the way.

    Raises ``UsageError`` for what is no target, and whatever keeps a way there from being made.
    """
    said = meant(target, options)
    can_open_files()
    if said.reference is not None:
        async with _pod(said.reference, said.options, needs_csds, loaded, person) as reached:
            yield reached
        return
    if loaded is not None:
        await loaded
    from meshtui.sources.grpc.channel import open_channel

    assert said.address is not None
    async with open_channel(said.address, options.tls, max_message=options.max_message) as channel:
        yield Reached(channel=channel, address=said.address, options=options)


@asynccontextmanager
async def _pod(
    reference: Reference,
    options: TargetOptions,
    needs_csds: bool,
    loaded: Awaitable[object] | None,
    person: Person,
) -> AsyncIterator[Reached]:
    from meshtui.model.kubernetes.rights import FORWARD

    async with resolved(reference, options, person, FORWARD) as (api, pod):
        if loaded is not None:
            await loaded
        from meshtui.sources.kubernetes.pod_link import open_pod

        async with open_pod(api, pod, options, needs_csds=needs_csds) as link:
            yield Reached(channel=link.channel, address=link.address, options=options, api=api, pod=link)


@asynccontextmanager
async def resolved(
    reference: Reference, options: TargetOptions, person: Person, *purpose: Need
) -> AsyncIterator[tuple[Api, Resolved]]:
    """The cluster and the pod in it that is meant, which is wanted for ``purpose``; nothing of the pod itself is asked
    yet. Raises ``MeshtuiError``."""
    from meshtui.sources.kubernetes.api import open_api
    from meshtui.sources.kubernetes.plugin_login import SILENT
    from meshtui.sources.kubernetes.resolve import resolve

    async with open_api(options.cluster, options.timeout, login_prompt=person.login or SILENT) as api:
        pod = await resolve(api, api.context.namespace, reference, *purpose)
        if reference.kind is not Kind.POD:
            person.picked(pod.words)
        yield api, pod


def run(runner: asyncio.Runner, work: Coroutine[Any, Any, Result]) -> Result:
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


def can_open_files() -> None:
    """Raises ``OSError`` (EMFILE) while it can be said, where gRPC would abort."""
    with ExitStack() as opened:
        for _ in range(FILES_NEEDED):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


def import_all(names: Iterable[str]) -> None:
    """Import modules, which for the heavy ones is done in a thread."""
    for name in names:
        importlib.import_module(name)
