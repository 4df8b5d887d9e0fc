"""The CSDS source attached to an address, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from meshtui.model.address import parse_address
from meshtui.model.errors import MeshtuiError
from meshtui.model.target import TlsOptions
from meshtui.sources.csds.source import CsdsSource
from meshtui.sources.grpc.channel import open_channel
from tests.waiting import PATIENCE_S

TIMEOUT = 60.0
"""For answers that come: far more than a busy machine needs."""

SHORT = 0.3
"""For answers that never come."""


@asynccontextmanager
async def attached(target: str, timeout: float = TIMEOUT, tls: TlsOptions | None = None) -> AsyncIterator[CsdsSource]:
    """A source for the length of the block."""
    address = parse_address(target)
    async with open_channel(address, tls) as channel:
        source = CsdsSource(channel, address, timeout=timeout, tls=tls is not None)
        yield source
        await source.close()


async def until(poll: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
    """Poll until done; fails with the last answer when that never comes."""
    result: Any = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    result = await poll()
                except MeshtuiError as error:
                    result = error
                if done(result):
                    return result
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never came: {result!r}") from None
