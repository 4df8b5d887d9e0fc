"""The composition root: a target as typed becomes sources, and a session over them.

The only module that names concrete sources. They are imported when the first target is opened, off the event loop, so
that neither ``--help`` nor the first paint waits for gRPC; nor does a command that looks once wait for the session.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from meshtui.model.address import Address, parse_address
from meshtui.model.target import DEFAULT_INTERVAL, TargetOptions

if TYPE_CHECKING:
    from meshtui.model.xds.resource import Resource, ResourceKey
    from meshtui.model.xds.snapshot import Snapshot
    from meshtui.session.protocols import Connect, Sources
    from meshtui.session.session import Session


def open_session(target: str, options: TargetOptions, *, interval: float = DEFAULT_INTERVAL) -> Session:
    """A session for a target as typed; it does nothing until started. Raises ``UsageError``."""
    from meshtui.session.session import Session

    return Session(target, connector(target, options), interval=interval)


def connector(target: str, options: TargetOptions) -> Connect:
    """What connects to the target. The address is checked at once: raises ``UsageError``."""
    address = parse_address(target)

    async def connect() -> Sources:
        _can_open_files()
        await asyncio.to_thread(_import_sources)
        return _open(address, options)

    return connect


def look(target: str, options: TargetOptions) -> Snapshot:
    """One snapshot of the target, for a command that looks once."""
    return dump(target, options, lambda _: False)[0]


def dump(
    target: str, options: TargetOptions, select: Callable[[Resource], bool]
) -> tuple[Snapshot, Mapping[ResourceKey, str]]:
    """One snapshot, and the proto JSON of the resources selected."""

    seen: list[tuple[Snapshot, Mapping[ResourceKey, str]]] = []

    async def run() -> None:
        async with attached(target, options) as sources:
            snapshot = await sources.config.poll()
            chosen = (resource for resource in snapshot.resources.values() if select(resource))
            seen.append((snapshot, {resource.key: sources.config.as_json(resource) for resource in chosen}))

    # The result does not go through asyncio.run: on its way out that makes the repr of whatever the task returned.
    asyncio.run(run())
    return seen[0]


@asynccontextmanager
async def attached(target: str, options: TargetOptions) -> AsyncIterator[Sources]:
    """The sources of a target, closed afterwards; for headless commands."""
    sources = await connector(target, options)()
    try:
        yield sources
    finally:
        await sources.config.close()


FILES_NEEDED: Final = 8
"""Files that gRPC opens for its first channel; without one of them its C core ends the whole process."""


def _can_open_files() -> None:
    """Raises ``OSError`` (EMFILE) while it can be said, where gRPC would abort."""
    with ExitStack() as opened:
        for _ in range(FILES_NEEDED):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


def _import_sources() -> None:
    for name in ("csds.source", "channelz.source", "echo", "workload.source"):
        importlib.import_module(f"meshtui.sources.{name}")


def _open(address: Address, options: TargetOptions) -> Sources:
    from meshtui.session.protocols import Sources
    from meshtui.sources.channelz.source import ChannelzSource
    from meshtui.sources.csds.source import CsdsSource
    from meshtui.sources.echo import EchoClient
    from meshtui.sources.grpc.channel import open_channel
    from meshtui.sources.workload.source import LocalWorkload, read_peer

    named = (options.bootstrap, options.certs, options.agent)
    channel = open_channel(address, options.tls, max_message=options.max_message)
    workload = LocalWorkload(*named, timeout=options.timeout, max_message=options.max_message)
    return Sources(
        config=CsdsSource(
            channel, address, timeout=options.timeout, max_message=options.max_message, tls=options.tls.wanted
        ),
        channels=ChannelzSource(
            channel, address, timeout=options.timeout, tls=options.tls.wanted, max_message=options.max_message
        ),
        echo=EchoClient(channel, address),
        contact_s=options.timeout,
        workload=workload if any(named) else None,
        read_peer=read_peer,
    )
