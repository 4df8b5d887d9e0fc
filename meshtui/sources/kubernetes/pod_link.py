"""The way to one pod: its port with the admin services, and a channel there over a relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from meshtui.model.address import Address
from meshtui.model.errors import MeshtuiError, ServiceMissing, TargetUnreachable
from meshtui.model.kubernetes.admin_ports import AdminPorts, PortCandidate, admin_ports
from meshtui.model.kubernetes.forward import ForwardEndKind
from meshtui.model.kubernetes.pod_reach import forward_to
from meshtui.model.target import TargetOptions
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.source import CsdsSource
from meshtui.sources.grpc.channel import Channel, open_channel
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.over_relay import Way
from meshtui.sources.kubernetes.pod_name import PodName
from meshtui.sources.kubernetes.relay import Relay, open_relay


@dataclass(frozen=True, slots=True, kw_only=True)
class PodLink:
    """A channel to the port with the admin services. ``first`` is the answer by which the port was found; ``None`` for
    a port that serves no CSDS, where none is needed. ``why`` says why it is this port."""

    meant: PodName
    port: PortCandidate
    channel: Channel
    address: Address
    way: Way
    config: CsdsSource
    first: Snapshot | None


@asynccontextmanager
async def open_pod(api: Api, meant: PodName, options: TargetOptions, *, needs_csds: bool) -> AsyncIterator[PodLink]:
    """A channel to the pod's admin port for the length of the block.

    The port is the first that serves CSDS, of those that are likely; without ``needs_csds`` one that serves gRPC will
    do. Raises ``TargetUnreachable`` where there is none, with what each of them said.
    """
    if meant.pod is not None:
        reach = forward_to(meant.pod)
        if not reach.possible:
            raise TargetUnreachable(f"{meant.words} {reach.why}.", "A port is forwarded to a pod that runs.")
    ports = admin_ports(meant.pod, options.cluster.port) if meant.pod is not None else _usual(options)
    async with AsyncExitStack() as stack:
        yield await _found(stack, api, meant, options, ports, needs_csds=needs_csds)


def _usual(options: TargetOptions) -> AdminPorts:
    typed = options.cluster.port
    if typed is not None:
        return AdminPorts((PortCandidate(typed, "as given"),), said=True)
    return AdminPorts((PortCandidate(USUAL_PORT, "the usual one, as the pod may not be read"),))


USUAL_PORT: Final = 17171
"""Where Istio's echo has its admin services."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """A port that was asked: a link, or why it is none, as its source said it."""

    link: PodLink
    opened: AsyncExitStack
    error: MeshtuiError | None
    ended: ForwardEndKind | None


async def _found(
    stack: AsyncExitStack,
    api: Api,
    meant: PodName,
    options: TargetOptions,
    ports: AdminPorts,
    *,
    needs_csds: bool,
) -> PodLink:
    """The likeliest first, then all the others at once: each may take the whole time that an answer may take."""
    first, *others = ports.candidates
    tried: list[_Tried] = []
    try:
        for group in ([first], others):
            tried += await asyncio.gather(*(_try(api, meant, options, candidate) for candidate in group))
            for each in tried:
                if each.error is None:
                    return _kept(stack, each)
                if each.ended is ForwardEndKind.REFUSED:  # the cluster's own no, which holds for every port
                    raise each.error
        if not needs_csds:
            for each in tried:
                if isinstance(each.error, ServiceMissing):
                    return _kept(stack, each)
        raise _none_of(meant, tried, ports)
    finally:
        await asyncio.gather(*(each.opened.aclose() for each in tried), return_exceptions=True)


def _kept(stack: AsyncExitStack, tried: _Tried) -> PodLink:
    """Let the link outlive the search."""
    stack.push_async_exit(tried.opened.pop_all())
    return tried.link


async def _try(api: Api, meant: PodName, options: TargetOptions, candidate: PortCandidate) -> _Tried:
    opened = AsyncExitStack()
    try:
        relay: Relay = await opened.enter_async_context(open_relay(api, meant.port(candidate.port)))
        address = replace(relay.address, text=meant.words, port=candidate.port)
        channel = open_channel(address, options.tls, max_message=options.max_message)
        opened.push_async_callback(channel.close)
        source = CsdsSource(
            channel, address, timeout=options.timeout, max_message=options.max_message, tls=options.tls.wanted
        )
        way = Way(relay, meant.words)
        first, error = await _asked(source, way)
        link = PodLink(
            meant=meant,
            port=candidate,
            channel=channel,
            address=address,
            way=way,
            config=source,
            first=first,
        )
        return _Tried(link, opened, error, relay.trouble.kind if relay.trouble is not None else None)
    except BaseException:
        await opened.aclose()
        raise


async def _asked(source: CsdsSource, way: Way) -> tuple[Snapshot | None, MeshtuiError | None]:
    try:
        return await source.poll(), None
    except MeshtuiError as error:
        return None, way.explained(error)


def _none_of(meant: PodName, tried: Sequence[_Tried], ports: AdminPorts) -> MeshtuiError:
    """Why there is no admin port: the one error, or what each port said."""
    errors = [(each.link.port, each.error) for each in tried if each.error is not None]
    problem = f" Besides, {ports.problem}." if ports.problem else ""
    missing = [error for _, error in errors if isinstance(error, ServiceMissing)]
    kind = ServiceMissing if missing else TargetUnreachable
    if len(errors) == 1:
        error = errors[0][1]
        return kind(f"{error.what}{problem}", error.hint) if problem else error
    said = " ".join(f"Port {port.port} ({port.why}): {error.what}" for port, error in errors)
    return kind(f"No port of {meant.words} serves CSDS. {said}{problem}", missing[0].hint if missing else OTHER_PORT)


OTHER_PORT: Final = "--port names another one, and so does the pod's annotation meshtui-admin-port."
